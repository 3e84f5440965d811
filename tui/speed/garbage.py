"""Garbage collection without noticeable pauses: permanent objects are frozen, and full collections wait for idle time.

A full collection blocks all keys. Gain of the override `garbage`: 37 % of the response time of the slowest tenth of
keys during training.
"""

from __future__ import annotations

import gc
import time

from mnist_tui.tui.speed.switch import enabled

LONG_SECONDS = 0.01
"""Duration of a collection in seconds after which its survivors are frozen, to make the next one short."""

FULL_EVERY = 10
"""Collections of the middle generation after which a full one is due; Python's default."""
FULL_LATEST = 100
"""Collections of the middle generation after which a full one is no longer deferred."""
IDLE_SECONDS = 0.25
"""Idle time in seconds before a full collection that is due."""


def pause() -> None:
    """Disable collections during the start-up, which produces no garbage (override `garbage`)."""
    if enabled("garbage"):
        gc.disable()
    else:
        gc.enable()


def freeze() -> None:
    """Freeze all current objects, such as modules, views and styles, so that later collections skip them."""
    if enabled("garbage"):
        gc.freeze()


class FreezeSurvivors:
    """Callback of the collector that freezes the survivors of long collections.

    Libraries are imported when a view first needs them; torch alone creates 100,000 objects. Frozen objects that
    become cyclic garbage are leaked, but a collection is long only if many new objects were created since the previous
    one, so the leaks remain small in comparison.
    """

    def __init__(self) -> None:
        self._started_at = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._started_at = time.thread_time()
        elif info["generation"] == 2 and time.thread_time() - self._started_at > LONG_SECONDS:
            freeze()


def collect_from_now() -> None:
    """Freeze the current objects and enable collections, with full ones left to `Sweeper` as far as possible
    (override `garbage`)."""
    if not enabled("garbage"):
        return
    freeze()
    if not any(isinstance(callback, FreezeSurvivors) for callback in gc.callbacks):
        gc.callbacks.append(FreezeSurvivors())
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, FULL_LATEST)
    gc.enable()


class Sweeper:
    """Runs full collections while no keys are pressed."""

    def __init__(self) -> None:
        self._touched = 0.0

    def touch(self) -> None:
        """Record a key press."""
        self._touched = time.monotonic()

    def sweep(self) -> None:
        """Run a full collection if it is due and no key was pressed recently; call a few times per second."""
        if gc.isenabled() and gc.get_count()[2] >= FULL_EVERY and time.monotonic() - self._touched >= IDLE_SECONDS:
            gc.collect()

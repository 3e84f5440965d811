"""When Python looks for garbage: not in what is there to stay, and not while keys are pressed.

A look through everything that is there holds every key. Gain of the override `garbage`: 21 % of the time that the
slowest tenth of keys takes while it trains.
"""

from __future__ import annotations

import gc
import time

from mnist_tui.tui.speed.switch import enabled

LONG = 0.01
"""Seconds of a collection after which what survived it is kept: the next one shall be short."""

EVERY = 10
"""Collections of the middle generation after which a full one is due: Python's own measure."""
LATEST = 100
"""… after which it takes place all the same."""
QUIET = 0.25
"""Seconds without a key until a full collection that is due takes place."""


def pause() -> None:
    """Collect nothing while the console starts up: none of it is garbage (override `garbage`)."""
    if enabled("garbage"):
        gc.disable()
    else:
        gc.enable()


def keep() -> None:
    """Let no later collection look at what is there now, such as modules, views and their styles."""
    if enabled("garbage"):
        gc.freeze()


class KeepSurvivors:
    """A callback of the collector: what survives a long collection is kept.

    Libraries come in whenever a view first needs them, torch alone with a hundred thousand objects. What is kept and
    becomes part of a cycle that nobody needs is lost, but a collection is long only where that many objects are new
    since the last time: what is lost stays small beside what came.
    """

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
        elif info["generation"] == 2 and time.thread_time() - self._began > LONG:
            keep()


def collect_from_now() -> None:
    """Collect garbage, but for what is there now; all of it only by `Sweeper` or where that has no turn for long
    (override `garbage`)."""
    if not enabled("garbage"):
        return
    keep()
    if not any(isinstance(callback, KeepSurvivors) for callback in gc.callbacks):
        gc.callbacks.append(KeepSurvivors())
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, LATEST)
    gc.enable()


class Sweeper:
    """Looks through everything where that is due and nobody presses a key."""

    def __init__(self) -> None:
        self._touched = 0.0

    def touch(self) -> None:
        """A key was pressed."""
        self._touched = time.monotonic()

    def sweep(self) -> None:
        """Collect garbage where it is due; to be called a few times a second."""
        if gc.isenabled() and gc.get_count()[2] >= EVERY and time.monotonic() - self._touched >= QUIET:
            gc.collect()

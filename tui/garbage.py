"""When Python looks for garbage: not in what is there to stay, as a look through all of it holds every key."""

from __future__ import annotations

import gc
import time

LONG = 0.01
"""Seconds of a collection after which what survived it is kept: the next one shall be short."""


def keep() -> None:
    """Let no later collection look at what is there now, such as modules, views and their styles."""
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
    """Collect garbage, but for what is there now."""
    keep()
    if not any(isinstance(callback, KeepSurvivors) for callback in gc.callbacks):
        gc.callbacks.append(KeepSurvivors())
    gc.enable()

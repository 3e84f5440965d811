"""Clocks that go back, jump or stand still while it trains."""

from __future__ import annotations

import time
from collections.abc import Callable

from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from tests.attack.cases import attack, expect
from tests.attack.place import TRAIN, Place
from tests.attack.stored import EPOCH

REAL = time.time


def jumping(change: Callable[[int], float]) -> Callable[[], None]:
    """Let the clock say what `change` makes of the number of times it was read."""
    count = 0

    def read() -> float:
        nonlocal count
        count += 1
        return change(count)

    return lambda: setattr(time, "time", read)


CLOCKS: dict[str, Callable[[int], float]] = {
    "goes back an hour at every second look": lambda count: REAL() - 3600 * (count % 2),
    "goes back by a year with every look": lambda count: REAL() - 31_536_000 * count,
    "is in 1970": float,
    "is before 1970": lambda count: -1e9 - count,
    "is in 2100": lambda count: 4.1e9 + count,
    "is in the year 60,000": lambda count: 1.83e12,
    "stands still": lambda count: 1.7e9,
}


def add(name: str, change: Callable[[int], float]) -> None:
    @attack(f"a clock that {name}", "train, runs, attach, evaluate, resume", seconds=90, brief="year with" in name)
    def _(place: Place) -> str:
        place.command(*TRAIN, prepare=jumping(change))
        (run,) = place.runs_now
        history = History.of(run.events())
        expect(history.finished and history.finished.status == "completed", "not completed")
        assert history.finished
        spent = history.finished.seconds
        expect(0 <= spent < 60, f"it took {spent} s")
        expect(all(0 <= epoch.seconds < 60 for epoch in history.epochs), "an epoch's time is wrong")
        place.command("runs", prepare=jumping(change))
        place.command("attach", "latest", prepare=jumping(change))
        place.command("evaluate", "latest", "--epoch", str(EPOCH), prepare=jumping(change))
        place.command("train", "--resume", str(run.path), "--epochs", "4", prepare=jumping(change))
        expect(summarise(run).epochs == 4, "the resumed epochs are missing")
        return f"durations are true: {spent:.2f} s"


for name_, change_ in CLOCKS.items():
    add(name_, change_)

"""A long training in the console at a pseudo-terminal: what its memory and its redraws do along the way."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bench.console import DOWN, ENTER, ESCAPE, Figures, console
from bench.row import Row, Setting, at_most
from bench.terminal import Terminal
from mnist_tui.engine.runs.folder import EVENTS, stored_runs

EPOCHS = 2000
RIGHT = b"\x1b[C"
SETTLED = 100
"""Epochs after which nothing new is loaded, and memory should stay."""
SPAN = 200
"""Epochs at the start, after those, and at the end, whose redraws are compared."""
WORDS = ("smoothed 0.6", "smoothed 0.9")
"""Text in the charts' border after each press of `m`; a third one removes it."""
PAUSE = 0.3
"""Seconds between two keys."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Span:
    """What happened between two epochs."""

    keys: list[float] = field(default_factory=list)
    """Seconds from a key to its frame."""
    work: list[float] = field(default_factory=list)
    """Share of a core that the screen's thread took, second by second."""


class Log:
    """The events of the only run in a folder, as they come."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._file: IO[bytes] | None = None
        self._epochs = 0

    def epochs(self) -> int:
        """Return the number of epochs in its events."""
        if self._file is None:
            (run,) = stored_runs(self._runs)
            self._file = (run.path / EVENTS).open("rb")
        self._epochs += self._file.read().count(b'{"event": "epoch"')
        return self._epochs

    def close(self) -> None:
        """Close the files."""
        if self._file is not None:
            self._file.close()


def soak(epochs: int = EPOCHS) -> Figures:
    """Train `digits` for `epochs` in the console.

    Returns:
        Resident bytes every fifty epochs, by epoch; seconds from a key to its frame and the share of a core that the
        screen's thread took, in the two spans; and the whole run's seconds.
    """
    memory: dict[int, int] = {}
    first, early, late = Span(), Span(), Span()
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        _start(terminal, epochs)
        began, log = time.perf_counter(), Log(Path(folder))
        done, sampled = 0, -1
        while done < epochs:
            moment, work = time.perf_counter(), _screen_work(terminal.pid)
            span = early if done < SETTLED + SPAN else late if epochs - SPAN <= done < epochs - 20 else None
            span = first if done < SETTLED else span  # every key was pressed before memory and time are read
            if span is None:
                time.sleep(0.2)
            else:
                for words in WORDS:
                    span.keys.append(_press(terminal, words))
                terminal.press(b"m")
                time.sleep(PAUSE)
                span.work.append((_screen_work(terminal.pid) - work) / (time.perf_counter() - moment))
            done = log.epochs()
            if done // 50 != sampled:
                sampled = done // 50
                memory[done] = _resident(terminal.pid)
        log.close()
        took = time.perf_counter() - began
    return {"resident_bytes": memory, "early": vars(early), "late": vars(late), "seconds": took}


def rows(setting: Setting) -> list[Row]:
    """The goals of a long run."""
    figures = soak(500 if setting.quick else EPOCHS)
    growth, redraw, work = judged(figures)
    longer = "data that grows with the epochs is drawn or scanned again"
    return [
        at_most(
            "memory that 2,000 epochs in the console add after the first 100",
            30,
            " MB",
            [growth],
            figures,
            "see resident_bytes in the JSON",
        ),
        at_most("key press to repaint in the last epochs, against the first", 1.5, "×", [redraw], figures, longer),
        at_most("CPU time of the screen in the last epochs, against the first", 1.5, "×", [work], figures, longer),
    ]


def judged(figures: Figures) -> tuple[float, float, float]:
    """Growth of the memory after the first hundred epochs in MB; the medians at the end against those at the start."""
    memory, early, late = figures["resident_bytes"], figures["early"], figures["late"]
    assert isinstance(memory, dict)
    assert isinstance(early, dict)
    assert isinstance(late, dict)
    settled = next(value for epoch, value in memory.items() if epoch >= SETTLED)
    growth = max(value for epoch, value in memory.items() if epoch >= SETTLED) - settled
    ratios = [statistics.median(late[name]) / statistics.median(early[name]) for name in ("keys", "work")]
    return growth / 1e6, ratios[0], ratios[1]


def _start(terminal: Terminal, epochs: int) -> None:
    """Set `digits` and the epochs in the form, and start."""
    terminal.shown("cpu: ", seconds=60)  # torch is imported
    digits = [digit.encode() for digit in str(epochs)]
    keys = [DOWN, DOWN, *[RIGHT] * 5, DOWN, DOWN, ENTER, *digits, ENTER, ESCAPE]
    for key in keys:
        terminal.press(key)
        time.sleep(PAUSE)
    place = terminal.press(ENTER)
    terminal.shown(f" of {epochs}", place, seconds=60)


def _press(terminal: Terminal, words: str) -> float:
    time.sleep(PAUSE)
    began = time.perf_counter()
    return terminal.shown(words, terminal.press(b"m")) - began


def _resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _screen_work(pid: int) -> float:
    """Seconds of a core that the process's first thread took so far, which is the screen's."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    """Soak, and print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    figures = soak(parser.parse_args().epochs)
    print(json.dumps({"MB, ratio of key, ratio of work": judged(figures), **figures}, indent=1))


if __name__ == "__main__":
    main()

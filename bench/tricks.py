"""What each override in `tui/speed` gains: its subject with it and without it, measured in turn.

`python -m bench.tricks` measures all, `python -m bench.tricks repaint dialog` these two. An override that gains less
than 5 % of its subject on a quiet machine is not worth its code. On a busy machine `--cpu` is more accurate: it
counts what the screen's thread takes for a key instead of the time until the answer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.console import ESCAPE, TAB_OF, console, first_frame_of, leave_field, start, written
from bench.terminal import Terminal, script
from mnist_tui.tui.speed.switch import OVERRIDES, VARIABLE

COUNTS_WORK = False
"""Whether a key is measured by the work of the screen's thread."""
PAUSE = 0.35
"""Seconds between two keys."""
LEAST = 5.0
"""Per cent that an override should gain."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: a median of what `measure` gives, the less the better."""

    what: str
    unit: str
    measure: Callable[[], list[float]]


def first_frame() -> list[float]:
    """Milliseconds from the start of the process to the first whole frame."""
    with tempfile.TemporaryDirectory() as folder, Terminal([script(), "--runs-dir", folder]) as terminal:
        return [(first_frame_of(terminal) - terminal.started) * 1000]


def first_visits() -> list[float]:
    """Milliseconds from a key to the frame of a view that was not opened before."""
    with idle() as terminal:
        return [answer(terminal, digit, TAB_OF[digit]) for digit in "2456789"]


def later_visits() -> list[float]:
    """Milliseconds from a key to the frame of a view that was opened before."""
    with idle() as terminal:
        digits = "24578"
        for digit in digits:
            answer(terminal, digit, TAB_OF[digit])
        return [answer(terminal, digit, TAB_OF[digit]) for digit in digits * 4]


def dialogs() -> list[float]:
    """Milliseconds from `?` to the help."""
    with idle() as terminal:
        taken = []
        for _ in range(12):
            taken.append(answer(terminal, "?", "esc close"))
            terminal.press(ESCAPE)
            time.sleep(PAUSE)
        return taken


def bytes_written() -> list[float]:
    """Kilobytes a second that the Training view writes while it trains."""
    rate = written(8.0)["bytes_per_second"]
    assert isinstance(rate, float)
    return [rate / 1000]


def slow_keys() -> list[float]:
    """Milliseconds of the slowest tenth of keys while the notebook's recipe trains."""
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        start(terminal, 1000)
        time.sleep(2.0)
        taken = [answer(terminal, digit, TAB_OF[digit]) for digit in "4235" * 12]
        return sorted(taken[4:])[-len(taken) // 10 :]


def keys_while_computing() -> list[float]:
    """Milliseconds from a key to its frame while the notebook's recipe trains and the Imagine view searches."""
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        start(terminal, 1000)
        terminal.shown("epoch 3 of 1000", seconds=120)
        terminal.shown(TAB_OF["7"], terminal.press(b"7"))
        time.sleep(2.0)
        terminal.press(b"a")
        time.sleep(1.0)
        return [answer(terminal, digit, TAB_OF[digit]) for digit in "4232" * 4]


def first_projection() -> list[float]:
    """Milliseconds until the Projection view answers for the first time, after a training."""
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        time.sleep(8.0)  # enough for the imports
        start(terminal, 1)
        terminal.shown("completed in", seconds=120)
        time.sleep(1.0)
        return [answer(terminal, "6", "5-NN")]


def chart() -> list[float]:
    """Milliseconds of a core that a chart takes with a training's three lines, at 100×20."""
    from textual.color import Color

    from mnist_tui.tui.speed.chart import Curve, Frame, Tracer
    from mnist_tui.tui.widgets.chart import draw

    chance, xs = np.random.default_rng(0), np.linspace(0.0, 10.0, 240)
    falling = np.exp(-xs / 3)
    fine = (falling + 0.15 * chance.normal(size=240)).clip(-1, 2)
    curves = [
        Curve(np.stack([xs[::step], ys[::step]], axis=1), Color.parse(colour))
        for ys, step, colour in ((fine, 1, "red"), (falling, 24, "green"), (falling * 0.9, 24, "blue"))
    ]
    draw_chart = draw if "chart" in os.environ.get(VARIABLE, "") else Tracer(draw).draw
    taken = []
    for _ in range(12):
        frame = Frame(
            columns=100,
            rows=20,
            x_range=(0.0, 10.0),
            y_range=(0.0, 1.0),
            x_ticks=(0.0, 5.0, 10.0),
            x_labels=("0", "5", "10"),
            y_ticks=(0.0, 0.5, 1.0),
            y_labels=("0.0", "0.5", "1.0"),
            paper=Color.parse("black"),
            ink=Color.parse("grey"),
        )
        began = time.thread_time()
        draw_chart(frame, curves)
        taken.append((time.thread_time() - began) * 1000)
    return taken[2:]


@contextmanager
def idle() -> Iterator[Terminal]:
    """A console that has done all that it does after its first frame, out of the form's field."""
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        terminal.shown("cpu: ", seconds=60)
        time.sleep(6.0)
        leave_field(terminal)
        yield terminal


def answer(terminal: Terminal, key: str, words: str) -> float:
    """Milliseconds from a key to the frame that shows the words, or of a core that its thread takes for the key."""
    time.sleep(PAUSE)
    began, worked = time.perf_counter(), work(terminal.pid)
    took = terminal.shown(words, terminal.press(key.encode())) - began
    if not COUNTS_WORK:
        return took * 1000
    time.sleep(PAUSE)  # for what it draws once more
    return (work(terminal.pid) - worked) * 1000


def work(pid: int) -> float:
    """Seconds of a core that the process's first thread took so far, which is the screen's."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


FIRST_FRAME = Subject("first frame", "ms", first_frame)
FIRST_VISIT = Subject("first visit of a view", "ms", first_visits)
LATER_VISIT = Subject("later visit of a view", "ms", later_visits)
DIALOG = Subject("help opens", "ms", dialogs)
SUBJECTS = {
    "repaint": Subject("written while training", "kB/s", bytes_written),
    "prepare": FIRST_VISIT,
    "styles": LATER_VISIT,
    "resume": LATER_VISIT,
    "start": FIRST_FRAME,
    "delay": LATER_VISIT,
    "dialog": DIALOG,
    "dimmed": DIALOG,
    "garbage": Subject("slowest tenth of keys while training", "ms", slow_keys),
    "priority": Subject("keys while a view computes and a training runs", "ms", keys_while_computing),
    "turns": Subject("slowest tenth of keys while training", "ms", slow_keys),
    "libraries": Subject("first projection", "ms", first_projection),
    "chart": Subject("a chart is drawn", "ms", chart),
}
assert SUBJECTS.keys() == OVERRIDES.keys()


def compare(name: str, rounds: int) -> tuple[list[float], list[float]]:
    """The subject's medians with the override and without it, a pair for each round."""
    pairs: tuple[list[float], list[float]] = [], []
    before = os.environ.pop(VARIABLE, None)
    try:
        for turn in range(2 * rounds):
            off = (turn + 1) // 2 % 2  # on off off on on off …, so that a drift of the machine favours neither
            os.environ[VARIABLE] = name if off else ""
            pairs[off].append(statistics.median(SUBJECTS[name].measure()))
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
    return pairs


def main() -> None:
    """Measure, and print a row of the table for each override."""
    parser = argparse.ArgumentParser(prog="bench.tricks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*OVERRIDES, []], help=f"of {', '.join(OVERRIDES)}; else all")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of measurements for each (5)")
    parser.add_argument("--json", type=Path, help="where every measurement goes")
    parser.add_argument("--cpu", action="store_true", help="count the work of the screen's thread for a key")
    options = parser.parse_args()
    global COUNTS_WORK  # noqa: PLW0603
    COUNTS_WORK = options.cpu
    print("| override | subject | with | without | gain |\n| --- | --- | --- | --- | --- |", flush=True)
    record: dict[str, dict[str, list[float]]] = {}
    for name in options.names or OVERRIDES:
        subject = SUBJECTS[name]
        on, off = compare(name, options.rounds)
        record[name] = {"with": on, "without": off}
        with_it, without = statistics.median(on), statistics.median(off)
        gain = (without - with_it) / without * 100
        verdict = "" if gain >= LEAST else f", less than {LEAST:g} %"
        print(
            f"| {name} | {subject.what} | {with_it:.3g} {subject.unit} | {without:.3g} {subject.unit} "
            f"| {gain:.0f} %{verdict} |",
            flush=True,
        )
        if options.json:
            options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

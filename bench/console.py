"""The console at a pseudo-terminal: what it costs the training, how soon it answers, what it writes, how it ends."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.terminal import Terminal, script
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.keys import VIEWS

Figures = dict[str, object]
FORM = "Batch size"
"""Shown in the first frame that can be used."""
LAST = "quit"
"""Shown in its last row, which is written last."""
STEPS = 844
"""Of an epoch of the notebook's recipe on MNIST."""
STARTING = 3.0
"""Seconds in which torch is imported and the views are made."""
PAUSES = (0.3, 0.7)
"""Seconds between two keys, so that a key does not always meet the same moment of the redrawing."""
UP, DOWN, RIGHT, LEFT, ENTER, ESCAPE = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\r", b"\x1b"
TAB_OF = {view.digit: f" {view.digit} {view.title} " for view in VIEWS}
"""How the bar above writes the view that is open: in one colour."""


@contextmanager
def console(runs: Path, *, columns: int = 160, rows: int = 45) -> Iterator[Terminal]:
    """A console with the form on the screen."""
    with Terminal([script(), "--runs-dir", str(runs)], columns=columns, rows=rows) as terminal:
        first_frame_of(terminal)
        yield terminal


def first_frame_of(terminal: Terminal) -> float:
    """When the first whole frame was there, by `time.perf_counter`."""
    moment = terminal.shown(LAST, whole=False)
    assert terminal.screen.shows(FORM)
    return moment


def start(terminal: Terminal, epochs: int) -> None:
    """Start the notebook's recipe from the form and wait until it trains."""
    terminal.shown("cpu: ", seconds=30)  # torch is imported
    fields = ("recipe", "dataset", "data_dir", "epochs")  # below the button that starts
    for key in [DOWN] * len(fields) + [ENTER] + [digit.encode() for digit in str(epochs)] + [ENTER, ESCAPE]:
        terminal.press(key)  # the field's text is selected when its editing begins
        time.sleep(0.3)
    terminal.shown(f"{STEPS * epochs:,} in total", seconds=20)  # the form has read the number
    place = terminal.press(ENTER)
    terminal.shown(f"epoch 1 of {epochs}", place, seconds=20)


def finished_run(runs: Path) -> History:
    """The one run of the folder."""
    (run,) = stored_runs(runs)
    return History.of(run.events())


def cost(pairs: int = 3, epochs: int = 10) -> Figures:
    """Seconds of the same training in the console and by `mnist-tui train` at the same terminal, in turn A B A B …"""
    seconds: dict[str, list[float]] = {"console": [], "train": []}
    for _ in range(pairs):
        for name, times in seconds.items():
            with tempfile.TemporaryDirectory() as folder:
                runs = Path(folder)
                if name == "console":
                    with console(runs) as terminal:
                        start(terminal, epochs)
                        terminal.shown("completed in", seconds=600)
                else:
                    command = [script(), "train", "--epochs", str(epochs), "--runs-dir", folder, "--dataset", "mnist"]
                    with Terminal(command) as terminal:
                        terminal.end()
                history = finished_run(runs)
                assert history.finished is not None
                assert len(history.epochs) == epochs
                times.append(history.finished.seconds)
    ratios = [a / b for a, b in zip(seconds["console"], seconds["train"], strict=True)]
    return {"console_s": seconds["console"], "train_s": seconds["train"], "ratio": ratios}


def scrubbing(pairs: int = 3, epochs: int = 10) -> Figures:
    """Seconds of the same training with and without steps through its epochs in Confusion, in
    turn; a step every 0.3 s, from the third epoch on."""
    seconds: dict[str, list[float]] = {"scrubbed": [], "left alone": []}
    for _ in range(pairs):
        for name, times in seconds.items():
            with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
                start(terminal, epochs)
                terminal.shown(f"epoch 3 of {epochs}", seconds=600)
                if name == "scrubbed":
                    terminal.shown(TAB_OF["4"], terminal.press(b"4"))
                for step in itertools.count():
                    history = finished_run(Path(folder))
                    if history.finished is not None:
                        break
                    if name == "scrubbed":
                        terminal.press(b"[[]]"[step % 4 : step % 4 + 1])
                    time.sleep(0.3)
                times.append(history.finished.seconds)
    ratios = [a / b for a, b in zip(seconds["scrubbed"], seconds["left alone"], strict=True)]
    return {"scrubbed_s": seconds["scrubbed"], "left_alone_s": seconds["left alone"], "ratio": ratios}


def keys(presses: int = 80) -> Figures:
    """Seconds from a key press to the last byte of its frame, while the notebook's recipe trains.

    `first` has each view's first visit, `views` the later ones, `training` the Training view's own keys and the help.
    """
    chance = random.Random(0)
    taken: dict[str, list[float]] = {"first": [], "views": [], "training": []}
    order: dict[str, float] = {}

    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        start(terminal, 1000)

        def measure(kind: str, key: str, words: str) -> None:
            time.sleep(chance.uniform(*PAUSES))
            began = time.perf_counter()
            place = terminal.press(key.encode())
            took = terminal.shown(words, place) - began
            taken[kind].append(took)
            order[f"{kind} {key}"] = max(took, order.get(f"{kind} {key}", 0.0))

        time.sleep(2.0)
        for digit in "456789213":
            measure("first", digit, TAB_OF[digit])
            if digit == "1":
                leave_field(terminal)
        for _ in range(presses // 8):
            for _ in range(3):
                digit = chance.choice([digit for digit in TAB_OF if digit not in "13"])
                measure("views", digit, TAB_OF[digit])
                measure("views", "3", TAB_OF["3"])
            measure("training", "z", "last 10 epochs")
            measure("training", "z", "last 3 epochs")
            terminal.press(b"z")
            time.sleep(0.3)
            measure("training", "?", "esc close")
            terminal.press(ESCAPE)
            time.sleep(0.3)
    later = sorted(taken["views"] + taken["training"])
    return {
        "median_s": statistics.median(later),
        "p99_s": later[min(len(later) - 1, int(len(later) * 0.99))],
        "slowest_s": later[-1],
        "first_visits_s": taken["first"],
        "each_kind": {kind: [statistics.median(times), max(times)] for kind, times in taken.items() if times},
        "slowest_of_each": order,
    }


def first_frame(times: int = 9) -> Figures:
    """Seconds from the start of the process to the first whole frame, and how soon keys are answered meanwhile.

    `first_key_s` is when a key that was typed together with the command is answered, in starts of their own;
    `keys_s` what each key in the `STARTING` seconds after that took, a list for each start.
    """
    seconds: list[float] = []
    first_key: list[float] = []
    keys: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(times + 1):
            with Terminal([script(), "--runs-dir", folder]) as terminal:
                seconds.append(first_frame_of(terminal) - terminal.started)
            with Terminal([script(), "--runs-dir", folder]) as terminal:
                first_key.append(terminal.shown(RECIPES["fast"].title, terminal.press(RIGHT)) - terminal.started)
                keys.append([])
                for key, recipe in itertools.cycle(((LEFT, "notebook"), (RIGHT, "fast"))):
                    began = time.perf_counter()
                    if began > terminal.started + STARTING:
                        break
                    keys[-1].append(terminal.shown(RECIPES[recipe].title, terminal.press(key)) - began)
                    time.sleep(0.05)
    # The first one of each reads the files into the memory.
    return {"seconds": seconds[1:], "first_key_s": first_key[1:], "keys_s": keys[1:]}


def written(seconds: float = 30.0) -> Figures:
    """Bytes a second that the Training view writes while the notebook's recipe trains, at 160×45."""
    with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
        start(terminal, 1000)
        time.sleep(2.0)
        before = terminal.written
        time.sleep(seconds)
        return {"bytes_per_second": (terminal.written - before) / seconds}


def leave_field(terminal: Terminal) -> None:
    """Out of the form's field, where a key is a letter."""
    terminal.press(ESCAPE)
    time.sleep(0.3)  # else escape and the next key are taken for one


def quitting() -> Figures:
    """Seconds from `q`, or the answer to its question, until the process has ended, in each phase."""
    taken: dict[str, float] = {}

    def leave(terminal: Terminal, phase: str, keys: bytes = b"q") -> None:
        began = time.perf_counter()
        terminal.press(keys)
        taken[phase] = terminal.end(30) - began

    def stop(terminal: Terminal, phase: str) -> None:
        place = terminal.press(b"q")
        terminal.shown("stop the training", place)
        terminal.press(UP)
        time.sleep(0.2)
        leave(terminal, phase, ENTER)

    def the_first_frame(terminal: Terminal) -> None:
        leave_field(terminal)
        leave(terminal, "the first frame")

    def idle(terminal: Terminal) -> None:
        time.sleep(4.0)
        leave_field(terminal)
        leave(terminal, "idle")

    def reading(terminal: Terminal) -> None:
        terminal.press(ENTER)
        time.sleep(0.3)
        stop(terminal, "reading")

    def training(terminal: Terminal) -> None:
        start(terminal, 1000)
        time.sleep(3.0)
        stop(terminal, "training")

    def paused(terminal: Terminal) -> None:
        start(terminal, 1000)
        time.sleep(3.0)
        terminal.shown("paused", terminal.press(b" "))
        stop(terminal, "paused")

    def finished(terminal: Terminal) -> None:
        start(terminal, 1)
        terminal.shown("completed in")
        leave(terminal, "finished")

    def busy(terminal: Terminal, phase: str, keys: bytes, words: str) -> None:
        """A finished run whose views are at work."""
        start(terminal, 1)
        terminal.shown("completed in")
        for key in keys:
            terminal.press(bytes([key]))
            time.sleep(1.0)
        terminal.shown(words)
        leave(terminal, phase)

    def exporting(terminal: Terminal) -> None:
        busy(terminal, "exporting", b"E", "exporting")

    def searching(terminal: Terminal) -> None:
        busy(terminal, "searching noise", b"7a", "searching")

    def neighbours(terminal: Terminal) -> None:
        busy(terminal, "making a t-SNE", b"6tr", "t-SNE of the hidden")

    def attached(terminal: Terminal) -> None:
        command = [script(), "train", "--epochs", "1000", "--runs-dir", folder, "--dataset", "mnist"]
        with Terminal(command) as other:
            other.shown("epoch", whole=False)  # its output has no frames
            leave_field(terminal)
            terminal.shown(TAB_OF["9"], terminal.press(b"9"))
            time.sleep(1.0)
            terminal.shown(TAB_OF["3"], terminal.press(ENTER))
            time.sleep(2.0)
            leave(terminal, "attached")

    quiet = (the_first_frame, idle, reading, training, paused, finished)
    for work in (*quiet, exporting, searching, neighbours, attached):
        with tempfile.TemporaryDirectory() as folder, console(Path(folder)) as terminal:
            work(terminal)
    return {"seconds": taken}


ROWS: dict[str, Callable[[], Figures]] = {
    "cost": cost,
    "scrubbing": scrubbing,
    "keys": keys,
    "first-frame": first_frame,
    "bytes": written,
    "quit": quitting,
}


def main() -> None:
    """Measure the named rows, or all, and print their figures as JSON."""
    parser = argparse.ArgumentParser(prog="bench.console", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help=f"of {', '.join(ROWS)}; all where none is named")
    for name in parser.parse_args().rows or ROWS:
        print(json.dumps({name: ROWS[name]()}, indent=1), flush=True)


if __name__ == "__main__":
    main()

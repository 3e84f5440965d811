"""The commands without a screen."""

from __future__ import annotations

import contextlib
import errno
import inspect
import json as json_module
import math
import signal
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mnist_tui.engine.analysis.intervals import wilson_interval
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.folder import is_explicit
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Event, Notice, Phase, Progress, RunFinished, RunStarted, Test, to_json
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import follow
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import RunSummary, summarise_all
from mnist_tui.engine.runs.tensorboard import recorded
from mnist_tui.engine.session import resume as run_on
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.render.run_rows import COLUMNS, cell_words
from mnist_tui.tui.render.words import percent, phase_words, seconds, test_words
from mnist_tui.tui.terminal.hangup import silence
from mnist_tui.tui.terminal.logs import thread_failures
from mnist_tui.tui.terminal.signals import saving_on_signals

HEADINGS = "epoch   train loss  train acc   valid loss  valid acc     time"
FAILED = 1


def train(
    config: RunConfig,
    runs_dir: Path,
    *,
    data_dir: str | None = None,
    name: str = "",
    json: bool = False,
    tensorboard: bool = False,
) -> int:
    """Train and say how it goes.

    Args:
        tensorboard: whether the curves are written for TensorBoard too.

    Returns:
        The exit code: 0 when completed or stopped by hand, 1 when the training failed or not all of it could be
        stored, 128 + N after signal N.
    """
    control = Control()
    events = start(config, runs_dir, data_dir=data_dir, name=name, control=control)
    return say_all(recorded(events, runs_dir) if tensorboard else events, control, json=json)


def resume(
    folder: RunFolder, *, data_dir: str | None = None, json: bool = False, tensorboard: bool = False, **changes: Any
) -> int:
    """Go on with a run and say how it goes, with the options and exit codes of `train`.

    Args:
        changes: as for `engine.session.resume`.
    """
    control = Control()
    events = run_on(folder, data_dir=data_dir, control=control, **changes)
    return say_all(recorded(events, folder.path.parent) if tensorboard else events, control, json=json)


def follow_run(folder: RunFolder) -> int:
    """Say what another process's training says until it ends; an interrupt ends the following alone."""
    history = History()
    try:
        _lines(_folded(follow(folder), history), history)
    except KeyboardInterrupt:
        print(f"\n{folder.name} trains on", file=sys.stderr)
        return 130
    if history.finished is None:
        print("the process that trained it is gone: go on with mnist-tui train --resume", folder.name, file=sys.stderr)
        return FAILED
    return 0


def say_all(events: Generator[Event, None, None], control: Control, *, json: bool) -> int:
    """Say a training's events to the end; returns the exit code."""
    history = History()
    say = _json_lines if json else (_bar if sys.stderr.isatty() and sys.stdout.isatty() else _lines)
    with saving_on_signals(control) as caught, thread_failures(), contextlib.closing(events):
        try:
            say(_folded(events, history), history)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO) or inspect.getgeneratorstate(events) == inspect.GEN_CLOSED:
                raise  # it is the training's own
            silence(sys.stdout.fileno())
            if error.errno == errno.EPIPE and signal.SIGHUP not in caught:
                # Whoever read our output went away, as `head` does; the run has stored how far it came.
                return 128 + signal.SIGPIPE
            for _ in _folded(events, history):  # the terminal is gone: the training goes on without it
                pass
    ended = [number for number in caught if number != signal.SIGHUP]
    if ended:
        return 128 + ended[0]
    finished = history.finished
    return FAILED if finished and (finished.status == "failed" or not finished.stored) else 0


def _folded(events: Iterator[Event], history: History) -> Iterator[Event]:
    for event in events:
        history.add(event)
        yield event


def _json_lines(events: Iterator[Event], history: History) -> None:
    for event in events:
        sys.stdout.write(to_json(event) + "\n")
        sys.stdout.flush()
        if isinstance(event, RunStarted) and event.note:
            print(event.note, file=sys.stderr)


def _lines(events: Iterator[Event], history: History) -> None:
    said = ""
    for event in events:
        if isinstance(event, Phase):
            # Downloads report ten times a second; in a log file one line a file is enough.
            words = f"downloading {event.detail}" if event.name == "download" else phase_words(event)
            if words != said and event.name in ("download", "verify", "paused"):
                print(words, flush=True)
            said = words
        else:
            for line in _words(event, history):
                print(line, flush=True)


def _bar(events: Iterator[Event], history: History) -> None:
    """A progress bar on stderr below the lines of the epochs."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    words = (TextColumn(words) for words in ("{task.percentage:3.0f} %", "{task.fields[note]}"))
    columns = (TextColumn("{task.description}"), BarColumn(), *words)
    began, first = time.perf_counter(), 0.0
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, note="")
        for event in events:
            if isinstance(event, RunStarted):
                began, first = time.perf_counter(), float(event.epoch - 1)
            if isinstance(event, Phase):
                bar.update(task, description=phase_words(event), completed=event.done, total=event.total or None)
            elif isinstance(event, Progress) and history.started is not None:
                epochs = history.started.config["epochs"]
                done = event.epoch - 1 + event.batch / event.batches
                elapsed = time.perf_counter() - began
                left = elapsed / max(done - first, 1e-9) * (epochs - done)
                note = f"loss {event.loss:.3f}  {event.examples_per_second:,.0f} images/s"
                if elapsed > 1:
                    note += f"  {seconds(left)} left"
                bar.update(task, description=f"epoch {event.epoch}/{epochs}", completed=done, total=epochs, note=note)
            for line in _words(event, history):
                # Results belong on stdout, and above the bar that is drawn on stderr.
                bar.console.print(Text(line), soft_wrap=True)


def _words(event: Event, history: History) -> list[str]:
    """An event in plain lines; progress and phases have none."""
    match event:
        case RunStarted():
            lines = [f"note: {event.note}"] if event.note else []
            if event.epoch > 1 or event.batch:
                lines.append(f"goes on with epoch {event.epoch} of {event.config['epochs']}")
            hidden = "-".join(map(str, (784, *event.config["hidden"], 10)))
            return [
                *lines,
                f"{event.run}: {event.dataset}, {event.train_examples:,} train, {event.valid_examples:,} validation, "
                f"{event.test_examples:,} test; {hidden}, {event.parameters:,} parameters; on {event.device}",
                HEADINGS,
            ]
        case Epoch():
            mark = (" *" if event.best else "") + ("" if event.complete else " (cut short)")
            return [
                f"{event.epoch:>5}   {event.train_loss:>10.4f}  {percent(event.train_acc):>9}   "
                f"{event.valid_loss:>10.4f}  {percent(event.valid_acc):>9}  {seconds(event.seconds):>7}{mark}"
            ]
        case Notice():
            return [f"note: {event.words}"]
        case Test():
            return [test_words(event, history.started.dataset if history.started else "?")]
        case RunFinished():
            reason = f": {event.reason}" if event.reason else ""
            return [f"{event.status} in {seconds(event.seconds)}{reason}"]
    return []


def list_runs(runs_dir: Path, *, json: bool) -> None:
    """Print the stored runs, the newest first."""
    stored = summarise_all(runs_dir)
    if json:
        for run in stored:
            print(json_module.dumps(_record(run)))
        return
    if not stored:
        print(f"there is no run in {runs_dir} yet: train one with mnist-tui train", file=sys.stderr)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in COLUMNS:
        table.add_column(column, no_wrap=True, overflow="fold")
    for run in stored:
        table.add_row(*(Text(cell_words(run, column)) for column in COLUMNS))
    # Whole rows in a pipe or a file, where nobody sees a width.
    Console(width=None if sys.stdout.isatty() else 400).print(table)


def _record(run: RunSummary) -> dict[str, object]:
    """A run as JSON values; what is not known is null."""
    values = asdict(run) | {"run": run.name, "folder": str(run.folder.path)}
    values["config"] = run.config.to_json() if run.config else None
    return _without_nan(values)


def _without_nan(values: dict[str, object]) -> dict[str, object]:
    """JSON has no NaN: what is not a number is null."""
    return {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in values.items()}


def evaluate(folder: RunFolder, epoch: str, split: str, *, data_dir: str | None, json: bool) -> None:
    """Measure a stored run and print the result.

    Raises `ConfigError` for an epoch or a split that can't be meant, `RunError` and `DataError` where the run or its
    data can't be read.
    """
    if split not in ("test", "valid", "train"):
        raise ConfigError({"split": f"--split {split!r} is not known: choose one of test, valid, train"})
    number = epoch_number(folder, epoch)
    from mnist_tui.engine.runs.stored_network import evaluate_stored

    result = evaluate_stored(folder, number, split, data_dir=data_dir, explicit_folder=is_explicit(data_dir))
    total, correct = len(result.labels), result.correct
    low, high = wilson_interval(correct, total)
    if json:
        record = {"run": folder.name, "epoch": number, "split": split, "loss": result.loss, "acc": correct / total}
        print(json_module.dumps(_without_nan(record | {"correct": correct, "total": total, "interval": [low, high]})))
        return
    print(
        f"{folder.name}, epoch {number}, {split}: accuracy {percent(correct / total)} ({correct:,} of {total:,}; "
        f"95 % interval {low * 100:.2f}–{high * 100:.2f} %), loss {result.loss:.4f}"
    )


def epoch_number(folder: RunFolder, epoch: str) -> int:
    """`best`, `last` or a number as an epoch of the run."""
    if epoch == "best":
        best = History.of(folder.events(progress=False)).best
        return best.epoch if best else 0
    if epoch == "last":
        return max(folder.epochs(), default=0)
    if epoch.isascii() and epoch.isdigit() and len(epoch) < 10:
        return int(epoch)
    raise ConfigError({"epoch": f"--epoch {epoch!r} is not known: choose best, last or a number"})

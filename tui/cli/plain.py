"""Commands that print to the terminal instead of opening the console."""

from __future__ import annotations

import contextlib
import errno
import inspect
import json as json_module
import math
import signal
import sys
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mnist_tui.engine.analysis.intervals import wilson_interval
from mnist_tui.engine.analysis.percentages import percent, percent_range
from mnist_tui.engine.analysis.seed_spread import SOURCE, seed_spread
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.folder import is_explicit
from mnist_tui.engine.errors import ConfigError, RunError, printable
from mnist_tui.engine.events import Epoch, Event, Notice, Phase, Progress, RunFinished, RunStarted, Test, to_json
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import follow
from mnist_tui.engine.runs.history import History, epoch_label
from mnist_tui.engine.runs.summaries import RunSummary, summarise_all
from mnist_tui.engine.runs.tensorboard import recorded
from mnist_tui.engine.session import resume as resume_events
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.cli.output import give_up, say
from mnist_tui.tui.render.run_rows import COLUMNS, cell_label
from mnist_tui.tui.render.texts import phase_label, result_label, seconds
from mnist_tui.tui.state.stopwatch import Stopwatch
from mnist_tui.tui.terminal.hangup import silence
from mnist_tui.tui.terminal.logs import thread_failures
from mnist_tui.tui.terminal.signals import raise_interrupts, stop_on_signals

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
    """Train and print the progress.

    Args:
        tensorboard: whether to write the curves for TensorBoard too.

    Returns:
        The exit code: 0 if the training completed or was stopped, 1 if it failed or could not be stored completely,
        128 + N after signal N.
    """
    control = Control()
    events = start(config, runs_dir, data_dir=data_dir, name=name, control=control)
    return print_events(recorded(events, lambda run: runs_dir / run) if tensorboard else events, control, json=json)


def resume(
    folder: RunFolder, *, data_dir: str | None = None, json: bool = False, tensorboard: bool = False, **changes: Any
) -> int:
    """Resume a run and print the progress, with the options and exit codes of `train`.

    Args:
        changes: passed to `engine.session.resume`.
    """
    control = Control()
    events = resume_events(folder, data_dir=data_dir, control=control, **changes)
    return print_events(recorded(events, lambda run: folder.path) if tensorboard else events, control, json=json)


def follow_run(folder: RunFolder) -> int:
    """Print the events of a training in another process until it ends; an interrupt does not affect the training."""
    history = History()
    raise_interrupts()
    try:
        _lines(_folded(follow(folder), history), history)
    except KeyboardInterrupt:
        say("", f"{folder.name} is still training", error=True)
        return 130
    if history.finished is None:
        say(f"the training process has died: resume with mnist-tui train --resume {folder.name}", error=True)
        return FAILED
    return 0


def print_events(events: Generator[Event, None, None], control: Control, *, json: bool) -> int:
    """Run a training to its end, print its events and return the exit code."""
    history = History()
    print_all = _json_lines if json else (_bar if sys.stderr.isatty() and sys.stdout.isatty() else _lines)
    lost_output = 0
    with stop_on_signals(control) as caught, thread_failures(), contextlib.closing(events):
        try:
            print_all(_folded(events, history), history)
        except OSError as error:
            if inspect.getgeneratorstate(events) == inspect.GEN_CLOSED:
                raise  # raised by the training, not by printing
            if error.errno == errno.EIO or signal.SIGHUP in caught:  # the terminal is lost
                silence(sys.stdout.fileno())
            else:
                lost_output = give_up(error)
                if error.errno == errno.EPIPE:  # the reader closed the pipe; the run is saved up to this point
                    return lost_output
            for _ in _folded(events, history):  # finish the training without output
                pass
    fatal = [number for number in caught if number != signal.SIGHUP]
    if fatal:
        return 128 + fatal[0]
    finished = history.finished
    return FAILED if finished and (finished.status == "failed" or not finished.stored) else lost_output


def _folded(events: Iterator[Event], history: History) -> Iterator[Event]:
    """Add each event to the history before yielding it."""
    for event in events:
        history.add(event)
        yield event


def _json_lines(events: Iterator[Event], history: History) -> None:
    for event in events:
        sys.stdout.write(to_json(event) + "\n")
        sys.stdout.flush()
        if isinstance(event, RunStarted) and event.notes:
            say(*event.notes, error=True)


def _lines(events: Iterator[Event], history: History) -> None:
    previous = ""
    for event in events:
        if isinstance(event, Phase):
            # Downloads report progress ten times per second; print one line per file.
            label = f"downloading {event.detail}" if event.name == "download" else phase_label(event)
            if label != previous and event.name in ("download", "verify", "paused"):
                say(label)
            previous = label
        else:
            for line in _event_lines(event, history):
                say(line)


def _bar(events: Iterator[Event], history: History) -> None:
    """Print one line per epoch, and a progress bar on stderr below them."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    texts = (TextColumn(text) for text in ("{task.percentage:3.0f} %", "{task.fields[note]}"))
    columns = (TextColumn("{task.description}"), BarColumn(), *texts)
    watch, first = Stopwatch(), 0.0
    watch.start()
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, note="")
        for event in events:
            if isinstance(event, RunStarted):
                watch.start()
                first = float(event.epoch - 1)
            if isinstance(event, Phase):
                watch.hold() if event.name == "paused" else watch.proceed()
                bar.update(task, description=phase_label(event), completed=event.done, total=event.total or None)
            elif isinstance(event, Progress) and history.started is not None:
                epochs = history.started.config["epochs"]
                done = event.epoch - 1 + event.batch / event.batches
                elapsed = watch.seconds
                left = elapsed / max(done - first, 1e-9) * (epochs - done)
                note = f"loss {event.loss:.3f}  {event.examples_per_second:,.0f} images/s"
                if elapsed > 1:
                    note += f"  {seconds(left)} left"
                bar.update(task, description=f"epoch {event.epoch}/{epochs}", completed=done, total=epochs, note=note)
            for line in _event_lines(event, history):
                # The bar's console prints lines above the bar; stdout is the same terminal.
                bar.console.print(Text(printable(line)), soft_wrap=True)


def _event_lines(event: Event, history: History) -> list[str]:
    """Format an event as lines of text; empty for progress and phases."""
    match event:
        case RunStarted():
            lines = [f"note: {note}" for note in event.notes]
            if event.epoch > 1 or event.batch:
                lines.append(f"resuming at epoch {event.epoch} of {event.config['epochs']}")
            hidden = "-".join(map(str, (784, *event.config["hidden"], 10)))
            return [
                *lines,
                f"{event.run}: {event.dataset}, {event.train_examples:,} train, {event.valid_examples:,} validation, "
                f"{event.test_examples:,} test; {hidden}, {event.parameters:,} parameters; on {event.device}",
                HEADINGS,
            ]
        case Epoch():
            mark = (" *" if event.best else "") + ("" if event.complete else " (partial)")
            return [
                f"{event.epoch:>5}   {event.train_loss:>10.4f}  {percent(event.train_acc):>9}   "
                f"{event.valid_loss:>10.4f}  {percent(event.valid_acc):>9}  {seconds(event.seconds):>7}{mark}"
            ]
        case Notice():
            return [f"note: {event.words}"]
        case Test():
            return [result_label(event, history.started.dataset if history.started else "?")]
        case RunFinished():
            reason = f": {event.reason}" if event.reason else ""
            spread = seed_spread(history)
            seeds = [f"these settings reach {spread.label} ({SOURCE})"] if spread else []
            return [f"{event.status} in {seconds(event.seconds)}{reason}", *seeds]
    return []


def list_runs(runs_dir: Path, *, json: bool) -> None:
    """Print the stored runs, newest first."""
    stored = summarise_all(runs_dir)
    if json:
        for run in stored:
            print(json_module.dumps(_record(run)))
        return
    if not stored:
        say(f"no runs in {runs_dir} yet: train one with mnist-tui train", error=True)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in COLUMNS:
        table.add_column(column, no_wrap=True, overflow="fold")
    for run in stored:
        table.add_row(*(Text(cell_label(run, column)) for column in COLUMNS))
    # In a pipe or file there is no terminal width, so rows are not wrapped.
    Console(width=None if sys.stdout.isatty() else 400).print(table)


def _record(run: RunSummary) -> dict[str, object]:
    """Convert a run to JSON values; unknown numbers are null."""
    values = asdict(run) | {"run": run.name, "folder": str(run.folder.path)}
    values["config"] = run.config.to_json() if run.config else None
    return _without_nan(values)


def _without_nan(values: dict[str, object]) -> dict[str, object]:
    """Replace NaN and infinities, which JSON lacks, by null."""
    return {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in values.items()}


def evaluate(folder: RunFolder, epoch: str, split: str, *, data_dir: str | None, json: bool) -> None:
    """Evaluate a stored run and print the result.

    Raises `ConfigError` for an invalid epoch or split, `RunError` and `DataError` if the run or its data cannot be
    read.
    """
    if split not in ("test", "valid", "train"):
        raise ConfigError({"split": f"--split must be test, valid or train, not {split!r}"})
    number = epoch_number(folder, epoch)
    from mnist_tui.engine.runs.stored_network import evaluate_stored

    result = evaluate_stored(folder, number, split, data_dir=data_dir, explicit_folder=is_explicit(data_dir))
    total, correct = len(result.labels), result.correct
    low, high = wilson_interval(correct, total)
    dataset = str(folder.manifest()[1].get("dataset"))
    complete = number != _history(folder).partial_epoch
    if json:
        record = {
            "run": folder.name,
            "dataset": dataset,
            "epoch": number,
            "partial": not complete,
            "split": split,
            "loss": result.loss,
            "acc": correct / total,
        }
        print(json_module.dumps(_without_nan(record | {"correct": correct, "total": total, "interval": [low, high]})))
        return
    label = epoch_label(number, complete=complete)
    say(
        f"{folder.name}, epoch {label}, {split} of {dataset}: accuracy {percent(correct / total)} "
        f"({correct:,} of {total:,}; 95 % interval {percent_range(low, high)} %), loss {result.loss:.4f}"
    )


def _history(folder: RunFolder) -> History:
    """Return the history of a run; an empty one if only its weights can be read."""
    with contextlib.suppress(RunError):
        return History.of(folder.events(progress=False))
    return History()


def epoch_number(folder: RunFolder, epoch: str) -> int:
    """Resolve `best`, `last` or a number to an epoch of the run."""
    if epoch == "best":
        best = History.of(folder.events(progress=False)).best
        return best.epoch if best else 0
    if epoch == "last":
        return max(folder.epochs(), default=0)
    if epoch.isascii() and epoch.isdigit() and len(epoch) < 10:
        return int(epoch)
    raise ConfigError({"epoch": f"--epoch must be best, last or a number, not {epoch!r}"})

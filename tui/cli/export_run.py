"""Export of figures without the console: a progress bar on stderr, the paths on stdout."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from mnist_tui.engine.analysis.subject import SPLITS, Analyst, Subject
from mnist_tui.engine.errors import ConfigError, RunError, printable
from mnist_tui.engine.figures import settings
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.tui.cli.output import say
from mnist_tui.tui.cli.plain import epoch_number
from mnist_tui.tui.terminal.signals import raise_interrupts


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Options of `mnist-tui export`."""

    given: dict[str, Any]
    """View settings as written on the command line."""
    compared: tuple[Path, ...]
    epoch: str
    split: str
    """Empty for the default of each view."""
    out: Path
    format: str
    size: str
    dpi: int
    numbers: bool


def export(folder: RunFolder, names: tuple[str, ...], options: ExportOptions, *, data_dir: str | None) -> None:
    """Export the views; print each path on stdout and the command that reproduces it on stderr.

    Raises `ConfigError` for invalid options, `RunError` and `DataError` if the run or its data cannot be read.
    """
    given = settings.parse(options.given)
    if options.split and options.split not in SPLITS:
        raise ConfigError({"split": f"--split must be one of {', '.join(SPLITS)}, not {options.split!r}"})
    from mnist_tui.engine.figures.context import Context
    from mnist_tui.engine.figures.export import Form, check, export, parse_size
    from mnist_tui.engine.figures.registry import KINDS, select_views

    views = select_views(names, set(options.given) | ({"compared"} if options.compared else set()))
    form = Form(options.out, cast(Any, options.format), parse_size(options.size), options.dpi, options.numbers)
    epoch = 0
    if any(KINDS[view].epoch for view in views):
        epoch = _stored_epoch(folder, options.epoch)
    check(form)
    given = replace(given, compared=options.compared)
    raise_interrupts()
    analyst = Analyst()
    analyst.data_dir = data_dir
    with _Bar(len(views)) as bar:
        context = Context(analyst, report=bar.report)
        for view in views:
            bar.begin(view)
            split = options.split or KINDS[view].split or "test"
            subject = Subject(folder.path.absolute(), epoch, split)
            written = export(context, ViewState(view, subject, given), form)
            for path in (written.figure, written.numbers):
                if path is not None:
                    bar.print(str(path.absolute()))
            bar.print(f"  made again by: {written.command}", error=True)


def _stored_epoch(folder: RunFolder, value: str) -> int:
    """Resolve the value of `--epoch`; raise `RunError` if the epoch has no stored weights."""
    epoch, stored = epoch_number(folder, value), folder.epochs()
    if not stored:
        problem = f"{folder.name} has no weights (no checkpoints): only the views curves and data can be exported"
        raise RunError(problem)
    if epoch not in stored:
        raise RunError(f"{folder.name} has no weights of epoch {epoch}; stored epochs: {stored[0]} to {stored[-1]}")
    return epoch


class _Bar:
    """A progress bar on stderr, disabled if that is not a terminal."""

    def __init__(self, views: int) -> None:
        self._console = Console(stderr=True)
        texts = (TextColumn(text) for text in ("{task.percentage:3.0f} %", "{task.fields[note]}"))
        columns = (TextColumn("{task.description}"), BarColumn(), *texts)
        # Rich would redirect stdout to stderr; the paths must reach stdout if that is a pipe.
        redirect, disable = sys.stdout.isatty(), not self._console.is_terminal
        self._bar = Progress(*columns, console=self._console, transient=True, redirect_stdout=redirect, disable=disable)
        self._task = self._bar.add_task("", total=views, note="")
        self._started = 0

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def begin(self, view: str) -> None:
        """Show that the next view is being exported."""
        self._bar.update(self._task, description=view, completed=self._started, note="")
        self._started += 1

    def report(self, activity: str, fraction: float) -> None:
        """Show the progress of a computation within the current view."""
        self._bar.update(self._task, completed=self._started - 1 + fraction, note=activity)

    def print(self, line: str, *, error: bool = False) -> None:
        """Print a line above the bar."""
        if self._bar.disable or not error:
            say(line, error=error)
        else:
            self._console.print(Text(printable(line)), soft_wrap=True)

"""Exporting figures without a screen: a bar while it works, then the paths."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from mnist_tui.engine.analysis.subject import SPLITS, Analyst, Subject
from mnist_tui.engine.errors import ConfigError, RunError
from mnist_tui.engine.figures import settings
from mnist_tui.engine.figures.settings import Standing
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.tui.cli.plain import epoch_number


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command was asked for."""

    given: dict[str, Any]
    """Settings of the views, as they were written."""
    compared: tuple[Path, ...]
    epoch: str
    split: str
    """Empty for each view's own."""
    out: Path
    format: str
    size: str
    dpi: int
    numbers: bool


def export(folder: RunFolder, names: tuple[str, ...], wishes: Wishes, *, data_dir: str | None) -> None:
    """Write the views and print each path on stdout; on stderr, how to make it again.

    Raises `ConfigError` for wishes that can't be, `RunError` and `DataError` where the run or its data can't be read.
    """
    standing = settings.parse(wishes.given)
    if wishes.split and wishes.split not in SPLITS:
        raise ConfigError({"split": f"--split {wishes.split!r} is not known: choose one of {', '.join(SPLITS)}"})
    from mnist_tui.engine.figures.context import Context
    from mnist_tui.engine.figures.export import Form, check, export, parse_size
    from mnist_tui.engine.figures.registry import KINDS, chosen

    views = chosen(names, set(wishes.given) | ({"compared"} if wishes.compared else set()))
    form = Form(wishes.out, cast(Any, wishes.format), parse_size(wishes.size), wishes.dpi, wishes.numbers)
    epoch = 0
    if any(KINDS[view].epoch for view in views):
        epoch = _stored_epoch(folder, wishes.epoch)
    check(form)
    standing = replace(standing, compared=wishes.compared)
    analyst = Analyst()
    analyst.data_dir = data_dir
    with _Bar(len(views)) as bar:
        context = Context(analyst, report=bar.report)
        for view in views:
            bar.begin(view)
            split = wishes.split or KINDS[view].split or "test"
            subject = Subject(folder.path.absolute(), epoch, split)
            written = export(context, Standing(view, subject, standing), form)
            for path in (written.figure, written.numbers):
                if path is not None:
                    bar.print(str(path.absolute()))
            bar.print(f"  made again by: {written.command}", error=True)


def _stored_epoch(folder: RunFolder, words: str) -> int:
    """The epoch that is meant; raises `RunError` where its weights are not stored."""
    epoch, stored = epoch_number(folder, words), folder.epochs()
    if not stored:
        problem = f"{folder.name} has no weights (no checkpoints): only the views curves and data can be exported"
        raise RunError(problem)
    if epoch not in stored:
        raise RunError(f"{folder.name} has no weights of epoch {epoch}: stored are {stored[0]} to {stored[-1]}")
    return epoch


class _Bar:
    """A bar on stderr where that is a terminal; nothing elsewhere."""

    def __init__(self, views: int) -> None:
        self._console = Console(stderr=True)
        words = (TextColumn(words) for words in ("{task.percentage:3.0f} %", "{task.fields[note]}"))
        columns = (TextColumn("{task.description}"), BarColumn(), *words)
        # Redirected, the paths would go the bar's way, which a pipe does not get.
        redirect, silent = sys.stdout.isatty(), not self._console.is_terminal
        self._bar = Progress(*columns, console=self._console, transient=True, redirect_stdout=redirect, disable=silent)
        self._task = self._bar.add_task("", total=views, note="")
        self._views, self._begun, self._view = views, 0, ""

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def begin(self, view: str) -> None:
        """The next view's turn."""
        self._view = view
        self._bar.update(self._task, description=view, completed=self._begun, note="")
        self._begun += 1

    def report(self, words: str, share: float) -> None:
        """Long work within a view."""
        self._bar.update(self._task, completed=self._begun - 1 + share, note=words)

    def print(self, line: str, *, error: bool = False) -> None:
        """A line above the bar."""
        if self._bar.disable or not error:
            print(line, file=sys.stderr if error else sys.stdout, flush=True)
        else:
            self._console.print(Text(line), soft_wrap=True)

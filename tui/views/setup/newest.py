"""The newest run, above the form: its result, and the next steps with their keys."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.tui.render.texts import date_label, printable

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.runs.summaries import RunSummary
    from mnist_tui.tui.contract import Console
    from mnist_tui.tui.state.newest_run import StoredRuns

SECONDS = 2.0
"""Interval at which the newest run is read again while it is in training."""
NARROW = 70
"""Columns below which the texts are shorter."""
WELCOME = (
    "mnist-tui trains a first neural network, live, and shows what it has learned.",
    "mnist-tui trains a first neural network, live.",
)
"""What the console is; the second text is for narrow terminals."""
STATES = {
    "running": ("●", "in training", "accent"),
    "completed": ("✓", "completed", "success"),
    "stopped": ("■", "stopped", "warning"),
    "failed": ("✕", "failed", "error"),
    "died": ("✕", "died", "error"),
    "unreadable": ("✕", "unreadable", "error"),
}
"""Mark, label and colour of a run's status."""


class Newest(Widget):
    """Shows the newest run, or the one in training."""

    _is_known = False

    def on_mount(self) -> None:
        self.set_interval(SECONDS, self._follow)

    @property
    def _seen_app(self) -> Console:
        return cast("Console", self.app)

    def look(self) -> None:
        """Look for the newest run again; the app looks for the first time, after the first frame."""
        if self._seen_app.newest.found is not None:
            self._seen_app.newest.look()

    def update(self) -> None:
        """Show the newest run; where another view was opened at the start, notify of a run in training."""
        self.refresh()
        newest, app = self._seen_app.newest.summary, self._seen_app
        if newest is None or self._is_known:
            return
        self._is_known = True
        is_shown = app.scrubber.folder is not None and app.scrubber.folder.absolute() == newest.folder.path.absolute()
        if newest.live and not (self.screen.is_current or is_shown or app.training.is_running):
            name = printable(newest.name, 40)
            self.notify(f"{name} is in training: press n to see it, then o to follow", markup=False)

    def _follow(self) -> None:
        newest = self._seen_app.newest.summary
        if self.screen.is_current and newest is not None and newest.live:
            self.look()

    def render(self) -> RenderResult:
        return newest_text(self._seen_app.newest.found, self._seen_app.colours, self.content_size.width)


def newest_text(stored: StoredRuns | None, colours: dict[str, str], width: int) -> Text:
    """Return the newest run, its result and the next steps in three lines; without runs, what the console is.

    Args:
        stored: None until the runs folder has been read.
    """
    text = Text(no_wrap=True, overflow="ellipsis")
    if stored is None:
        return text.append("reading the runs folder …", colours["secondary"])
    newest = stored.newest
    if newest is None:
        text.append(WELCOME[width < len(WELCOME[0])], colours["foreground"])
        unreadable = f"none of the {stored.count:,} stored runs can be read" if stored.count else "no runs yet"
        text.append(f"\n{unreadable}\n", colours["secondary"])
        steps = [("enter", "start the training"), *([("9", "runs")] if stored.count else []), ("?", "help")]
    else:
        text.append_text(_name_text(newest, colours, width)).append("\n")
        text.append_text(_result_text(newest, colours, width)).append("\n")
        steps = list(_steps(newest, stored.count, short=width < NARROW))
    return text.append_text(_steps_text(steps, colours, width))


def _name_text(newest: RunSummary, colours: dict[str, str], width: int) -> Text:
    """Return the name, the status and the time of a run; a long name is truncated."""
    mark, label, colour = STATES[newest.status]
    heading = "" if width < NARROW else "newest run  "
    name, date = Text(printable(newest.name), f"bold {colours['foreground']}"), f"  {date_label(newest.created)}"
    if len(f"{heading}  {mark} {label}{date}") + name.cell_len > width:
        label = ""
    ends = Text.assemble((f"  {mark} {label}".rstrip(), colours[colour]), (date, colours["secondary"]))
    name.truncate(max(12, width - len(heading) - ends.cell_len), overflow="ellipsis")  # by cells: a name may be wide
    return Text.assemble((heading, colours["secondary"]), name, ends)


def _result_text(newest: RunSummary, colours: dict[str, str], width: int) -> Text:
    """Return the latest accuracy of a run, with what it was measured on, and its epochs."""
    dim, dataset = colours["secondary"], printable(newest.dataset, 16)
    total = f" of {newest.config.epochs:,}" if newest.config is not None else ""
    if math.isnan(newest.test_acc) and math.isnan(newest.valid_acc):
        return Text(f"{dataset}: no epoch{total} is complete yet".lstrip(": "), dim)
    tested = not math.isnan(newest.test_acc)
    images = f"{dataset} {'test' if tested else 'validation'} images".lstrip()
    epochs = f"epoch ★{newest.best_epoch}, {newest.epochs:,}{total} trained"
    if width < NARROW:
        epochs = f"epoch ★{newest.best_epoch}{total}"
    return Text.assemble(
        (percent(newest.test_acc if tested else newest.valid_acc), f"bold {colours['success']}"),
        (f" on the {images}, {epochs}", dim),
    )


def _steps(newest: RunSummary, count: int, *, short: bool) -> Iterator[tuple[str, str]]:
    """Yield keys, and what they do with the newest run and the others."""
    if newest.live:
        yield "o", "follow" if short else "follow, pause or stop it"
    else:
        yield "o", "open" if short else "open it"
        yield "g", "resume" if short else "resume it"
    yield "enter", "new run" if short else "start a new run"
    yield "9", "runs" if short or count == 1 else f"compare all {count:,} runs"


def _steps_text(steps: list[tuple[str, str]], colours: dict[str, str], width: int) -> Text:
    """Return as many steps as fit, the first ones first."""
    text = Text()
    for key, label in steps:
        part = Text.assemble((key, f"bold {colours['accent']}"), (f" {label}", colours["foreground"]))
        if text.cell_len + 3 + part.cell_len <= width or not text:
            text.append("   " if text else "").append_text(part)
    return text

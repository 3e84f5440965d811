"""The job that draws figures while the screen is answering keys."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import Cancelled
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.state.preferences import Preferences

if TYPE_CHECKING:
    from mnist_tui.engine.figures.settings import ViewState


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be exported."""

    states: tuple[ViewState, ...]
    """Views as they stand."""
    everything: Subject | None
    """Where all views are wanted: of whom, for those that do not stand."""
    folder: Path
    name: str
    preferences: Preferences


def write(job: Job, wanted: Export, analyst: Analyst, written: list[Path]) -> bool:
    """Write figures, one after the other; reports a line about the progress.

    Quitting never waits for a figure: files are renamed into place, so that none is left half-written.

    Args:
        written: takes the path of every file that is complete, also where a later one fails.

    Returns:
        Whether all are written: the job was not stopped.

    Raises what `engine.figures.export.export` raises.
    """
    _spare_the_collector()
    from mnist_tui.engine.figures.context import Context
    from mnist_tui.engine.figures.export import Form, check, export, parse_size
    from mnist_tui.engine.figures.registry import chosen

    _spare_the_collector()
    choice = wanted.preferences
    dpi = int(choice.dpi) if choice.dpi.isascii() and choice.dpi.isdigit() and len(choice.dpi) < 9 else 0
    form = Form(
        wanted.folder, cast(Any, choice.format), parse_size(choice.size), dpi, choice.numbers == "yes", wanted.name
    )
    check(form)
    states = list(wanted.states)
    if wanted.everything is not None:
        by_view = {one.view: one for one in states if one.view != "compare"}
        states = [by_view.get(view) or _plain(view, wanted.everything) for view in chosen((), set())]
    count = len(states)
    for place, one in enumerate(states, 1):
        title = f"exporting {one.view}" + (f", {place} of {count}" if count > 1 else "")
        job.report(_line(title))
        report = lambda name, share, title=title: job.report(_line(title, f"{name} {share * 100:.0f} %"))  # noqa: E731
        if job.stopping:
            return False
        try:
            exported = export(Context(analyst, report, lambda: job.stopping), one, form)
        except Cancelled:
            return False
        written += [path.absolute() for path in (exported.figure, exported.numbers) if path is not None]
    return True


def _line(*parts: str) -> str:
    return "  ".join([*parts, "(E stops)"])


def _plain(view: str, subject: Subject) -> ViewState:
    """A view that nobody looks at, as it begins."""
    from mnist_tui.engine.figures.settings import Settings, ViewState

    return ViewState(view, replace(subject, split="train") if view == "data" else subject, Settings())


_spared: list[str] = []


def _spare_the_collector() -> None:
    """Take what is loaded by now out of the garbage collector's sight, the first time.

    torch and matplotlib are so many objects that one look through them would stop the screen for a quarter of a second,
    and the figures' own garbage makes the collector look often. Not later on, when figures may be among them.
    """
    if len(_spared) < 2:
        _spared.append("before" if not _spared else "with matplotlib")
        gc.freeze()

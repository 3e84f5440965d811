"""Job that draws and writes figures."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import Cancelled
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.state.preferences import Preferences

if TYPE_CHECKING:
    from mnist_tui.engine.figures.settings import ViewState


@dataclass(frozen=True, slots=True)
class Export:
    """A requested export."""

    states: tuple[ViewState, ...]
    """States of the views to export."""
    everything: Subject | None
    """If all views are exported: the subject of those without a state; otherwise None."""
    folder: Path
    name: str
    preferences: Preferences


def write(job: Job, request: Export, analyst: Analyst, written: list[Path]) -> bool:
    """Write figures and report progress as a line of text.

    Files are renamed into place, so that quitting never leaves an incomplete one.

    Args:
        written: list to which the paths of completed files are appended, also if a later one fails.

    Returns:
        Whether all figures were written, because the job was not stopped.

    Raises the exceptions of `engine.figures.export.export`.
    """
    _exclude_from_collection()
    from mnist_tui.engine.figures.context import Context
    from mnist_tui.engine.figures.export import Form, check, export, parse_size
    from mnist_tui.engine.figures.registry import select_views

    _exclude_from_collection()
    preferences = request.preferences
    dpi_text = preferences.dpi
    dpi = int(dpi_text) if dpi_text.isascii() and dpi_text.isdigit() and len(dpi_text) < 9 else 0
    form = Form(
        request.folder,
        cast(Any, preferences.format),
        parse_size(preferences.size),
        dpi,
        preferences.numbers == "yes",
        request.name,
    )
    check(form)
    states = list(request.states)
    if request.everything is not None:
        by_view = {state.view: state for state in states if state.view != "compare"}
        states = [by_view.get(view) or _default_state(view, request.everything) for view in select_views((), set())]
    count = len(states)
    for number, state in enumerate(states, 1):
        title = f"exporting {state.view}" + (f", {number} of {count}" if count > 1 else "")
        job.report(_line(title))
        report = lambda name, done, title=title: job.report(_line(title, f"{name} {percent(done, 0)}"))  # noqa: E731
        if job.stopping:
            return False
        try:
            exported = export(Context(analyst, report, lambda: job.stopping), state, form)
        except Cancelled:
            return False
        written += [path.absolute() for path in (exported.figure, exported.numbers) if path is not None]
    return True


def _line(*parts: str) -> str:
    return "  ".join([*parts, "(E cancels)"])


def _default_state(view: str, subject: Subject) -> ViewState:
    """Return the state of a view that has not been opened."""
    from mnist_tui.engine.figures.settings import Settings, ViewState

    return ViewState(view, replace(subject, split="train") if view == "data" else subject, Settings())


_excluded: list[str] = []


def _exclude_from_collection() -> None:
    """Exclude all loaded objects from garbage collection, at the first export only.

    Drawing triggers many collections, and scanning the objects of torch and matplotlib would block the screen for a
    quarter of a second. Later calls have no effect, because they would also exclude figures.
    """
    if len(_excluded) < 2:
        _excluded.append("before" if not _excluded else "with matplotlib")
        gc.freeze()

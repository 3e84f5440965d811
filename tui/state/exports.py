"""Export of figures from the console, one job at a time."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine import files
from mnist_tui.engine.errors import printable
from mnist_tui.tui.messages import ExportFinished, ExportsChanged, Post, SubjectChanged, notification

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.analysis.subject import Analyst, Subject
    from mnist_tui.engine.figures.settings import ViewState
    from mnist_tui.tui.state.export_job import Export
    from mnist_tui.tui.state.jobs import Jobs
    from mnist_tui.tui.state.preferences import Preferences
    from mnist_tui.tui.state.scrubber import Scrubber

SHOWN_SECONDS = 30.0
"""Time for which the paths of exported files are shown."""


class Exports:
    """Writes figures, and provides a status line.

    All methods must be called from the app's thread.
    """

    def __init__(self, post: Post, jobs: Jobs, scrubber: Scrubber, analyst: Analyst, runs_dir: Path) -> None:
        """Create the object without starting an export.

        Args:
            jobs: the jobs of the app.
            scrubber: its subject is used to export all views.
            analyst: computes data that no view has computed.
            runs_dir: folder of figures that do not belong to a run.
        """
        self.text = ""
        """Status line: progress of the export, or the paths of its files."""
        self.written: list[Path] = []
        """Files of the last export."""
        self._post, self._jobs, self._scrubber = post, jobs, scrubber
        self._analyst, self._runs_dir = analyst, runs_dir
        self._preferences: Preferences | None = None

    @property
    def is_running(self) -> bool:
        """Whether figures are being written."""
        return self._jobs.is_active("export")

    @property
    def preferences(self) -> Preferences:
        """Options of the last export, which are kept across processes."""
        if self._preferences is None:
            from mnist_tui.tui.state import preferences

            self._preferences = preferences.load()
        return self._preferences

    def folder_label(self, subject: Subject | None) -> str:
        """Return the default folder of a run's figures."""
        folder = self._figures_folder(subject)
        # Relative if possible, because a field shows only the end of a long path.
        with contextlib.suppress(OSError, ValueError):  # elsewhere, or the current folder was deleted
            folder = folder.relative_to(Path.cwd())
        return str(folder)

    def export_view(self, view: ViewState, name: str, preferences: Preferences) -> None:
        """Export one view and save the preferences."""
        from mnist_tui.tui.state import preferences as remembered

        self._preferences = preferences
        remembered.save(preferences)
        self._start((view,), None, name)

    def export_all(self, views: list[ViewState]) -> None:
        """Export all views of the subject, using those of the states in `views` that match it."""
        subject = self._scrubber.subject
        if subject is None:
            self._post(notification("no trained network is open: press 9 to open a run, or n to train one"))
            return
        matching = {view.view: view for view in reversed(views) if _matches(view, subject)}
        self._start(tuple(matching.values()), subject, "")

    def cancel(self) -> None:
        """Cancel the export; completed files are kept."""
        self._jobs.stop("export")

    def _figures_folder(self, subject: Subject | None) -> Path:
        return (subject.folder if subject is not None else self._runs_dir).absolute() / "figures"

    def _start(self, views: tuple[ViewState, ...], everything: Subject | None, name: str) -> None:
        from mnist_tui.tui.state.export_job import Export, write

        preferences = self.preferences
        own = self._figures_folder(everything or views[0].subject)
        try:
            folder = files.user_path(preferences.folder) if preferences.folder else own
        except ValueError as error:
            self._post(notification(f"{preferences.folder} {error}", "error"))
            return
        export, written = Export(views, everything, folder, name, preferences), list[Path]()
        self._jobs.start(
            "export",
            partial(write, request=export, analyst=self._analyst, written=written),
            on_result=lambda complete: self._finish(export, written, "" if complete else "stopped"),
            on_progress=self._show,
            on_failure=lambda line: self._finish(export, written, line),
            failure="the export failed",
        )
        self._show("exporting …")

    def _finish(self, export: Export, written: list[Path], error: str) -> None:
        """Show the paths of the files, and the error if some are missing."""
        self.written = written
        self._post(SubjectChanged())  # it may have stored a t-SNE or imagined digits
        if error:
            self._post(notification(error, "error", timeout=10))
        if not written:
            self._show("")
            return
        several = export.everything is not None
        path = export.folder.absolute() if several else written[0]
        self._show(printable(f"{len(written)} files in {path}" if several else "  ".join(map(str, written))))
        self._post(ExportFinished(path))

    def dismiss(self, text: str | None = None) -> bool:
        """Clear the status line of a finished export, or only `text`; return whether it was shown."""
        shown = bool(self.text) and not self.is_running and text in (None, self.text)
        if shown:
            self._show("")
        return shown

    def _show(self, text: str) -> None:
        self.text = text
        self._post(ExportsChanged())


def _matches(view: ViewState, subject: Subject) -> bool:
    """Return whether a view shows the current subject, and not an epoch that was selected when it was left."""
    of = view.subject
    if of is None or of.folder.absolute() != subject.folder.absolute():
        return False
    return view.view in ("curves", "data") or of == subject

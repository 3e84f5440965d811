"""The console's exports: one at a time, as a job."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.tui.messages import ExportFinished, ExportsChanged, Post, notification

if TYPE_CHECKING:  # the first frame must not wait for what exports
    from mnist_tui.engine.analysis.subject import Analyst, Subject
    from mnist_tui.engine.figures.settings import ViewState
    from mnist_tui.tui.state.export_job import Export
    from mnist_tui.tui.state.jobs import Jobs
    from mnist_tui.tui.state.preferences import Preferences
    from mnist_tui.tui.state.scrubber import Scrubber

SHOWN_SECONDS = 30.0
"""How long the paths of exported files stay on the screen."""


class Exports:
    """Writes figures, and keeps a line about that for the screen.

    Every method but the constructor is called from the app's own thread.
    """

    def __init__(self, post: Post, jobs: Jobs, scrubber: Scrubber, analyst: Analyst, runs_dir: Path) -> None:
        """Own no export yet.

        Args:
            jobs: the app's.
            scrubber: selects the network whose views are all exported.
            analyst: computes what no view has computed.
            runs_dir: the folder of figures that belong to no run.
        """
        self.text = ""
        """How far the export is, or where its files are."""
        self.written: list[Path] = []
        """The files of the last export."""
        self._post, self._jobs, self._scrubber = post, jobs, scrubber
        self._analyst, self._runs_dir = analyst, runs_dir
        self._preferences: Preferences | None = None

    @property
    def is_running(self) -> bool:
        """Whether figures are being written."""
        return self._jobs.works("export")

    @property
    def preferences(self) -> Preferences:
        """The settings of the last export, also of an earlier process."""
        if self._preferences is None:
            from mnist_tui.tui.state import preferences

            self._preferences = preferences.load()
        return self._preferences

    def folder_label(self, subject: Subject | None) -> str:
        """Return where the figures of a run are written, unless another folder is chosen."""
        folder = self._figures_folder(subject)
        # Relative where that is shorter: a field shows the end of a long path only.
        return str(folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder)

    def export_view(self, view: ViewState, name: str, preferences: Preferences) -> None:
        """Write one view, and remember the preferences."""
        from mnist_tui.tui.state import preferences as remembered

        self._preferences = preferences
        remembered.save(preferences)
        self._start((view,), None, name)

    def export_all(self, views: list[ViewState]) -> None:
        """Write all views of the subject, those among `views` that answer for it as they are."""
        subject = self._scrubber.subject
        if subject is None:
            self._post(notification("there is no trained network yet whose views could be exported"))
            return
        fitting = {view.view: view for view in reversed(views) if _fits(view, subject)}
        self._start(tuple(fitting.values()), subject, "")

    def cancel(self) -> None:
        """Write nothing more; the files that are complete stay."""
        self._jobs.stop("export")

    def _figures_folder(self, subject: Subject | None) -> Path:
        return (subject.folder if subject is not None else self._runs_dir).absolute() / "figures"

    def _start(self, views: tuple[ViewState, ...], everything: Subject | None, name: str) -> None:
        from mnist_tui.tui.state.export_job import Export, write

        wanted = self.preferences
        own = self._figures_folder(everything or views[0].subject)
        try:
            folder = Path(wanted.folder).expanduser() if wanted.folder else own
        except RuntimeError:
            self._post(notification(f"{wanted.folder} begins with a home folder that is not known", "error"))
            return
        export, written = Export(views, everything, folder, name, wanted), list[Path]()
        self._jobs.start(
            "export",
            partial(write, wanted=export, analyst=self._analyst, written=written),
            on_result=lambda complete: self._finish(export, written, "" if complete else "stopped"),
            on_progress=self._show,
            on_failure=lambda line: self._finish(export, written, line),
            failure="the export failed",
        )
        self._show("exporting …")

    def _finish(self, export: Export, written: list[Path], error: str) -> None:
        """Show where the files are, and why there are no more."""
        self.written = written
        if error:
            self._post(notification(error, "error", timeout=10))
        if not written:
            self._show("")
            return
        several = export.everything is not None
        path = export.folder.absolute() if several else written[0]
        self._show(f"{len(written)} files in {path}" if several else "  ".join(map(str, written)))
        self._post(ExportFinished(path))

    def dismiss(self, text: str | None = None) -> bool:
        """Remove the line about the finished export, or only `text`; return whether it was shown."""
        shown = bool(self.text) and not self.is_running and text in (None, self.text)
        if shown:
            self._show("")
        return shown

    def _show(self, text: str) -> None:
        self.text = text
        self._post(ExportsChanged())


def _fits(view: ViewState, subject: Subject) -> bool:
    """Return whether a view shows the subject, not an epoch that was selected when it was left."""
    of = view.subject
    if of is None or of.folder.absolute() != subject.folder.absolute():
        return False
    return view.view in ("curves", "data") or of == subject

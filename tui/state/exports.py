"""The console's exports: one at a time, in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.tui.messages import ExportsChanged, Post, notification

if TYPE_CHECKING:  # the first frame must not wait for what exports
    from mnist_tui.engine.analysis.subject import Analyst, Subject
    from mnist_tui.engine.figures.settings import Standing
    from mnist_tui.tui.messages import ExportEnded
    from mnist_tui.tui.state.export_thread import ExportThread, Job
    from mnist_tui.tui.state.preferences import Preferences
    from mnist_tui.tui.state.scrubber import Scrubber

SHOWN_SECONDS = 30.0
"""How long the paths of exported files stay on the screen."""


class Exports:
    """Writes figures, and keeps a line about that for the screen.

    Every method but the constructor is called from the app's own thread.
    """

    def __init__(self, post: Post, scrubber: Scrubber, analyst: Analyst, runs_dir: Path) -> None:
        """Own no export yet.

        Args:
            scrubber: selects the network whose views are all exported.
            analyst: computes what no view has computed.
            runs_dir: the folder of figures that belong to no run.
        """
        self.text = ""
        """How far the export is, or where its files are."""
        self.written: list[Path] = []
        """The files of the last export."""
        self._post, self._scrubber, self._analyst, self._runs_dir = post, scrubber, analyst, runs_dir
        self._thread: ExportThread | None = None
        self._job: Job | None = None
        self._preferences: Preferences | None = None

    @property
    def is_running(self) -> bool:
        """Whether figures are being written."""
        return self._thread is not None

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

    def export_view(self, view: Standing, name: str, preferences: Preferences) -> None:
        """Write one view, and remember the preferences."""
        from mnist_tui.tui.state import preferences as remembered

        self._preferences = preferences
        remembered.save(preferences)
        self._start((view,), None, name)

    def export_all(self, views: list[Standing]) -> None:
        """Write all views of the subject, those among `views` that answer for it as they are."""
        subject = self._scrubber.subject
        if subject is None:
            self._post(notification("there is no trained network yet whose views could be exported"))
            return
        fitting = {view.view: view for view in reversed(views) if _fits(view, subject)}
        self._start(tuple(fitting.values()), subject, "")

    def cancel(self) -> None:
        """Write nothing more; the files that are complete stay."""
        if self._thread is not None:
            self._thread.cancel()

    def _figures_folder(self, subject: Subject | None) -> Path:
        return (subject.folder if subject is not None else self._runs_dir).absolute() / "figures"

    def _start(self, views: tuple[Standing, ...], everything: Subject | None, name: str) -> None:
        from mnist_tui.tui.state.export_thread import ExportThread, Job

        wanted = self.preferences
        own = self._figures_folder(everything or views[0].subject)
        try:
            folder = Path(wanted.folder).expanduser() if wanted.folder else own
        except RuntimeError:
            self._post(notification(f"{wanted.folder} begins with a home folder that is not known", "error"))
            return
        self._job = Job(views, everything, folder, name, wanted)
        self._thread = ExportThread(self._post, self._analyst, self._job)
        self._thread.start()
        self._show("exporting …")

    # -- the thread's messages ---------------------------------------------------------------------------------

    def progress(self, text: str) -> None:
        """Show how far the export is."""
        if self._thread is not None:
            self._show(text)

    def finish(self, message: ExportEnded) -> Path | None:
        """Show where the files are; return what is worth copying, the figure or the folder of several."""
        job, self._thread, self._job = self._job, None, None
        self.written = paths = message.paths
        if message.error:
            self._post(notification(message.error, "error", timeout=10))
        if not paths or job is None:
            self._show("")
            return None
        if job.everything is None:
            self._show("  ".join(map(str, paths)))
            return paths[0]
        folder = job.folder.absolute()
        self._show(f"{len(paths)} files in {folder}")
        return folder

    def dismiss(self, text: str | None = None) -> bool:
        """Remove the line about the finished export, or only `text`; return whether it was shown."""
        shown = bool(self.text) and not self.is_running and text in (None, self.text)
        if shown:
            self._show("")
        return shown

    def _show(self, text: str) -> None:
        self.text = text
        self._post(ExportsChanged())


def _fits(view: Standing, subject: Subject) -> bool:
    """Return whether a view shows the subject, not an epoch that was selected when it was left."""
    of = view.subject
    if of is None or of.folder.absolute() != subject.folder.absolute():
        return False
    return view.view in ("curves", "data") or of == subject

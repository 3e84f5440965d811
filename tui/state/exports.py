"""The console's exports: one at a time, in a thread; `e` asks for a view's, `E` takes all."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.driver import Driver

from mnist_tui.tui.views.base import View

if TYPE_CHECKING:  # the first frame must not wait for what exports
    from mnist_tui.engine.analysis.subject import Analyst, Subject
    from mnist_tui.engine.figures.settings import Standing
    from mnist_tui.tui.state.export_thread import ExportEnded, ExportSaid, ExportThread
    from mnist_tui.tui.state.preferences import Preferences
    from mnist_tui.tui.state.scrubber import Scrubber
    from mnist_tui.tui.widgets.export_dialog import ExportRequest

SEEN_SECONDS = 30.0
"""How long the paths stay on the screen."""


class ExportingApp(App[int]):
    """The part of the console that exports."""

    analyst: Analyst
    scrubber: Scrubber
    runs_dir: Path

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.export_words = ""
        """What there is to say about the last export."""
        self.exported: list[Path] = []
        """What the last export wrote."""
        self._export: ExportThread | None = None
        self._preferences: Preferences | None = None

    @property
    def is_exporting(self) -> bool:
        """Whether figures are being written."""
        return self._export is not None

    def mounted_views(self) -> list[View]:
        """The views that were opened so far; none once they are being taken down, piece by piece."""
        if self._exit or not self.is_running:
            return []
        screens = (screen for stack in self._screen_stacks.values() for screen in stack)
        return [screen for screen in screens if isinstance(screen, View) and screen.is_mounted]

    # -- asking ------------------------------------------------------------------------------------------------

    def action_export_view(self) -> None:
        """Ask how the view is wanted, and write it."""
        from mnist_tui.tui.state import preferences
        from mnist_tui.tui.widgets.export_dialog import ExportDialog

        view = self.screen
        if not isinstance(view, View):
            return
        if self._export is not None:
            self.notify("figures are being written: E stops that")
            return
        standings = view.standings()
        if not standings:
            self.notify(view.NO_FIGURE)
            return
        self._preferences = self._preferences or preferences.load()
        folder = self._figures_folder(standings[0].subject)
        # From here, where that is shorter: a long path would show all but its end.
        shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        dialog = ExportDialog([one.view for one in standings], str(shown), self._preferences)
        self.push_screen(dialog, partial(self._ordered, standings))

    def _ordered(self, standings: list[Standing], order: ExportRequest | None) -> None:
        if order is None:
            return
        from mnist_tui.tui.state import preferences

        self._preferences = order.preferences
        preferences.save(order.preferences)
        standing = standings[order.figure]
        self._start((standing,), None, order.name)

    def action_export_all(self) -> None:
        """Write every view of the subject; while it works, stop."""
        from mnist_tui.tui.state import preferences

        if self._export is not None:
            self._export.stop()
            return
        subject = self.scrubber.subject
        if subject is None:
            self.notify("there is no trained network yet whose views could be exported")
            return
        self._preferences = self._preferences or preferences.load()
        # Runs' curves are those of the run under its cursor, and as if nobody had chosen how they look.
        views = [view for view in self.mounted_views() if view.MODE != "runs"]
        fitting = [one for view in views for one in view.standings() if self._fits(one, subject)]
        standings = {one.view: one for one in reversed(fitting)}
        self._start(tuple(standings.values()), subject, "")

    @staticmethod
    def _fits(standing: Standing, subject: Subject) -> bool:
        """Whether a view stands as it would for the subject: not on an epoch that it was left on."""
        of = standing.subject
        if of is None or of.folder.absolute() != subject.folder.absolute():
            return False
        return standing.view in ("curves", "data") or of == subject

    def _figures_folder(self, subject: Subject | None) -> Path:
        return (subject.folder if subject is not None else self.runs_dir).absolute() / "figures"

    def _start(self, standings: tuple[Standing, ...], everything: Subject | None, name: str) -> None:
        from mnist_tui.tui.state.export_thread import ExportThread, Job
        from mnist_tui.tui.state.preferences import Preferences

        wanted = self._preferences or Preferences()
        own = self._figures_folder(everything or standings[0].subject)
        try:
            folder = Path(wanted.folder).expanduser() if wanted.folder else own
        except RuntimeError:
            self.notify(f"{wanted.folder} begins with a home folder that is not known", severity="error", markup=False)
            return
        self._export = ExportThread(self, self.analyst, Job(standings, everything, folder, name, wanted))
        self._export.start()
        self._tell("exporting …")

    # -- answering ---------------------------------------------------------------------------------------------

    def on_export_said(self, message: ExportSaid) -> None:
        if self._export is not None:
            self._tell(message.words)

    def on_export_ended(self, message: ExportEnded) -> None:
        self._export = None
        self.exported = message.paths
        if message.error:
            self.notify(message.error, severity="error", timeout=10, markup=False)
        if not message.paths:
            self._tell("")
            return
        several = message.job.everything is not None
        path = message.job.folder.absolute() if several else message.paths[-1 if len(message.paths) == 1 else 0]
        self.copy_to_clipboard(str(path))
        words = f"{len(message.paths)} files in {path}" if several else "  ".join(map(str, message.paths))
        self._tell(words)
        self.set_timer(SEEN_SECONDS, partial(self._forget, words))

    def _tell(self, words: str) -> None:
        self.export_words = words
        for view in self.mounted_views():
            view.show_export(words)

    def _forget(self, words: str) -> None:
        if self.export_words == words:
            self._tell("")

    def dismiss_export(self) -> bool:
        """Take the paths from the screen; False where there are none."""
        there = bool(self.export_words) and self._export is None
        if there:
            self._tell("")
        return there

"""The thread that draws figures while the screen lives on."""

from __future__ import annotations

import gc
import logging
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import Cancelled, MnistTuiError
from mnist_tui.tui.messages import ExportEnded, ExportProgress, Post
from mnist_tui.tui.speed.priority import stand_back
from mnist_tui.tui.state.preferences import Preferences

if TYPE_CHECKING:
    from mnist_tui.engine.figures.settings import Standing

SAY_SECONDS = 0.1
"""At least this long between two words about the progress."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be exported."""

    standings: tuple[Standing, ...]
    """Views as they stand."""
    everything: Subject | None
    """Where all views are wanted: of whom, for those that do not stand."""
    folder: Path
    name: str
    preferences: Preferences


class ExportThread(threading.Thread):
    """Writes a job's figures, one after the other, and posts what it does.

    A daemon thread: quitting never waits for a picture. Files are renamed into place, so none is left half-written.
    """

    def __init__(self, post: Post, analyst: Analyst, job: Job) -> None:
        super().__init__(name="export", daemon=True)
        self._post, self._analyst, self._job = post, analyst, job
        self._cancelled = threading.Event()
        self._count = self._place = 1
        self._view = ""
        self._said_at = 0.0

    def cancel(self) -> None:
        """Write nothing more; the files that are complete stay."""
        self._cancelled.set()

    def run(self) -> None:
        stand_back()
        paths: list[Path] = []
        error = ""
        try:
            self._work(paths)
        except Cancelled:
            error = "stopped"
        except MnistTuiError as failure:
            error = str(failure)
        except Exception as failure:
            logging.getLogger(__name__).exception("the export failed")
            error = f"the export failed ({type(failure).__name__}: {failure}); L shows the log"
        self._post(ExportEnded(paths, error))

    def _work(self, paths: list[Path]) -> None:
        _spare_the_collector()
        from mnist_tui.engine.figures.compute import Studio
        from mnist_tui.engine.figures.export import Form, check, export, parse_size
        from mnist_tui.engine.figures.registry import chosen

        _spare_the_collector()
        job, wanted = self._job, self._job.preferences
        dpi = int(wanted.dpi) if wanted.dpi.isascii() and wanted.dpi.isdigit() and len(wanted.dpi) < 9 else 0
        size, numbers = parse_size(wanted.size), wanted.numbers == "yes"
        form = Form(job.folder, cast(Any, wanted.format), size, dpi, numbers, job.name)
        check(form)
        standings = list(job.standings)
        if job.everything is not None:
            standing = {one.view: one for one in standings if one.view != "compare"}
            standings = [standing.get(view) or self._plain(view) for view in chosen((), set())]
        studio = Studio(self._analyst, say=self._say, cancelled=self._cancelled.is_set)
        self._count = len(standings)
        for place, one in enumerate(standings, 1):
            self._place, self._view, self._said_at = place, one.view, 0.0
            self._say("", 0.0)
            if self._cancelled.is_set():
                raise Cancelled
            written = export(studio, one, form)
            paths += [path.absolute() for path in (written.figure, written.numbers) if path is not None]

    def _plain(self, view: str) -> Standing:
        """A view that nobody looks at, as it begins."""
        from mnist_tui.engine.figures.settings import Settings, Standing

        assert self._job.everything is not None
        subject = replace(self._job.everything, split="train") if view == "data" else self._job.everything
        return Standing(view, subject, Settings())

    def _say(self, words: str, share: float) -> None:
        now = time.monotonic()
        if now - self._said_at < SAY_SECONDS:
            return
        self._said_at = now
        parts = [f"exporting {self._view}" + (f", {self._place} of {self._count}" if self._count > 1 else "")]
        parts += [f"{words} {share * 100:.0f} %"] if words else []
        self._post(ExportProgress("  ".join(parts) + "  (E stops)"))


_spared: list[str] = []


def _spare_the_collector() -> None:
    """Take what is loaded by now out of the garbage collector's sight, the first time.

    torch and matplotlib are so many objects that one look through them would stop the screen for a quarter of a second,
    and the figures' own garbage makes the collector look often. Not later on, when figures may be among them.
    """
    if len(_spared) < 2:
        _spared.append("before" if not _spared else "with matplotlib")
        gc.freeze()

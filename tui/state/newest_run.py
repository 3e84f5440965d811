"""The newest stored run, or the one in training, for the start screen and for views without a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mnist_tui.tui.state.jobs import Jobs

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.runs.summaries import RunSummary

TRIES = 20
"""Number of the newest runs of which the first readable one is chosen."""


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """What a runs folder contains."""

    count: int
    newest: RunSummary | None
    """The run in training, or else the newest one that can be read; None if there is none."""


class Viewer(Protocol):
    """Shows the newest run."""

    def newest_found(self) -> None:
        """Called when it is known, or another one than before."""


class NewestRun:
    """Looks for the newest run in a thread, because a folder may hold thousands."""

    def __init__(self, jobs: Jobs, runs_dir: Path, viewers: Callable[[], Iterable[Viewer]]) -> None:
        """`viewers`: those that are told, on the event loop, when something was found."""
        self.found: StoredRuns | None = None
        """Result of the latest look; None before the first."""
        self._jobs, self._runs_dir, self._viewers = jobs, runs_dir, viewers

    @property
    def summary(self) -> RunSummary | None:
        """The newest run, if it is known."""
        return self.found.newest if self.found is not None else None

    def look(self) -> None:
        """Look through the runs folder again."""
        runs_dir = self._runs_dir
        # Queued, because looking may take longer than the interval between two requests.
        self._jobs.start(
            "newest run", lambda job: find(runs_dir), on_result=self._show, on_failure=lambda line: None, queue=True
        )

    def _show(self, found: StoredRuns) -> None:
        if found != self.found:
            self.found = found
            for viewer in self._viewers():
                viewer.newest_found()


def find(runs_dir: Path) -> StoredRuns:
    """Look through a runs folder; reads the log of one run, unless some are damaged."""
    from mnist_tui.engine.runs.folder import stored_runs
    from mnist_tui.engine.runs.summaries import summarise

    folders = stored_runs(runs_dir)
    live = next((folder for folder in folders if folder.is_live()), None)
    candidates = folders[:TRIES] if live is None else [live, *folders[:TRIES]]
    summaries = map(summarise, candidates)
    newest = next((summary for summary in summaries if summary.status != "unreadable"), None)
    return StoredRuns(len(folders), newest)

"""Reading of the runs folder, for threads of the Runs view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs import trash
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import RunSummary, summarise_all

OpenedRuns: TypeAlias = list[tuple[RunFolder, History]]


@dataclass(frozen=True, slots=True)
class ListedRuns:
    """Contents of a runs folder."""

    runs: list[RunSummary]
    deleted: Path | None
    """The run that was deleted last, in the trash; None if there is none."""


@dataclass(frozen=True, slots=True)
class ReadRuns:
    """Stored runs with their histories."""

    runs: OpenedRuns
    error: str
    """Error if some runs can't be read, or empty."""


def list_runs(runs_dir: Path) -> ListedRuns:
    """List the runs in a folder."""
    return ListedRuns(summarise_all(runs_dir), trash.newest(runs_dir))


def read(folders: list[RunFolder]) -> ReadRuns:
    """Read the histories of runs."""
    runs, error = [], ""
    for folder in folders:
        try:
            runs.append((folder, History.of(folder.events())))
        except RunError as failure:
            error = str(failure)
    return ReadRuns(runs, error)

"""Summaries of stored runs, made without reading weights or batch curves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.creation import CONFIG
from mnist_tui.engine.runs.folder import EVENTS, RunFolder, stored_runs
from mnist_tui.engine.runs.history import History


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One row of the list of runs; missing numbers are NaN."""

    folder: RunFolder
    config: RunConfig | None
    """None if `config.json` cannot be read."""
    dataset: str
    created: float
    """Unix time in seconds; 0 if unknown."""
    status: str
    """`completed`, `stopped`, `failed`, `running`, `died` (its process ended abruptly) or `unreadable`."""
    epochs: int
    """Number of complete epochs."""
    best_epoch: int
    valid_acc: float
    """Validation accuracy of the best epoch, as a fraction."""
    valid_loss: float
    test_acc: float
    seconds: float
    best_is_partial: bool = False
    """Whether the best epoch was stopped early, because none is complete."""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def live(self) -> bool:
        """Whether a process was writing the run when it was summarised."""
        return self.status == "running"


def summarise(folder: RunFolder) -> RunSummary:
    """Summarise a run; never raises: the status of a damaged run is `unreadable`."""
    config, dataset, created, status = None, "", 0.0, ""
    try:
        config, manifest = folder.manifest()
        dataset, created = str(manifest.get("dataset", "")), float(manifest.get("created", 0.0))
    except (RunError, TypeError, ValueError, OverflowError):
        status = "unreadable"
    try:
        history = History.of(folder.events(progress=False))
    except RunError:
        history, status = History(), "unreadable"
    started, finished, best = history.started, history.finished, history.best
    if started is not None:
        dataset, created = started.dataset, created or started.time
    if not status:
        status_without_end = "running" if folder.is_live() else "died"
        status = finished.status if finished is not None else status_without_end
    epoch_seconds = sum(epoch.seconds for epoch in history.epochs)
    return RunSummary(
        folder=folder,
        config=config,
        dataset=dataset,
        created=created,
        status=status,
        epochs=history.complete_epochs,
        best_epoch=best.epoch if best else 0,
        best_is_partial=best is not None and not best.complete,
        valid_acc=best.valid_acc if best else math.nan,
        valid_loss=best.valid_loss if best else math.nan,
        test_acc=history.test.acc if history.test else math.nan,
        seconds=finished.seconds if finished else epoch_seconds,
    )


def summarise_all(runs_dir: Path) -> list[RunSummary]:
    """Summarise the runs in a folder, newest first; summaries of finished runs are cached until their files change."""
    summaries = []
    for folder in stored_runs(runs_dir):
        versions = _file_versions(folder)
        summary = _finished_cache.get(folder.path)
        if summary is None or summary[0] != versions:
            summary = (versions, summarise(folder))
            if summary[1].status in ("completed", "stopped", "failed"):
                _finished_cache[folder.path] = summary
        summaries.append(summary[1])
    return summaries


_finished_cache: dict[Path, tuple[tuple[tuple[int, int], ...], RunSummary]] = {}


def _file_versions(folder: RunFolder) -> tuple[tuple[int, int], ...]:
    """Return the modification times and sizes of the files that the summary depends on."""
    versions = []
    for name in (EVENTS, CONFIG):
        try:
            status = (folder.path / name).stat()
            versions.append((status.st_mtime_ns, status.st_size))
        except OSError:
            versions.append((0, 0))
    return tuple(versions)

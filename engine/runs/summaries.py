"""Stored runs at a glance, without reading their weights or their curves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import CONFIG, EVENTS, RunFolder, stored_runs
from mnist_tui.engine.runs.history import History


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a list of runs says of one; numbers that are missing are NaN."""

    folder: RunFolder
    config: RunConfig | None
    """None where `config.json` can't be read."""
    dataset: str
    created: float
    """Seconds since 1970; 0 where it is not known."""
    status: str
    """`completed`, `stopped`, `failed`, `running`, `died` (its process ended without a word) or `unreadable`."""
    epochs: int
    """Epochs that were completed."""
    best_epoch: int
    valid_acc: float
    """Of the best epoch, a fraction."""
    valid_loss: float
    test_acc: float
    seconds: float

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def live(self) -> bool:
        """Whether a process was writing it."""
        return self.status == "running"


def summarise(folder: RunFolder) -> RunSummary:
    """A run at a glance; never raises, a run that can't be read says so in its status."""
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
        unfinished = "running" if folder.is_live() else "died"
        status = finished.status if finished is not None else unfinished
    trained = sum(epoch.seconds for epoch in history.epochs)
    return RunSummary(
        folder=folder,
        config=config,
        dataset=dataset,
        created=created,
        status=status,
        epochs=sum(epoch.complete for epoch in history.epochs),
        best_epoch=best.epoch if best else 0,
        valid_acc=best.valid_acc if best else math.nan,
        valid_loss=best.valid_loss if best else math.nan,
        test_acc=history.test.acc if history.test else math.nan,
        seconds=finished.seconds if finished else trained,
    )


def summarise_all(runs_dir: Path) -> list[RunSummary]:
    """The runs in a folder at a glance, the newest first; one that ended is read once as long as it does not change."""
    summaries = []
    for folder in stored_runs(runs_dir):
        stamp = _stamp(folder)
        summary = _ended.get(folder.path)
        if summary is None or summary[0] != stamp:
            summary = (stamp, summarise(folder))
            if summary[1].status in ("completed", "stopped", "failed"):
                _ended[folder.path] = summary
        summaries.append(summary[1])
    return summaries


_ended: dict[Path, tuple[tuple[tuple[int, int], ...], RunSummary]] = {}


def _stamp(folder: RunFolder) -> tuple[tuple[int, int], ...]:
    """Changes whenever one of the files that a summary is made of does."""
    stamps = []
    for name in (EVENTS, CONFIG):
        try:
            status = (folder.path / name).stat()
            stamps.append((status.st_mtime_ns, status.st_size))
        except OSError:
            stamps.append((0, 0))
    return tuple(stamps)

"""Resuming a stored run: whether that is possible, and for how many epochs."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_tui.engine.config import MAX_EPOCHS, RunConfig
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import printable


@dataclass(frozen=True, slots=True)
class ResumeOffer:
    """A stored run that can be resumed, and the number of epochs that is still to be chosen."""

    folder: RunFolder
    history: History
    config: RunConfig
    """The stored one."""
    text: str
    """What there is to know before choosing."""
    least: int
    proposal: int
    """Epochs in all, between `least` and `most`."""
    most: int = MAX_EPOCHS


def being_trained(folder: RunFolder) -> str:
    """Return why a run can't be resumed because a process trains it; empty if none does."""
    if not folder.is_live():
        return ""
    owner = folder.owner()
    return f"it is being trained{f' by {owner}' if owner else ''}"


def resume_offer(folder: RunFolder, history: History) -> ResumeOffer:
    """Return what can be chosen for a stored run.

    Raises:
        RunError: its configuration can't be read.
        ConfigError: its configuration is not valid.
    """
    config = folder.config()
    done = max((epoch.epoch for epoch in history.epochs if epoch.complete), default=0)
    text = f"{printable(folder.name)} has {done} of {config.epochs} epochs; it resumes exactly where it stopped."
    complete = history.finished is not None and history.finished.status == "completed"
    least = done + 1 if complete else max(done, 1)  # without an end there is a test to make at least
    proposal = config.epochs if least <= config.epochs else min(2 * done, MAX_EPOCHS)
    return ResumeOffer(folder, history, config, text, least, proposal)

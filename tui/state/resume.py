"""Conditions and options for resuming a stored run."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_tui.engine.config import MAX_EPOCHS, RunConfig
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import printable


@dataclass(frozen=True, slots=True)
class ResumeOffer:
    """A stored run that can be resumed, and the allowed numbers of epochs."""

    folder: RunFolder
    history: History
    config: RunConfig
    """Stored configuration."""
    text: str
    """Explanation for the dialog."""
    min_epochs: int
    default_epochs: int
    """Default for the total number of epochs."""
    max_epochs: int = MAX_EPOCHS


def busy_reason(folder: RunFolder) -> str:
    """Return a message if a process trains the run, so that it can't be resumed; otherwise an empty string."""
    if not folder.is_live():
        return ""
    owner = folder.owner()
    return f"the run is being trained{f' by {owner}' if owner else ''}"


def resume_offer(folder: RunFolder, history: History) -> ResumeOffer:
    """Return the options for resuming a stored run.

    Raises:
        RunError: the configuration can't be read.
        ConfigError: the configuration is invalid.
    """
    config = folder.config()
    done = history.complete_epochs
    text = f"{printable(folder.name)} has {done} of {config.epochs} epochs; it resumes exactly where it stopped."
    complete = history.finished is not None and history.finished.status == "completed"
    min_epochs = done + 1 if complete else max(done, 1)  # without an end, at least the test is missing
    default_epochs = config.epochs if min_epochs <= config.epochs else min(2 * done, MAX_EPOCHS)
    return ResumeOffer(folder, history, config, text, min_epochs, default_epochs)

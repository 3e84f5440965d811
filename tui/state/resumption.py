"""Resuming the run that the views show, or another stored run."""

from __future__ import annotations

import os.path
from dataclasses import replace
from typing import TYPE_CHECKING

from mnist_tui.engine.errors import MnistTuiError
from mnist_tui.tui.messages import Post, notification
from mnist_tui.tui.state.training import Trainings

if TYPE_CHECKING:  # not imported before the first frame
    from mnist_tui.engine.analysis.subject import Analyst
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.state.resume import ResumeOffer


class Resumption:
    """Determines whether and how stored runs can be resumed, and resumes them.

    All methods must be called from the app's thread.
    """

    def __init__(self, post: Post, training: Trainings, analyst: Analyst) -> None:
        """`analyst`: its `data_dir` is the folder of the data sets."""
        self._post, self._training, self._analyst = post, training, analyst

    @property
    def candidate(self) -> tuple[RunFolder, History] | None:
        """The run that the views show, if no process trains it and its folder still exists."""
        from mnist_tui.engine.runs.folder import RunFolder

        training = self._training
        if training.can_steer:
            return None
        if training.shown is not None:
            folder, history = training.shown.folder, training.shown.history
        elif training.folder is not None:
            folder, history = RunFolder(training.folder), training.history
        else:
            return None
        return (folder, history) if os.path.exists(folder.path) else None

    def offer(self, folder: RunFolder, history: History) -> ResumeOffer | None:
        """Return the options for resuming a stored run; post a notification and return None if it is impossible."""
        from mnist_tui.tui.state.resume import busy_reason, resume_offer

        refusal = "a training is running: stop it first" if self._training.is_running else busy_reason(folder)
        if refusal:
            self._post(notification(refusal, "warning"))
            return None
        try:
            return resume_offer(folder, history)
        except MnistTuiError as error:
            self._post(notification(str(error), "error"))
            return None

    def resume(self, offer: ResumeOffer, epochs: int | None) -> None:
        """Train a stored run up to a total number of epochs; None does nothing."""
        from mnist_tui.tui.state.training_thread import resumed_run

        if epochs is not None:
            train = resumed_run(offer.folder, self._analyst.data_dir, epochs)
            self._training.run(replace(offer.config, epochs=epochs), train, offer.history, offer.folder.path)

"""Question before the console is left during a training."""

from __future__ import annotations

from collections.abc import Callable

from mnist_tui.tui.state.training import Trainings
from mnist_tui.tui.widgets.dialogs import Question

STAY = "keep watching"
BACKGROUND = "quit, and keep training in the background"
STOP = "stop the training, save it and quit"


class QuitQuestion(Question):
    """Asks what happens to this console's training: `background`, `stop`, or nothing."""

    def __init__(self, training: Trainings, stop: Callable[[], None]) -> None:
        """`stop`: stops the training and leaves the console."""
        self._training, self._stop = training, stop
        answers = {"stay": STAY, "background": BACKGROUND, "stop": STOP}
        epoch = training.history.progress.epoch if training.history.progress else 0
        where = f", epoch {epoch} of {training.config.epochs}" if epoch and training.config is not None else ""
        body = f"A training is running{where}."
        if training.history.started is None:  # there is nothing yet that another process could resume
            del answers["background"]
        else:
            body += " In the background, mnist-tui attach shows it again."
        super().__init__("quit?", body, answers)

    def act(self, answer: str | None) -> None:
        """Do what was answered."""
        if answer == "stop":
            self._stop()
        elif answer == "background":
            self._training.hand_over()

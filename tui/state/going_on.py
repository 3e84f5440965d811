"""Going on with a stored run: why it can't be done, or how far it shall go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mnist_tui.engine.config import MAX_EPOCHS, RunConfig
from mnist_tui.engine.errors import MnistTuiError
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import printable
from mnist_tui.tui.widgets.dialogs import NumberQuestion

if TYPE_CHECKING:
    from mnist_tui.tui.state.training import TrainingApp


def ask(
    app: TrainingApp, folder: RunFolder, history: History, resume: Callable[[RunFolder, History, RunConfig], None]
) -> None:
    """Ask how far the run shall go on, and `resume` it with the answer."""
    if app.is_training:
        app.notify("a training is running: stop it first", severity="warning")
        return
    if folder.is_live():
        holder = folder.owner()
        app.notify(f"it is being trained{f' by {holder}' if holder else ''}", severity="warning", markup=False)
        return
    try:
        config = folder.config()
    except MnistTuiError as error:
        app.notify(str(error), severity="error", markup=False)
        return
    done = max((epoch.epoch for epoch in history.epochs if epoch.complete), default=0)
    body = f"{printable(folder.name)} has {done} of {config.epochs} epochs; it goes on exactly where it stood."
    complete = history.finished is not None and history.finished.status == "completed"
    low = done + 1 if complete else max(done, 1)  # without an end there is a test to make at least
    proposal = config.epochs if low <= config.epochs else min(2 * done, MAX_EPOCHS)

    def answered(epochs: int | None) -> None:
        if epochs is not None:
            resume(folder, history, replace(config, epochs=epochs))

    app.push_screen(NumberQuestion("go on?", body, "epochs in all", low, MAX_EPOCHS, proposal), answered)

"""What the tests of the Mistakes view share."""

from __future__ import annotations

from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.stored_network import evaluate_stored
from mnist_tui.engine.training.evaluate import Evaluation
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.mistakes.view import MistakesView
from tests.tui.conftest import until


def answers(run: RunFolder, epoch: int, split: str = "test") -> Evaluation:
    return evaluate_stored(run, epoch, split, data_dir=None, explicit_folder=False)


async def open_view(app: MnistTui, pilot, run: RunFolder, history: History) -> MistakesView:
    await app.show_run(run, history)
    await pilot.press("5")
    await until(pilot, lambda: app.current_mode == "mistakes" and app.screen.data is not None)
    await pilot.pause()
    assert isinstance(app.screen, MistakesView)
    return app.screen


def indices(view: MistakesView) -> list[int]:
    """Return the indices of the listed images in their file, in the list's order."""
    return view.data.scores.indices[view.data.positions].tolist()


async def drawn(pilot, view: MistakesView, **spec: object) -> None:
    """Wait until the view shows the wanted settings."""
    await until(pilot, lambda: all(getattr(view.data.spec, name) == value for name, value in spec.items()))


def history_seed(run: RunFolder) -> int:
    return run.config().seed

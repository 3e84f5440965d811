"""What the tests of the Weights view share."""

from __future__ import annotations

import numpy as np
from rich.text import Text
from textual.widgets import Static

from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.signed_cells import LEVELS
from mnist_tui.tui.views.weights.view import WeightsView
from mnist_tui.tui.widgets.signed_image import SignedImage
from tests.tui.conftest import until

DEEP = RunConfig(dataset="digits", epochs=2, batch_size=32, hidden=(40, 12), device="cpu", threads=1)

FLAT = RunConfig(dataset="digits", epochs=1, batch_size=32, hidden=(), device="cpu", threads=1)


async def look(app, pilot, run: RunFolder) -> WeightsView:
    """Open the view on a stored run, and wait until it is drawn."""
    await until(pilot, lambda: app.devices.found is not None)
    await app.show_run(run, History.of(run.events()))
    await pilot.press("8")
    await until(pilot, lambda: isinstance(app.screen, WeightsView) and app.screen.data is not None)
    view = app.screen
    if view.size.width >= 60 and view.size.height >= 20:
        await until(pilot, lambda: view.query_one("#weights-grid", SignedImage).block is not None)
    return view


async def detailed(pilot, view: WeightsView) -> None:
    """Wait for the details of the unit under the cursor."""
    await until(pilot, lambda: view.data.detail is not None and view.data.detail.unit == view.unit)


def words(view: WeightsView, name: str) -> str:
    shown = view.query_one(f"#{name}", Static).content
    return shown.plain if isinstance(shown, Text) else str(shown)


def shown_levels(view: WeightsView, place: int, columns: int = 5) -> np.ndarray:
    """Return the levels of a small picture on the page, as drawn on the screen."""
    block = view.query_one("#weights-grid", SignedImage).block
    row, column = place // columns * 8, place % columns * 15
    part = slice(row, row + 7), slice(column, column + 14)
    return np.stack([block.ink[part], block.paper[part]], axis=1).reshape(14, 14) - LEVELS


def matrices(run: RunFolder, epoch: int) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in run.weights(epoch).items()}


def activations(run: RunFolder, epoch: int, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Return relu(W·x + b) of the first layer in double precision, and the labels."""
    analyst = Analyst()
    _, dataset = analyst.run(run.path)
    chosen = analyst.images(run.path, split)
    weights = matrices(run, epoch)
    x = (chosen.images.reshape(len(chosen.images), -1) / 255.0 - dataset.mean) / dataset.std
    hidden = x @ weights["input_fc.weight"].astype(np.float64).T + weights["input_fc.bias"]
    return np.maximum(hidden, 0), chosen.labels

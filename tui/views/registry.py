"""Registry of the views, which are imported on demand because the first frame needs only the form."""

from __future__ import annotations

from importlib import import_module

from mnist_tui.tui.keys import VIEWS
from mnist_tui.tui.views.base import View

CLASSES = {
    "setup": ("setup.view", "SetupView"),
    "data": ("data.view", "DataView"),
    "training": ("training.view", "TrainingView"),
    "confusion": ("confusion", "ConfusionView"),
    "mistakes": ("mistakes.view", "MistakesView"),
    "projection": ("projection.view", "ProjectionView"),
    "imagine": ("imagine", "ImagineView"),
    "weights": ("weights.view", "WeightsView"),
    "runs": ("runs.view", "RunsView"),
}
"""Module below `views` and class of each mode."""
assert set(CLASSES) == {view.mode for view in VIEWS}


def import_view(mode: str) -> type[View]:
    """Import the class of a mode's view; thread-safe."""
    module, name = CLASSES[mode]
    found: type[View] = getattr(import_module(f"mnist_tui.tui.views.{module}"), name)
    assert issubclass(found, View)
    assert mode == found.MODE
    return found


def make_view(mode: str) -> View:
    """Create the view of a mode."""
    return import_view(mode)()

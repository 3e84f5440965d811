"""Which views there are. Each is imported when it is made: the first frame needs only the form."""

from __future__ import annotations

from importlib import import_module

from tui.keys import VIEWS
from tui.view import View

CLASSES = {
    "setup": "SetupView",
    "data": "DataView",
    "training": "TrainingView",
    "confusion": "ConfusionView",
    "mistakes": "MistakesView",
    "projection": "ProjectionView",
    "imagine": "ImagineView",
    "weights": "WeightsView",
    "runs": "RunsView",
}
"""The class of each mode's view, in the module of the mode's name."""
assert set(CLASSES) == {view.mode for view in VIEWS}


def import_view(mode: str) -> type[View]:
    """The class of the mode's view; may be called from any thread."""
    found: type[View] = getattr(import_module(f"tui.views.{mode}"), CLASSES[mode])
    assert issubclass(found, View)
    assert mode == found.MODE
    return found


def make_view(mode: str) -> View:
    """A new view of the mode."""
    return import_view(mode)()

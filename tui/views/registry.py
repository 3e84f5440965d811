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


def view_class(mode: str) -> type[View]:
    """The view of a mode."""
    found = getattr(import_module(f"tui.views.{mode}"), CLASSES[mode])
    assert issubclass(found, View)
    assert found.MODE == mode
    return found

"""Which views there are."""

from __future__ import annotations

from textual.screen import Screen

from tui.keys import VIEWS
from tui.views.confusion import ConfusionView
from tui.views.data import DataView
from tui.views.imagine import ImagineView
from tui.views.mistakes import MistakesView
from tui.views.projection import ProjectionView
from tui.views.runs import RunsView
from tui.views.setup import SetupView
from tui.views.training import TrainingView
from tui.views.weights import WeightsView


def view_classes() -> dict[str, type[Screen[None]]]:
    """The views by mode."""
    views = (
        SetupView,
        DataView,
        TrainingView,
        ConfusionView,
        MistakesView,
        ProjectionView,
        ImagineView,
        WeightsView,
        RunsView,
    )
    by_mode: dict[str, type[Screen[None]]] = {view.MODE: view for view in views}
    assert set(by_mode) == {view.mode for view in VIEWS}
    return by_mode

"""Weights: what the first layer looks at."""

from __future__ import annotations

from tui.analysis_view import AnalysisView
from tui.keys import bindings


class WeightsView(AnalysisView):
    """What the first layer looks at."""

    MODE = "weights"
    TITLE_WORDS = "Weights"
    BINDINGS = bindings("weights")

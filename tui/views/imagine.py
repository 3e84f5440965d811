"""Imagined digits: what the network takes for a digit."""

from __future__ import annotations

from tui.analysis_view import AnalysisView
from tui.keys import bindings


class ImagineView(AnalysisView):
    """What the network takes for a digit."""

    MODE = "imagine"
    TITLE_WORDS = "Imagine"
    BINDINGS = bindings("imagine")

"""Projection: the representations as a picture."""

from __future__ import annotations

from tui.analysis_view import AnalysisView
from tui.keys import bindings


class ProjectionView(AnalysisView):
    """The representations as a picture."""

    MODE = "projection"
    TITLE_WORDS = "Projection"
    BINDINGS = bindings("projection")

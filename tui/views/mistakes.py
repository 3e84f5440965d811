"""Mistakes: the images that the network gets wrong, and how sure it is."""

from __future__ import annotations

from tui.analysis_view import AnalysisView
from tui.keys import bindings


class MistakesView(AnalysisView):
    """The images that the network gets wrong, and how sure it is."""

    MODE = "mistakes"
    TITLE_WORDS = "Mistakes"
    BINDINGS = bindings("mistakes")

"""Quality metrics of the Projection view: computed in the background, shown as a table or in two lines."""

from __future__ import annotations

from functools import partial

from mnist_tui.engine.analysis.projection import Projection, ProjectionMetrics, cached_metrics, compute_metrics
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.projection.texts import metrics_lines_text, metrics_table_text
from mnist_tui.tui.widgets.fitted_text import FittedText

DELAY_SECONDS = 0.3
"""Delay before the metrics are computed, so that they do not slow down moving through the epochs."""


class MetricsDisplay:
    """Shows the metrics of the current projection in the widgets `#metrics` and `#metrics-lines` of a view."""

    def __init__(self, view: View) -> None:
        self.values: ProjectionMetrics | None = None
        """Metrics of the current projection; None until they are computed."""
        self._view = view
        self._note = ""

    def update(self, projection: Projection) -> None:
        """Use cached metrics, or compute them after a delay; call `draw` afterwards."""
        analyst, jobs, has_points = self._view.console.analyst, self._view.jobs, projection.points is not None
        self.reset("" if has_points else "no embedding yet")
        self.values = cached_metrics(analyst, projection) if has_points else None
        if has_points and self.values is None:
            jobs.start(
                "metrics",
                lambda job: compute_metrics(analyst, projection),
                on_result=self._show,
                on_failure=lambda line: self._show(None, line),
                failure="the metrics can't be computed",
                delay=DELAY_SECONDS,
            )

    def reset(self, note: str) -> None:
        """Cancel the computation, and show a note instead of metrics."""
        self._view.jobs.cancel("metrics")
        self.values, self._note = None, note

    def draw(self) -> None:
        """Update the widgets."""
        colours = self._view.console.colours
        table = self._view.query_one("#metrics", FittedText)
        table.border_title = "embedding quality"
        table.show(partial(metrics_table_text, self.values, self._note, colours))
        lines = partial(metrics_lines_text, self.values, self._note, colours)
        self._view.query_one("#metrics-lines", FittedText).show(lines)

    def _show(self, values: ProjectionMetrics | None, note: str = "") -> None:
        self.values, self._note = values, note
        self.draw()

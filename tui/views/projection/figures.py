"""Export states of the Projection view."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_tui.engine.analysis.projection import Projection
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.tui.render.braille import DOT_COLUMNS, DOT_ROWS, Window
from mnist_tui.tui.widgets.scatter import Scatter


def export_states(
    data: Projection, shown: Sequence[bool], scatter: Scatter, point: int | None, *, wrong: bool
) -> list[ViewState]:
    """Return the states for exporting the current projection, and all four projections together.

    Args:
        shown: whether each class is shown.
        scatter: the plot, for its visible part.
        point: index of the point under the cursor.
        wrong: whether wrong predictions are highlighted.
    """
    visible = scatter.window if scatter.zoom > 1 and data.points is not None else None
    classes = () if all(shown) else tuple(i for i, on in enumerate(shown) if on)
    settings = Settings(
        points=len(data.labels),
        classes=classes,
        window=None if visible is None else _bounds(visible),
        wrong=wrong,
        axes=data.axes,
        index=None if point is None else int(data.indices[point]),
    )
    name = f"{data.spec.method}-{data.spec.layer}"
    together = Settings(points=len(data.labels), classes=classes, wrong=wrong, index=settings.index)
    return [
        ViewState(name, data.subject, settings, data if data.points is not None else None),
        ViewState("projection", data.subject, together),
    ]


def _bounds(window: Window) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top in data coordinates, rounded to a precision far below one dot."""
    width, height = window.columns * DOT_COLUMNS * window.scale / 2, window.rows * DOT_ROWS * window.scale / 2
    left, bottom, right, top = (
        float(f"{value:.6g}") for value in (window.x - width, window.y - height, window.x + width, window.y + height)
    )
    return left, bottom, right, top

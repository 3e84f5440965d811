"""What the Projection view can become on paper, as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_tui.engine.analysis.projection import Projection
from mnist_tui.engine.figures.settings import Settings, Standing
from mnist_tui.tui.render.braille import DOT_COLUMNS, DOT_ROWS, Window
from mnist_tui.tui.widgets.scatter import Scatter


def standings(
    data: Projection, shown: Sequence[bool], scatter: Scatter, point: int | None, *, wrong: bool
) -> list[Standing]:
    """The picture as it is seen, and the four pictures together.

    Args:
        shown: which classes are.
        scatter: says which part is seen.
        point: under the cursor.
        wrong: whether the wrong ones stand out.
    """
    seen = scatter.window if scatter.zoom > 1 and data.points is not None else None
    classes = () if all(shown) else tuple(i for i, there in enumerate(shown) if there)
    settings = Settings(
        points=len(data.labels),
        classes=classes,
        window=None if seen is None else _bounds(seen),
        wrong=wrong,
        axes=data.axes,
        index=None if point is None else int(data.indices[point]),
    )
    name = f"{data.wanted.method}-{data.wanted.layer}"
    together = Settings(points=len(data.labels), classes=classes, wrong=wrong, index=settings.index)
    return [
        Standing(name, data.subject, settings, data if data.points is not None else None),
        Standing("projection", data.subject, together),
    ]


def _bounds(window: Window) -> tuple[float, float, float, float]:
    """Left, bottom, right and top in the picture's units, with digits enough that the eye sees no difference."""
    width, height = window.columns * DOT_COLUMNS * window.scale / 2, window.rows * DOT_ROWS * window.scale / 2
    left, bottom, right, top = (
        float(f"{value:.6g}") for value in (window.x - width, window.y - height, window.x + width, window.y + height)
    )
    return left, bottom, right, top

"""Export states of the Mistakes view."""

from __future__ import annotations

from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.engine.figures.settings import Settings, ViewState


def export_states(data: MistakesData, position: int | None, first: int, *, image_first: bool) -> list[ViewState]:
    """Return the states for exporting the grid and the image under the cursor.

    Args:
        position: position of the image under the cursor in the split; None if the list is empty.
        first: index of the first image of the page in the list.
        image_first: whether the image is the default.
    """
    spec = data.spec
    index = None if position is None else int(data.scores.indices[position])
    settings = Settings(
        first=first + 1,
        which=spec.which,
        sort=spec.sort,
        reverse=spec.reverse,
        filter=spec.filter.strip(),
        index=index,
    )
    grid = ViewState("mistakes", data.subject, settings, data)
    if index is None:
        return [grid]
    image = ViewState("image", data.subject, Settings(index=index))
    return [image, grid] if image_first else [grid, image]

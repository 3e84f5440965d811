"""Panel with an enlarged image and its details."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.widgets import Static

from mnist_tui.engine.analysis.image_details import (
    ImageDetails,
    ImageQuery,
    inspect_image,
    sample_epochs,
)
from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.tui.messages import JobUpdate
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.state.jobs import Job, Jobs
from mnist_tui.tui.views.mistakes.texts import bars_text, facts_text, history_text, nearest_text, neighbour_caption
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.pick_grid import PickGrid

if TYPE_CHECKING:
    from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.analysis.subject import Analyst

LARGE = (28, 14)
SMALL = (14, 7)
NEIGHBOUR_ROWS = 8
"""Rows of the images of the neighbours with their captions."""
HIDDEN = Region()
DETAIL_DELAY_SECONDS = 0.06
"""Delay before the details of an image are computed, so that a moving cursor skips images."""


@dataclass(frozen=True, slots=True)
class Places:
    """Regions of the parts; an empty region hides a part."""

    image: Region
    facts: Region
    bars: Region
    heading: Region
    """Heading of the neighbours."""
    neighbours: Region
    """Images of the neighbours."""
    history: Region


def arrange(width: int, height: int) -> Places:
    """Arrange the parts in a panel; parts that do not fit are shrunk first, then hidden."""
    if width >= 58:
        side, room = LARGE[0] + 2, width - LARGE[0] - 2
        image = Region(0, 0, *LARGE)
        if height >= 28:
            near = 2 * NEIGHBOUR_ROWS if height >= 28 + NEIGHBOUR_ROWS else NEIGHBOUR_ROWS
            return Places(
                image,
                Region(side, 0, room, 3),
                Region(side, 4, room, 10),
                Region(0, 15, width, 1),
                Region(0, 16, width, near),
                Region(0, 17 + near, width, 3),
            )
        if room >= 45 and height >= 18:
            return Places(
                image,
                Region(side, 0, room, 1),
                Region(side, 1, room, 5),
                Region(side, 6, room, 1),
                Region(side, 7, room, NEIGHBOUR_ROWS),
                Region(0, height - 3, width, 3),
            )
        rows = 3 if height >= 17 else 2
        return Places(
            image,
            Region(side, 0, room, 3),
            Region(side, 3, room, 10),
            Region(side, 13, room, 1),
            HIDDEN,
            Region(0, 14, width, rows),
        )
    top, near = LARGE[1] + 3, NEIGHBOUR_ROWS
    image, facts = Region(0, 0, *LARGE), Region(0, LARGE[1], width, 3)
    rows = 10 if height >= top + 10 + 1 + NEIGHBOUR_ROWS + 3 else 5
    if height < top + rows + 1 + NEIGHBOUR_ROWS + 3:
        image, facts = Region(0, 0, *SMALL), Region(SMALL[0] + 2, 2, width - SMALL[0] - 2, 3)
        top = SMALL[1]
        near = NEIGHBOUR_ROWS if height >= top + rows + 1 + NEIGHBOUR_ROWS + 3 else 0
    below = top + rows
    return Places(
        image,
        facts,
        Region(0, top, width, rows),
        Region(0, below, width, 1),
        Region(0, below + 1, width, near) if near else HIDDEN,
        Region(0, below + 1 + near, width, 3),
    )


def find(job: Job, analyst: Analyst, query: ImageQuery) -> ImageDetails | None:
    """Compute the details of an image, and report its history first; return None if cancelled before that."""
    details = None
    for details in inspect_image(analyst, query, lambda: job.cancelled):
        if details.neighbours is None:
            job.report(details)
    return details


class Detail(Container):
    """Image under the cursor with its probabilities, nearest training images and history."""

    DEFAULT_CSS = """
    Detail > * { position: absolute; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, analyst: Analyst, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._analyst = analyst
        self._data: MistakesData | None = None
        self._position = 0
        self._query: ImageQuery | None = None
        self._current_query: ImageQuery | None = None
        self._jobs = Jobs(self)
        self._details: ImageDetails | None = None
        self._is_scheduled = False
        self._shown: tuple[MistakesData, int, tuple[int, ...], tuple[int, ...]] | None = None

    def on_resize(self) -> None:
        """Draw again for the new size, or for the first time."""
        if self._shown is not None:
            self.show(*self._shown)

    def compose(self) -> ComposeResult:
        yield ImageGrid(id="detail-image")
        yield Static(id="detail-facts")
        yield Static(id="detail-bars")
        yield Static(id="detail-heading")
        yield PickGrid(id="detail-neighbours")
        yield Static(id="detail-history")

    def show(self, data: MistakesData, position: int, page: tuple[int, ...], epochs: tuple[int, ...]) -> None:
        """Show an image if there is space, and compute its details after a short delay.

        Args:
            page: positions that are likely to be requested next; includes `position`.
            epochs: epochs with stored weights.
        """
        self._shown = data, position, page, epochs
        if not (self.display and self.size.area):
            return
        self._data, self._position = data, position
        room = max(3, self.content_size.width - 10)
        subject = data.subject
        version = self._analyst.version(subject.folder, subject.epoch)
        query = ImageQuery(subject, position, page, sample_epochs(epochs, subject.epoch, room), version)
        if query != self._query:
            old, self._query = self._query, query
            if old is None or old.image != query.image:
                self._details = None
            if not self._is_scheduled:  # otherwise the running timer uses the new query
                self._is_scheduled = True
                self.set_timer(DETAIL_DELAY_SECONDS, self._compute_details)
        self._draw()

    # -- details -----------------------------------------------------------------------------------------------

    async def on_job_update(self, message: JobUpdate) -> None:
        await message.deliver()

    def _compute_details(self) -> None:
        self._is_scheduled, query = False, self._query
        if query is None:
            return
        # Queued for new epochs of the same image, because a fast training would keep cancelling the computation.
        same = self._current_query is not None and self._current_query.image == query.image
        self._current_query = query
        self._jobs.start(
            "details",
            partial(find, analyst=self._analyst, query=query),
            on_result=self._show_details,
            on_progress=self._show_details,
            on_failure=lambda line: self._show_details(ImageDetails(query, neighbours=(), failure=line)),
            failure="the search failed",
            queue=same,
        )

    def _show_details(self, new: ImageDetails | None) -> None:
        old = self._details
        if new is None or self._query is None or self._query.image != new.query.image:
            return
        if new.neighbours is None and old is not None:
            new = replace(new, neighbours=old.neighbours, space=old.space, failure=old.failure)
        self._details = new
        self._draw()

    # -- drawing -----------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        data, position, details = self._data, self._position, self._details
        if data is None:
            return
        size, colours = self.content_size, rich_colours(self.app.theme_variables)
        places = arrange(size.width, size.height)
        for name in ("image", "facts", "bars", "heading", "neighbours", "history"):
            self._place(f"#detail-{name}", getattr(places, name))
        scores, classes = data.scores, data.classes

        picture = self.query_one("#detail-image", ImageGrid)
        image, large = data.images[position], places.image.width == LARGE[0]
        picture.small = not large
        # A braille cell holds eight pixels: doubled, the image is as large as with half blocks.
        picture.show(
            [Picture(np.kron(image, np.ones((2, 2), np.uint8)) if large and picture.style == "braille" else image)]
        )

        true, predicted = int(scores.labels[position]), int(scores.predictions[position])
        self._update_part("facts", facts_text(data, position, colours, places.facts.size))
        self._update_part(
            "bars", bars_text(scores.probabilities[position], true, predicted, classes, colours, places.bars.size)
        )
        grid = self.query_one(PickGrid)
        grid.show([Picture(each.image, neighbour_caption(each, classes, SMALL[0])) for each in self.neighbours])
        width = places.heading.width
        heading = nearest_text(details, classes, colours, width, pictures=places.neighbours.height > 0)
        self._update_part("heading", heading)
        predictions = details.predictions if details is not None else ()
        history = history_text(predictions, data.subject.epoch, classes, colours, places.history.size)
        self._update_part("history", history)

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Nearest training images of the image; none until they are computed."""
        return (self._details.neighbours or ()) if self._details is not None else ()

    @property
    def has_neighbours(self) -> bool:
        """Whether images of neighbours are displayed."""
        return bool(self.neighbours) and self.query_one(PickGrid).display

    def focus_neighbours(self) -> None:
        """Give the focus to the images of the neighbours."""
        self.query_one(PickGrid).focus()

    def next_style(self) -> None:
        """Switch to the next rendering style."""
        for grid in self.query(ImageGrid):
            grid.next_style()

    def _update_part(self, part: str, text: object) -> None:
        self.query_one(f"#detail-{part}", Static).update(text, layout=False)  # type: ignore[arg-type]

    def _place(self, part: str, region: Region) -> None:
        widget = self.query_one(part)
        widget.display = region.area > 0
        widget.styles.offset = region.offset
        widget.styles.width, widget.styles.height = region.size

"""One image large, and all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.widgets import Static

from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.engine.analysis.research import Findings, Question, research, spread
from mnist_tui.tui.messages import JobUpdate
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.state.jobs import Job, Jobs
from mnist_tui.tui.views.mistakes.texts import bars_text, facts_text, history_text, nearest_text, neighbour_caption
from mnist_tui.tui.widgets.image import ImageGrid, Picture

if TYPE_CHECKING:
    from mnist_tui.engine.analysis.subject import Analyst

LARGE = (28, 14)
SMALL = (14, 7)
NEAR = 8
"""Rows of the neighbours' pictures with their captions."""
NOWHERE = Region()
REST = 0.06
"""Seconds after which the image under the cursor is looked into; while it moves, not every one is."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts stand; an empty region hides one."""

    image: Region
    facts: Region
    bars: Region
    words: Region
    """The line about the neighbours."""
    near: Region
    """The neighbours' pictures."""
    history: Region


def arrange(width: int, height: int) -> Places:
    """The best places for the parts in a panel: what there is no room for is smaller first, then left out."""
    if width >= 58:
        side, room = LARGE[0] + 2, width - LARGE[0] - 2
        image = Region(0, 0, *LARGE)
        if height >= 28:
            near = 2 * NEAR if height >= 28 + NEAR else NEAR
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
                Region(side, 7, room, NEAR),
                Region(0, height - 3, width, 3),
            )
        rows = 3 if height >= 17 else 2
        return Places(
            image,
            Region(side, 0, room, 3),
            Region(side, 3, room, 10),
            Region(side, 13, room, 1),
            NOWHERE,
            Region(0, 14, width, rows),
        )
    top, near = LARGE[1] + 3, NEAR
    image, facts = Region(0, 0, *LARGE), Region(0, LARGE[1], width, 3)
    rows = 10 if height >= top + 10 + 1 + NEAR + 3 else 5
    if height < top + rows + 1 + NEAR + 3:
        image, facts = Region(0, 0, *SMALL), Region(SMALL[0] + 2, 2, width - SMALL[0] - 2, 3)
        top = SMALL[1]
        near = NEAR if height >= top + rows + 1 + NEAR + 3 else 0
    below = top + rows
    return Places(
        image,
        facts,
        Region(0, top, width, rows),
        Region(0, below, width, 1),
        Region(0, below + 1, width, near) if near else NOWHERE,
        Region(0, below + 1 + near, width, 3),
    )


def find(job: Job, analyst: Analyst, question: Question) -> Findings | None:
    """Look into an image; reports its history before the rest is known. None where it was cancelled before."""
    findings = None
    for findings in research(analyst, question, lambda: job.cancelled):
        if findings.neighbours is None:
            job.report(findings)
    return findings


class Detail(Container):
    """The image under the cursor: picture, probabilities, nearest training images, history."""

    DEFAULT_CSS = """
    Detail > * { position: absolute; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, analyst: Analyst, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._analyst = analyst
        self._data: MistakesData | None = None
        self._position = 0
        self._question: Question | None = None
        self._asked: Question | None = None
        self._jobs = Jobs(self)
        self._findings: Findings | None = None
        self._is_due = False
        self._wanted: tuple[MistakesData, int, tuple[int, ...], tuple[int, ...]] | None = None

    def on_resize(self) -> None:
        """What was to be shown before there was room for it, or in other room."""
        if self._wanted is not None:
            self.show(*self._wanted)

    def compose(self) -> ComposeResult:
        yield ImageGrid(id="look-image")
        yield Static(id="look-facts")
        yield Static(id="look-bars")
        yield Static(id="look-words")
        yield ImageGrid(id="look-near")
        yield Static(id="look-history")

    def show(self, data: MistakesData, position: int, page: tuple[int, ...], epochs: tuple[int, ...]) -> None:
        """Show an image, where there is room for it, and have it looked into a moment later.

        Args:
            page: the positions that are likely to be looked at next, this one among them.
            epochs: the stored ones.
        """
        self._wanted = data, position, page, epochs
        if not (self.display and self.size.area):
            return
        self._data, self._position = data, position
        room = max(3, self.content_size.width - 10)
        subject = data.subject
        version = self._analyst.version(subject.folder, subject.epoch)
        question = Question(subject, position, page, spread(epochs, subject.epoch, room), version)
        if question != self._question:
            old, self._question = self._question, question
            if old is None or old.image != question.image:
                self._findings = None
            if not self._is_due:  # else the timer asks what is wanted by then
                self._is_due = True
                self.set_timer(REST, self._research)
        self._draw()

    # -- what is found out -------------------------------------------------------------------------------------

    async def on_job_update(self, message: JobUpdate) -> None:
        await message.deliver()

    def _research(self) -> None:
        self._is_due, question = False, self._question
        if question is None:
            return
        # More epochs of the same image do not stop it: a fast training would never let it come to an end.
        same = self._asked is not None and self._asked.image == question.image
        self._asked = question
        self._jobs.start(
            "research",
            partial(find, analyst=self._analyst, question=question),
            on_result=self._found,
            on_progress=self._found,
            on_failure=lambda line: self._found(Findings(question, neighbours=(), trouble=line)),
            failure="the search failed",
            queue=same,
        )

    def _found(self, new: Findings | None) -> None:
        old = self._findings
        if new is None or self._question is None or self._question.image != new.question.image:
            return
        if new.neighbours is None and old is not None:
            new = replace(new, neighbours=old.neighbours, space=old.space, trouble=old.trouble)
        self._findings = new
        self._draw()

    # -- drawing -----------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        data, position, findings = self._data, self._position, self._findings
        if data is None:
            return
        size, colours = self.content_size, rich_colours(self.app.theme_variables)
        places = arrange(size.width, size.height)
        for name in ("image", "facts", "bars", "words", "near", "history"):
            self._place(f"#look-{name}", getattr(places, name))
        judged, classes = data.judged, data.classes

        picture = self.query_one("#look-image", ImageGrid)
        image, large = data.images[position], places.image.width == LARGE[0]
        picture.small = not large
        # A braille cell holds eight pixels, so that only a picture of twice the size is as large as half blocks are.
        picture.show(
            [Picture(np.kron(image, np.ones((2, 2), np.uint8)) if large and picture.style == "braille" else image)]
        )

        true, predicted = int(judged.labels[position]), int(judged.predictions[position])
        self._say("facts", facts_text(data, position, colours, places.facts.size))
        self._say(
            "bars", bars_text(judged.probabilities[position], true, predicted, classes, colours, places.bars.size)
        )
        shown = findings.neighbours if findings is not None and findings.neighbours else ()
        near = self.query_one("#look-near", ImageGrid)
        near.show([Picture(each.image, neighbour_caption(each, classes, SMALL[0])) for each in shown])
        width = places.words.width
        self._say("words", nearest_text(findings, classes, colours, width, pictures=places.near.height > 0))
        verdicts = findings.verdicts if findings is not None else ()
        self._say("history", history_text(verdicts, data.subject.epoch, classes, colours, places.history.size))

    def next_style(self) -> None:
        """The pictures' next style."""
        for grid in self.query(ImageGrid):
            grid.next_style()

    def _say(self, part: str, text: object) -> None:
        self.query_one(f"#look-{part}", Static).update(text, layout=False)  # type: ignore[arg-type]

    def _place(self, part: str, region: Region) -> None:
        widget = self.query_one(part)
        widget.display = region.area > 0
        widget.styles.offset = region.offset
        widget.styles.width, widget.styles.height = region.size

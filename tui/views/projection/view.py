"""Projection: the representations as a picture, by PCA or t-SNE."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from mnist_tui.engine.analysis.projection import (
    Numbers,
    Projection,
    Wanted,
    first_point,
    known_numbers,
    measure,
    project,
)
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.analysis.tsne import Embedding
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.terminal.capabilities import best_image_style, supports_utf8
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.projection import texts as words
from mnist_tui.tui.views.projection.figures import export_states
from mnist_tui.tui.views.projection.jobs import Formed, Forming, form
from mnist_tui.tui.views.projection.legend import Legend
from mnist_tui.tui.widgets.fitted_text import FittedText
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.scatter import EMPTY_CLOUD, PAN, ZOOM, Cloud, Scatter, best_point_style

SETTLED = 0.3
"""Seconds that a picture stays before its numbers are measured, so that scrubbing is not held up by them."""


class ProjectionView(AnalysisView):
    """The picture with a cursor; the classes, the point under the cursor and the picture's quality beside it."""

    MODE = "projection"
    TITLE_WORDS = "Projection"
    BINDINGS = bindings("projection")
    MORE_SCOPES = ("legend", "subject")
    CSS_PATH = "view.tcss"
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = Wanted()
        self.numbers: Numbers | None = None
        """How good the picture is, once it is measured."""
        self._forming: Forming | None = None
        """The t-SNE that forms, of this picture or of one that was left meanwhile."""
        self._asked = False
        """A t-SNE was asked for before the view had got to it."""
        self._note = ""
        self._numbers_note = ""
        self._highlight = False

    def content(self) -> ComposeResult:
        with Container(id="projection"):
            with Container(id="projection-main"):
                yield Scatter(id="scatter")
                with Vertical(id="projection-side"):
                    yield Legend(id="legend")
                    with Container(id="point"):
                        yield ImageGrid(id="point-image")
                        yield FittedText(id="point-words")
                    yield FittedText(id="numbers")
            yield FittedText(id="number-lines")

    def on_mount(self) -> None:
        self.query_one(Scatter).style = best_point_style(self.app.console)
        self.query_one(ImageGrid).style = best_image_style(self.app.console)

    # -- the picture -------------------------------------------------------------------------------------------

    def settings(self) -> Wanted:
        return self.wanted

    def compute(self, subject: Subject) -> Projection:
        return project(self.console.analyst, subject, self.wanted)

    def receive(self, data: Projection) -> Projection:
        """Begin what a new picture needs."""
        picture = data
        self._note = ""
        forming = self._forming
        if forming is not None and forming.makes(picture):
            picture = forming.as_far(picture)
        self._new_numbers(picture)
        if self._current_cursor(picture) is None:
            self.query_one(Scatter).cursor = first_point(picture)
        self.data = picture
        if self._forming_here is None and (picture.damaged or (self._asked and picture.points is None)):
            self._start()
        self._asked = False
        begun: Projection = self.data  # without points where a t-SNE was started
        return begun

    def _current_cursor(self, picture: Projection) -> int | None:
        cursor = self.query_one(Scatter).cursor
        return cursor if cursor is not None and cursor < len(picture.labels) else None

    @property
    def _forming_here(self) -> Forming | None:
        """The t-SNE that forms, where it is of the picture that is shown."""
        forming = self._forming
        return forming if forming is not None and self.data is not None and forming.makes(self.data) else None

    def draw(self, data: Projection) -> None:
        legend, scatter = self.query_one(Legend), self.query_one(Scatter)
        legend.border_title = "classes"
        legend.set_entries(data.classes, tuple(np.bincount(data.labels, minlength=len(data.classes)).tolist()))
        self._show_cloud()
        scatter.border_title = words.title_label(data, scatter.size.width - 4)
        self._show_point()
        self._show_numbers()

    def _show_cloud(self) -> None:
        data, scatter = self.data, self.query_one(Scatter)
        if data.points is None:
            scatter.show(EMPTY_CLOUD, words.empty_label(data, self._forming_here is not None, self._note))
        else:
            visible = np.array(self.query_one(Legend).shown)[data.labels]
            scatter.show(Cloud(data.points, data.labels, visible, data.wrong if self._highlight else None))
        state = words.state_label(data, self._forming_here is not None, self._note)
        if self._forming is not None and self._forming_here is None:
            state = f"{words.background_label(self._forming.picture)}  {state}"
        if self._highlight:
            state = f"{int(data.wrong.sum()):,} wrong  {state}"
        scatter.border_subtitle = state

    def _show_point(self) -> None:
        data, panel = self.data, self.query_one("#point")
        grid, text = self.query_one(ImageGrid), self.query_one("#point-words", FittedText)
        point = self._current_cursor(data)
        grid.small = not (self.has_class("-wide") and self.has_class("-tall"))
        width, height = grey_cells.cell_size(grid.style, small=grid.small)
        grid.styles.width, grid.styles.height = width, height + 1
        if point is None:
            grid.show([])
            text.show(lambda width, rows: Text())
            return
        panel.border_title = words.point_title(data, point)
        grid.show([Picture(data.images[point], f"#{data.indices[point]}")])
        text.show(partial(words.point_text, data, point, self.console.colours))

    # -- the numbers -------------------------------------------------------------------------------------------

    def _new_numbers(self, picture: Projection) -> None:
        """Show what is known of the picture, or measure it when it has stayed for a moment."""
        analyst, there = self.console.analyst, picture.points is not None
        self.numbers = known_numbers(analyst, picture) if there else None
        self._numbers_note = "" if there else "no picture to measure"
        self.jobs.cancel("numbers")
        if there and self.numbers is None:
            self.jobs.start(
                "numbers",
                lambda job: measure(analyst, picture),
                on_result=self._measured,
                on_failure=lambda line: self._measured(None, line),
                failure="the picture can't be measured",
                delay=SETTLED,
            )

    def _measured(self, numbers: Numbers | None, note: str = "") -> None:
        self.numbers, self._numbers_note = numbers, note
        if self.data is not None:
            self._show_numbers()

    def _show_numbers(self) -> None:
        colours = self.console.colours
        table = self.query_one("#numbers", FittedText)
        table.border_title = "how good the picture is"
        table.show(partial(words.numbers_table_text, self.numbers, self._numbers_note, colours))
        lines = partial(words.numbers_lines_text, self.numbers, self._numbers_note, colours)
        self.query_one("#number-lines", FittedText).show(lines)

    # -- t-SNE -------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.jobs.stop("t-SNE")  # one at a time; what the other one has is kept
        scrubber = self.console.scrubber
        if self.console.training.is_running and scrubber.follows:
            scrubber.choose(self.data.subject.epoch)  # else the next epoch would end it
        self.jobs.cancel("numbers")
        self.data = replace(self.data, points=None, embedding=None)
        self.numbers, self._numbers_note = None, words.start_label(self.data)
        self._forming = Forming(self.data)
        self.jobs.start(
            "t-SNE",
            partial(form, analyst=self.console.analyst, picture=self.data),
            on_result=self._formed,
            on_progress=self._formed_more,
            on_failure=self._ended,
            failure="t-SNE failed",
        )
        self.refresh_bindings()

    def _formed_more(self, embedding: Embedding) -> None:
        assert self._forming is not None
        self._forming.latest = embedding
        if self._forming_here is not None:
            self.data = self._forming.as_far(self.data)
        if self.data is not None:
            self._show_cloud()

    def _formed(self, formed: Formed) -> None:
        assert self._forming is not None
        self._forming.latest = formed.embedding
        self._ended(formed.note)

    def _ended(self, note: str) -> None:
        forming, here = self._forming, self._forming_here is not None
        assert forming is not None
        self._forming = None
        self.refresh_bindings()
        if here:
            self.data = forming.as_far(self.data)
            self._note = words.end_label(self.data, note)
            self._new_numbers(self.data)
        else:
            self.notify(f"{words.tsne_label(forming.picture)}: {note}", markup=False)
        if self.data is not None:
            self.draw(self.data)

    def export_states(self) -> list[ViewState]:
        if self.data is None:
            return []
        point, shown = self._current_cursor(self.data), self.query_one(Legend).shown
        return export_states(self.data, shown, self.query_one(Scatter), point, wrong=self._highlight)

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "run":
            return self.data is not None and self.wanted.method == "tsne"
        if action == "look":
            return self.data is not None and supports_utf8(self.app.console)
        if action in ("step", "open_image", "method", "layer", "wrong", "classes", "zoom", "whole", "pan", "points"):
            return self.data is not None
        return super().check_action(action, parameters)

    def back(self) -> None:
        scatter = self.query_one(Scatter)
        if self.focused is None and self._forming_here is not None:
            self.jobs.stop("t-SNE")
        elif self.focused is None and scatter.zoom > 1:
            self.action_whole()
        else:
            super().back()

    def _want(self, wanted: Wanted) -> None:
        if wanted != self.wanted:
            self.wanted = wanted
            self.refresh_data()
            self.refresh_bindings()

    def action_method(self) -> None:
        self._want(replace(self.wanted, method="pca" if self.wanted.method == "tsne" else "tsne"))

    def action_layer(self) -> None:
        self._want(replace(self.wanted, layer="output" if self.wanted.layer == "hidden" else "hidden"))

    def action_points(self, by: int) -> None:
        self._want(self.wanted.other_points(by, self.data.available))

    def action_run(self) -> None:
        if self._forming_here is not None:
            self.jobs.stop("t-SNE")
        elif self.data.wanted != self.wanted:
            self._asked = True
        else:
            self._note = ""
            self._start()
            self.draw(self.data)

    def action_wrong(self) -> None:
        self._highlight = not self._highlight
        self._show_cloud()

    def action_classes(self) -> None:
        self.query_one(Legend).focus()

    def action_look(self) -> None:
        scatter = self.query_one(Scatter)
        scatter.style = "digits" if scatter.style == "dots" else "dots"

    def action_zoom(self, by: int) -> None:
        self.query_one(Scatter).zoom_by(ZOOM if by > 0 else 1 / ZOOM)

    def action_whole(self) -> None:
        self.query_one(Scatter).zoom_by(0.0)

    def action_pan(self, across: int, up: int) -> None:
        self.query_one(Scatter).pan(PAN * across, PAN * up)

    def action_step(self, across: int, up: int) -> None:
        if self.query_one(Scatter).move(across, up):
            self._show_point()

    async def action_open_image(self) -> None:
        """See the image under the cursor in Mistakes."""
        point = self._current_cursor(self.data)
        if point is not None:
            await self.console.open_images(f"index:{self.data.indices[point]}")

    def on_scatter_pointed(self, message: Scatter.Pointed) -> None:
        if self.data is not None and message.point < len(self.data.labels):
            self.query_one(Scatter).cursor = message.point
            self._show_point()

    async def on_scatter_opened(self) -> None:
        if self.data is not None:
            await self.action_open_image()

    def on_legend_changed(self) -> None:
        if self.data is None:
            return
        self._show_cloud()
        self.query_one(Scatter).snap_cursor()
        self._show_point()

"""Projection: the representations as a picture, by PCA or t-SNE."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import partial

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from mnist_tui.engine.analysis.projection import Numbers, Projection, Projector, Wanted, first_point
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Standing
from mnist_tui.engine.runs.folder import Version
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.terminal.capabilities import best_image_style, speaks_utf8
from mnist_tui.tui.views.analysis_base import AnalysisView, Computed
from mnist_tui.tui.views.projection import texts as words
from mnist_tui.tui.views.projection.figures import standings
from mnist_tui.tui.views.projection.jobs import Formed, Measured, TsneThread, measure
from mnist_tui.tui.views.projection.legend import Legend
from mnist_tui.tui.widgets.fitted_text import FittedWords
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.scatter import NOTHING, PAN, ZOOM, Cloud, Scatter, best_look

SETTLED = 0.3
"""Seconds that a picture stays before its numbers are measured, so that scrubbing is not held up by them."""
NUMBERS_KEPT = 64


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
        self._tsne: TsneThread | None = None
        """The t-SNE that forms, of this picture or of one that was left meanwhile."""
        self._asked = False
        """A t-SNE was asked for before the view had got to it."""
        self._serial = 0
        """Counts pictures, so that late messages about an older one are recognised."""
        self._note = ""
        self._numbers_note = ""
        self._known: OrderedDict[tuple[Subject, Version, Wanted], Numbers] = OrderedDict()
        self._highlight = False

    def content(self) -> ComposeResult:
        with Container(id="projection"):
            with Container(id="projection-main"):
                yield Scatter(id="scatter")
                with Vertical(id="projection-side"):
                    yield Legend(id="legend")
                    with Container(id="point"):
                        yield ImageGrid(id="point-image")
                        yield FittedWords(id="point-words")
                    yield FittedWords(id="numbers")
            yield FittedWords(id="number-lines")

    def on_mount(self) -> None:
        self.projector = Projector(self.console.analyst)
        self.query_one(Scatter).look = best_look(self.app.console)
        self.query_one(ImageGrid).style = best_image_style(self.app.console)

    def on_unmount(self) -> None:
        if self._tsne is not None:
            self._tsne.drop()

    # -- the picture -------------------------------------------------------------------------------------------

    def settings(self) -> Wanted:
        return self.wanted

    def compute(self, subject: Subject) -> Projection:
        return self.projector.projection(subject, self.wanted)

    def on_computed(self, message: Computed) -> None:
        """Besides drawing it: begin what a new picture needs."""
        if message.request != self._request:
            return
        if message.error:
            return
        picture: Projection = message.data
        self._note = ""
        forming = self._tsne
        if forming is not None and forming.makes(picture):
            picture = message.data = forming.as_far(picture)
        self._new_numbers(picture)
        if self._current_cursor(picture) is None:
            self.query_one(Scatter).cursor = first_point(picture)
        if self._forming_here is None and (picture.damaged or (self._asked and picture.points is None)):
            self.data = picture
            self._start()
            message.data = self.data
        self._asked = False

    def _current_cursor(self, picture: Projection) -> int | None:
        cursor = self.query_one(Scatter).cursor
        return cursor if cursor is not None and cursor < len(picture.labels) else None

    @property
    def _forming_here(self) -> TsneThread | None:
        """The t-SNE that forms, where it is of the picture that is shown."""
        forming = self._tsne
        return forming if forming is not None and self.data is not None and forming.makes(self.data) else None

    def draw(self, data: Projection) -> None:
        legend, scatter = self.query_one(Legend), self.query_one(Scatter)
        legend.border_title = "classes"
        legend.describe(data.classes, tuple(np.bincount(data.labels, minlength=len(data.classes)).tolist()))
        self._show_cloud()
        scatter.border_title = words.title_words(data, scatter.size.width - 4)
        self._show_point()
        self._show_numbers()

    def _show_cloud(self) -> None:
        data, scatter = self.data, self.query_one(Scatter)
        if data.points is None:
            scatter.show(NOTHING, words.empty_words(data, self._forming_here is not None, self._note))
        else:
            visible = np.array(self.query_one(Legend).shown)[data.labels]
            scatter.show(Cloud(data.points, data.labels, visible, data.wrong if self._highlight else None))
        state = words.state_words(data, self._forming_here is not None, self._note)
        if self._tsne is not None and self._forming_here is None:
            state = f"{words.elsewhere_words(self._tsne.picture)}  {state}"
        if self._highlight:
            state = f"{int(data.wrong.sum()):,} wrong  {state}"
        scatter.border_subtitle = state

    def _show_point(self) -> None:
        data, panel = self.data, self.query_one("#point")
        grid, text = self.query_one(ImageGrid), self.query_one("#point-words", FittedWords)
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
        text.show(partial(words.point_words, data, point, self.console.colours))

    # -- the numbers -------------------------------------------------------------------------------------------

    def _new_numbers(self, picture: Projection) -> None:
        """Show what is known of the picture, or measure it when it has stayed for a moment."""
        self._serial += 1
        self.numbers = self._known.get((picture.subject, picture.version, picture.wanted))
        self._numbers_note = "" if picture.points is not None else "no picture to measure"
        if self.numbers is None and picture.points is not None:
            current = lambda: self._serial  # noqa: E731
            job = partial(measure, self, self._serial, current, self.projector, picture)
            self.set_timer(SETTLED, job)

    def on_measured(self, message: Measured) -> None:
        if message.request != self._serial or self.data is None:
            return
        self.numbers, self._numbers_note = message.numbers, message.error
        if message.numbers is not None:
            self._known[self.data.subject, self.data.version, self.data.wanted] = message.numbers
            while len(self._known) > NUMBERS_KEPT:
                self._known.popitem(last=False)
        self._show_numbers()

    def _show_numbers(self) -> None:
        colours = self.console.colours
        table = self.query_one("#numbers", FittedWords)
        table.border_title = "how good the picture is"
        table.show(partial(words.numbers_table, self.numbers, self._numbers_note, colours))
        lines = partial(words.numbers_lines, self.numbers, self._numbers_note, colours)
        self.query_one("#number-lines", FittedWords).show(lines)

    # -- t-SNE -------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._tsne is not None:  # one at a time; what the other one has is kept
            self._tsne.stop()
        scrubber = self.console.scrubber
        if self.console.training.is_running and scrubber.follows:
            scrubber.choose(self.data.subject.epoch)  # else the next epoch would end it
        self._serial += 1
        self.data = replace(self.data, points=None, embedding=None)
        self._known.pop((self.data.subject, self.data.version, self.data.wanted), None)
        self.numbers, self._numbers_note = None, words.start_words(self.data)
        self._tsne = TsneThread(self, self._serial, self.data)
        self._tsne.start()
        self.refresh_bindings()

    def on_formed(self, message: Formed) -> None:
        if self._tsne is None or message.request != self._tsne.request:
            return
        here = self._forming_here
        if message.ended and here is None:
            self.notify(f"{words.which_words(self._tsne.picture)}: {message.note}", markup=False)
        elif here is not None:
            self.data = here.as_far(self.data)
        if message.ended:
            self._tsne = None
            self.refresh_bindings()
        if message.ended and here is not None:
            self._note = words.end_words(self.data, message.note)
            self._new_numbers(self.data)
        if self.data is not None:
            self.draw(self.data) if message.ended else self._show_cloud()

    def standings(self) -> list[Standing]:
        if self.data is None:
            return []
        point, shown = self._current_cursor(self.data), self.query_one(Legend).shown
        return standings(self.data, shown, self.query_one(Scatter), point, wrong=self._highlight)

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "run":
            return self.data is not None and self.wanted.method == "tsne"
        if action == "look":
            return self.data is not None and speaks_utf8(self.app.console)
        if action in ("step", "open_image", "method", "layer", "wrong", "classes", "zoom", "whole", "pan", "points"):
            return self.data is not None
        return super().check_action(action, parameters)

    def back(self) -> None:
        scatter = self.query_one(Scatter)
        if self.focused is None and self._forming_here is not None:
            self._forming_here.stop()
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
            self._forming_here.stop()
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
        scatter.look = "digits" if scatter.look == "dots" else "dots"

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
        self.query_one(Scatter).settle()
        self._show_point()

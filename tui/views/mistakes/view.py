"""Mistakes view: a filtered and sorted list of images, by default the misclassified ones."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from mnist_tui.engine.analysis.listing import ListSpec, MistakesData, compute, cursor_index
from mnist_tui.engine.analysis.orders import SORTS, WHICH
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.mistakes.detail import Detail
from mnist_tui.tui.views.mistakes.figures import export_states
from mnist_tui.tui.views.mistakes.filter_error import FilterError
from mnist_tui.tui.views.mistakes.links import Links, Origin, leads_to_image
from mnist_tui.tui.views.mistakes.texts import caption, caption_lines, empty_label, status_text
from mnist_tui.tui.widgets.cursor_grid import CursorGrid
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.fields import FilterField
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.pick_grid import PickGrid

GRID_WIDTH = 77  # columns of five small images side by side
DETAIL_WIDTH = (42, 82)  # minimum and maximum columns of the detail panel beside the grid


class MistakesView(AnalysisView):
    """Grid of images with a cursor, and a detail panel."""

    MODE = "mistakes"
    HELP_TITLE = "Mistakes"
    MORE_SCOPES = ("subject", "filter", "list")
    BINDINGS = bindings("mistakes")
    CSS_PATH = "view.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.spec = ListSpec()
        """Filter and order of the list."""
        self.cursor = 0
        """Index of the cursor in the list."""
        self._links = Links()
        self._valid = ""
        self._drawn: MistakesData | None = None
        self._page_shape = (1, 1)
        self._history_epochs: tuple[int, ...] = ()

    def content(self) -> ComposeResult:
        with Vertical(id="mistakes"):
            with Horizontal(id="mistakes-line"):
                yield Static(id="mistakes-status")
                yield FilterField("true:3 pred:5 conf>0.9 index:947", id="mistakes-filter")
            with Horizontal(id="mistakes-panes"):
                yield CursorGrid(id="mistakes-grid")
                yield Detail(self.console.analyst, id="mistakes-detail")
            yield Empty(self.MODE, id="mistakes-empty")
            yield FilterError(id="mistakes-error")

    def on_mount(self) -> None:
        for grid in self.query(ImageGrid):
            grid.style = best_image_style(self.app.console)

    # -- data --------------------------------------------------------------------------------------------------

    def settings(self) -> ListSpec:
        return self.spec

    def compute(self, subject: Subject) -> MistakesData:
        return compute(self.console.analyst, subject, self.spec, self._valid)

    def on_screen_resume(self) -> None:
        if self.console.pending_filter:
            self._follow(self.console.pending_filter, self.console.pending_from)
            self.console.pending_filter = ""

    def _follow(self, query: str, mode: str) -> None:
        """Show the images of a link, and remember what was shown before."""
        index = int(self.data.scores.indices[self._position]) if self._position is not None else None
        split = self.console.scrubber.split
        self._set_filter(self._links.follow(Origin(query, mode, split, self.spec, index, self._is_open)))
        self._overlay(leads_to_image(query))

    def _return(self) -> None:
        """Show again what was shown before the last link was followed, in the view that it was in."""
        origin = self._links.leave()
        self._set_filter(origin.spec)
        self._overlay(origin.was_open)
        self.console.scrubber.choose_split(origin.split)
        self.refresh_data()
        if origin.mode != self.MODE:
            self.app.call_later(self.console.action_view, origin.mode)

    def _set_filter(self, spec: ListSpec) -> None:
        """Set the filter as if it had been typed."""
        self.spec, self._field.value = spec, spec.filter
        self._field.set_class(bool(spec.filter), "open")

    @on(PickGrid.Opened)
    def _neighbour_opened(self, message: PickGrid.Opened) -> None:
        """Open a neighbour, which is a training image."""
        neighbours = self._detail.neighbours
        if message.picture < len(neighbours):
            self.set_focus(None)
            self._follow(f"index:{neighbours[message.picture].index}", self.MODE)
            self.console.scrubber.choose_split("train")
            self.refresh_data()

    def subject_changed(self) -> None:
        super().subject_changed()
        scrubber = self.console.scrubber
        same = self.data is not None and self.data.subject == scrubber.subject
        if self.is_current and same and scrubber.epochs != self._history_epochs:
            self._draw_detail()  # the history has a new epoch

    # -- drawing -----------------------------------------------------------------------------------------------

    @property
    def _field(self) -> Input:
        return self.query_one("#mistakes-filter", Input)

    @property
    def _grid(self) -> CursorGrid:
        return self.query_one("#mistakes-grid", CursorGrid)

    @property
    def _detail(self) -> Detail:
        return self.query_one("#mistakes-detail", Detail)

    @property
    def _is_open(self) -> bool:
        return self.has_class("-detail-open")

    @property
    def _position(self) -> int | None:
        """Position of the image under the cursor in the split."""
        listed = self.data.positions if self.data is not None else ()
        return int(listed[self.cursor]) if self.cursor < len(listed) else None

    def on_resize(self) -> None:
        beside = max(DETAIL_WIDTH[0], min(DETAIL_WIDTH[1], self.size.width - GRID_WIDTH))
        self._detail.styles.width = beside if self.size.width >= 120 and not self._is_open else "1fr"

    def draw(self, data: MistakesData) -> None:
        if data is not self._drawn:
            self.cursor = cursor_index(data, self._drawn, self.cursor, stay=self.cursor > 0 or self._is_open)
            self._drawn = data
            self.cursor = self._links.place(data, self.spec) or self.cursor
            if not data.error:
                self._valid = data.spec.filter
        found = len(data.positions) > 0
        panes = self.query_one("#mistakes-panes")
        newly = found and not panes.display
        panes.display = found
        self.query_one("#mistakes-empty", Empty).show("" if found else empty_label(data))
        self.query_one(FilterError).show(data.error, typing=self._field.has_focus)
        if newly:
            self.call_after_refresh(self._draw_page)
        else:
            self._draw_page()

    def _draw_page(self) -> None:
        data: MistakesData | None = self.data
        if data is None:  # an error occurred before the frame
            return
        short = self._field.display and self.size.width < 80
        status = status_text(data, self.cursor, self.console.colours, short=short)
        self.query_one("#mistakes-status", Static).update(status)
        if self._position is None:
            return
        grid = self._grid
        width = grid.cell[0]
        grid.lines = caption_lines(data.classes, width)
        if grid.size.area:  # otherwise the detail panel covers it
            self._page_shape = grid.capacity()
        page = self._page
        grid.show([Picture(data.images[i], caption(data.scores, i, data.classes, width)) for i in page])
        grid.cursor = page.index(self._position)
        self._draw_detail()

    @property
    def _page_size(self) -> int:
        return self._page_shape[0] * self._page_shape[1]

    @property
    def _page(self) -> tuple[int, ...]:
        first = self.cursor // self._page_size * self._page_size
        return tuple(self.data.positions[first : first + self._page_size].tolist())

    def _draw_detail(self) -> None:
        position = self._position
        if position is not None:
            self._history_epochs = self.console.scrubber.epochs
            self._detail.show(self.data, position, self._page, self._history_epochs)

    def export_states(self) -> list[ViewState]:
        if self.data is None:
            return []
        first = self.cursor // self._page_size * self._page_size
        return export_states(self.data, self._position, first, image_first=self._is_open)

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open_detail":
            return self._position is not None and not self._is_open
        if action == "neighbours":
            return self._is_open and self._detail.has_neighbours
        if action == "close":
            return self._is_open or self._field.has_class("open") or self._links.are_left(self.spec, is_open=False)
        if action in ("move", "page", "end", "sort", "turn", "which", "filter", "style", "size"):
            return self.data is not None
        return super().check_action(action, parameters)

    def _go(self, index: int) -> None:
        if self._position is not None:
            self.cursor = max(0, min(len(self.data.positions) - 1, index))
            self._draw_page()

    def action_move(self, rows: int, columns: int) -> None:
        width = 1 if not self._grid.size.area else self._page_shape[0]
        last = len(self.data.positions) - 1
        if (rows < 0 and self.cursor < width) or (rows > 0 and self.cursor // width == last // width):
            return  # first or last row
        self._go(self.cursor + rows * width + columns)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * self._page_size)

    def action_end(self, last: bool) -> None:
        self._go(len(self.data.positions) if last else 0)

    def action_open_detail(self) -> None:
        self._overlay(True)

    def action_neighbours(self) -> None:
        self._detail.focus_neighbours()

    def _overlay(self, on: bool) -> None:
        self.set_class(on, "-detail-open")
        self.on_resize()
        self.refresh_bindings()
        self.call_after_refresh(self.redraw)

    @on(CursorGrid.Pressed)
    def _pressed(self, event: CursorGrid.Pressed) -> None:
        index = self.cursor // self._page_size * self._page_size + event.picture
        again = index == self.cursor
        self._go(index)
        if again:
            self.action_open_detail()

    def _set_spec(self, spec: ListSpec) -> None:
        self.spec = spec
        self.refresh_data()

    def action_sort(self) -> None:
        following = SORTS[(SORTS.index(self.spec.sort) + 1) % len(SORTS)]
        self._set_spec(replace(self.spec, sort=following, reverse=False))

    def action_turn(self) -> None:
        self._set_spec(replace(self.spec, reverse=not self.spec.reverse))

    def action_which(self) -> None:
        self._links.clear(self.spec.which)
        self._set_spec(replace(self.spec, which=WHICH[(WHICH.index(self.spec.which) + 1) % len(WHICH)]))

    def action_filter(self) -> None:
        self._field.add_class("open")
        self._field.focus()

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        if event.value != self.spec.filter:
            self._set_spec(replace(self.spec, filter=event.value))

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.set_focus(None)
        self._field.set_class(bool(self._field.value.strip()), "open")

    def action_close(self) -> None:
        self.back()

    def back(self) -> None:
        """Leave the neighbours, return from a link, clear the filter or close the image; else go back as usual."""
        if isinstance(self.focused, PickGrid):
            super().back()
        elif not self._field.has_focus and self._links.are_left(self.spec, is_open=self._is_open):
            self._return()
        elif self._field.has_focus or (self._field.has_class("open") and not self._is_open):
            self._clear_filter()
        elif self._is_open:
            self._overlay(False)
        else:
            super().back()

    def _clear_filter(self) -> None:
        self.set_focus(None)
        self._field.remove_class("open")
        spec = replace(self.spec, filter="", which=self._links.clear(self.spec.which))
        if spec != self.spec:
            self._set_spec(spec)
        self._field.value = ""

    def action_style(self) -> None:
        self._grid.next_style()
        self._detail.next_style()
        self._draw_page()

    def action_size(self) -> None:
        self._grid.small = not self._grid.small
        self._draw_page()

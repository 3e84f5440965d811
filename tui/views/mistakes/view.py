"""Mistakes: the images that the network gets wrong, and how sure it is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from mnist_tui.engine.analysis.listing import MistakesData, Wanted, compute, place_in
from mnist_tui.engine.analysis.orders import SORTS, WHICH
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.mistakes.detail import Detail
from mnist_tui.tui.views.mistakes.texts import caption, caption_lines, empty_label, status_text
from mnist_tui.tui.widgets.cursor_grid import CursorGrid
from mnist_tui.tui.widgets.image import ImageGrid, Picture

GRID_WIDTH = 77
"""Columns of five small pictures beside each other."""
DETAIL_WIDTH = (42, 82)
"""The least and the most columns of the panel beside the grid."""
CALM = 0.5
"""Seconds after which a filter that can't be understood is called so."""


class MistakesView(AnalysisView):
    """A grid of images with a cursor; the one under it large, with all that is known of it."""

    MODE = "mistakes"
    TITLE_WORDS = "Mistakes"
    BINDINGS = bindings("mistakes")
    CSS_PATH = "view.tcss"
    AUTO_FOCUS = ""
    """The arrows move over the grid, so nothing has the focus until the filter is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = Wanted()
        """Which images are asked for, and in which order."""
        self.place = 0
        """Where in the list the cursor is."""
        self._before: Wanted | None = None
        self._valid = ""
        self._drawn: MistakesData | None = None
        self._page_shape = (1, 1)
        self._told_of: tuple[int, ...] = ()

    def content(self) -> ComposeResult:
        hint = "true:3 pred:5 conf>0.9 index:947"
        with Vertical(id="mistakes"):
            with Horizontal(id="mistakes-line"):
                yield Static(id="mistakes-status")
                yield Input(id="mistakes-filter", placeholder=hint, compact=True)
            with Horizontal(id="mistakes-panes"):
                yield CursorGrid(id="mistakes-grid")
                yield Detail(self.console.analyst, id="mistakes-detail")
            yield Static(id="mistakes-empty", markup=False)
            yield Static(id="mistakes-error", markup=False)

    def on_mount(self) -> None:
        for grid in self.query(ImageGrid):
            grid.style = best_image_style(self.app.console)

    # -- data --------------------------------------------------------------------------------------------------

    def settings(self) -> Wanted:
        return self.wanted

    def compute(self, subject: Subject) -> MistakesData:
        return compute(self.console.analyst, subject, self.wanted, self._valid)

    def on_screen_resume(self) -> None:
        picked = self.console.picked
        if picked:
            self._before = self._before or self.wanted
            self.wanted = replace(self.wanted, words=picked, which="all")
            self._overlay(False)
            self._field.value, self.console.picked = picked, ""
            self._field.add_class("open")

    def subject_changed(self) -> None:
        super().subject_changed()
        scrubber = self.console.scrubber
        same = self.data is not None and self.data.subject == scrubber.subject
        if self.is_current and same and scrubber.epochs != self._told_of:
            self._draw_detail()  # a run that grows has another epoch to tell of

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
    def _is_wide(self) -> bool:
        """Whether the detail stands beside the grid instead of over it; the style sheet's `-wide`."""
        return self.size.width >= 120

    @property
    def _is_open(self) -> bool:
        """Whether the detail lies over the grid."""
        return self.has_class("-look") and not self._is_wide

    @property
    def _position(self) -> int | None:
        """The image under the cursor, as a place in the split."""
        listed = self.data.positions if self.data is not None else ()
        return int(listed[self.place]) if self.place < len(listed) else None

    def on_resize(self) -> None:
        beside = max(DETAIL_WIDTH[0], min(DETAIL_WIDTH[1], self.size.width - GRID_WIDTH))
        self._detail.styles.width = beside if self._is_wide else "1fr"

    def draw(self, data: MistakesData) -> None:
        if data is not self._drawn:
            self.place = place_in(data, self._drawn, self.place, stay=self.place > 0 or self._is_open)
            self._drawn = data
            if not data.error:
                self._valid = data.wanted.words
        found = len(data.positions) > 0
        panes, empty = (self.query_one(f"#mistakes-{name}") for name in ("panes", "empty"))
        newly = found and not panes.display
        panes.display, empty.display = found, not found
        self.query_one("#mistakes-empty", Static).update("" if found else empty_label(data))
        self._show_error(data.error)
        if newly:
            self.call_after_refresh(self._draw_page)
        else:
            self._draw_page()

    def _show_error(self, words: str) -> None:
        """Say why the filter can't be understood, once somebody stops typing: each half of a term is a mistake."""
        error = self.query_one("#mistakes-error", Static)
        error.update(words)
        if not words or error.display or not self._field.has_focus:
            error.display = bool(words)
        else:
            self.set_timer(CALM, partial(self._show_late_error, words))

    def _show_late_error(self, words: str) -> None:
        if self.data is not None and words == self.data.error:
            self.query_one("#mistakes-error").display = True

    def _draw_page(self) -> None:
        """Show the page that the cursor is on."""
        data: MistakesData | None = self.data
        if data is None:  # an error came before the frame
            return
        short = self._field.display and self.size.width < 80
        words = status_text(data, self.place, self.console.colours, short=short)
        self.query_one("#mistakes-status", Static).update(words)
        if self._position is None:
            return
        grid = self._grid
        width = grid.cell[0]
        grid.lines = caption_lines(data.classes, width)
        if grid.size.area:  # else the detail lies over it
            self._page_shape = grid.capacity()
        page = self._page
        grid.show([Picture(data.images[i], caption(data.judged, i, data.classes, width)) for i in page])
        grid.cursor = page.index(self._position)
        self._draw_detail()

    @property
    def _page_size(self) -> int:
        return self._page_shape[0] * self._page_shape[1]

    @property
    def _page(self) -> tuple[int, ...]:
        first = self.place // self._page_size * self._page_size
        return tuple(self.data.positions[first : first + self._page_size].tolist())

    def _draw_detail(self) -> None:
        position = self._position
        if position is not None:
            self._told_of = self.console.scrubber.epochs
            self._detail.show(self.data, position, self._page, self._told_of)

    def export_states(self) -> list[ViewState]:
        data: MistakesData | None = self.data
        if data is None:
            return []
        wanted, position = data.wanted, self._position
        index = None if position is None else int(data.judged.indices[position])
        settings = Settings(
            first=self.place // self._page_size * self._page_size + 1,
            which=wanted.which,
            sort=wanted.sort,
            reverse=wanted.turned,
            filter=wanted.words.strip(),
            index=index,
        )
        grid = ViewState("mistakes", data.subject, settings, data)
        if index is None:
            return [grid]
        one = ViewState("image", data.subject, Settings(index=index))
        return [one, grid] if self._is_open else [grid, one]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "look":
            return self._position is not None and not (self._is_wide or self._is_open)
        if action == "close":
            return self._is_open or self._field.has_class("open")
        if action in ("move", "page", "end", "sort", "turn", "which", "filter", "style", "size"):
            return self.data is not None
        return super().check_action(action, parameters)

    def _go(self, place: int) -> None:
        if self._position is not None:
            self.place = max(0, min(len(self.data.positions) - 1, place))
            self._draw_page()

    def action_move(self, rows: int, columns: int) -> None:
        width = 1 if not self._grid.size.area else self._page_shape[0]
        last = len(self.data.positions) - 1
        if (rows < 0 and self.place < width) or (rows > 0 and self.place // width == last // width):
            return  # there is no row beyond
        self._go(self.place + rows * width + columns)

    def action_page(self, by: int) -> None:
        self._go(self.place + by * self._page_size)

    def action_end(self, last: bool) -> None:
        self._go(len(self.data.positions) if last else 0)

    def action_look(self) -> None:
        """Open the image large over the grid."""
        self._overlay(True)

    def _overlay(self, on: bool) -> None:
        self.set_class(on, "-look")
        self.refresh_bindings()
        self.call_after_refresh(self.redraw)

    @on(CursorGrid.Pressed)
    def _pressed(self, event: CursorGrid.Pressed) -> None:
        place = self.place // self._page_size * self._page_size + event.picture
        again = place == self.place
        self._go(place)
        if again and not self._is_wide:
            self.action_look()

    def _want(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.refresh_data()

    def action_sort(self) -> None:
        following = SORTS[(SORTS.index(self.wanted.sort) + 1) % len(SORTS)]
        self._want(replace(self.wanted, sort=following, turned=False))

    def action_turn(self) -> None:
        self._want(replace(self.wanted, turned=not self.wanted.turned))

    def action_which(self) -> None:
        self._before = None
        self._want(replace(self.wanted, which=WHICH[(WHICH.index(self.wanted.which) + 1) % len(WHICH)]))

    def action_filter(self) -> None:
        self._field.add_class("open")
        self._field.focus()

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        if event.value != self.wanted.words:
            self._want(replace(self.wanted, words=event.value))

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.set_focus(None)
        self._field.set_class(bool(self._field.value.strip()), "open")

    def action_close(self) -> None:
        """One step back, where there is one inside the view."""
        self.back()

    def back(self) -> None:
        """Out of the filter, which is emptied; out of the large image; else as everywhere."""
        if self._field.has_focus or (self._field.has_class("open") and not self._is_open):
            self._empty_filter()
        elif self._is_open:
            self._overlay(False)
        else:
            super().back()

    def _empty_filter(self) -> None:
        self.set_focus(None)
        self._field.remove_class("open")
        which = self._before.which if self._before is not None else self.wanted.which
        self._before = None
        wanted = replace(self.wanted, words="", which=which)
        if wanted != self.wanted:
            self._want(wanted)
        self._field.value = ""

    def action_style(self) -> None:
        self._grid.next_style()
        self._detail.next_style()
        self._draw_page()

    def action_size(self) -> None:
        self._grid.small = not self._grid.small
        self._draw_page()

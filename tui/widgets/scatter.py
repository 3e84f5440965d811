"""Points in classes as a picture in cells, with a cursor on one of them; zoomed and panned by keys and mouse."""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.events import Leave, MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mnist_tui.tui.render.braille import DOT_COLUMNS, DOT_ROWS, Raster, Window, nearest, raster, step, whole
from mnist_tui.tui.render.class_colours import class_colours
from mnist_tui.tui.terminal.capabilities import speaks_utf8

Look: TypeAlias = Literal["dots", "digits"]

ZOOM = 1.5
MAX_ZOOM = 400.0
PAN = 0.2
"""Share of the picture that one step of panning goes."""
NEAR = 2.0
"""Cells within which the mouse finds a point."""


def best_look(console: Console) -> Look:
    """Dots where the terminal has colours enough to tell ten classes apart by, and braille; else digits."""
    colours = console.color_system in ("truecolor", "256") and not console.no_color
    return "dots" if colours and speaks_utf8(console) else "digits"


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """What a scatter shows."""

    points: NDArray[np.floating]
    """(N, 2)"""
    classes: NDArray[np.integer]
    """(N,)"""
    visible: NDArray[np.bool_]
    """(N,): points that are drawn, and that the cursor finds."""
    raised: NDArray[np.bool_] | None = None
    """(N,): points that stand out, while the others are dim; the cursor then finds no others."""

    @property
    def reachable(self) -> NDArray[np.bool_]:
        """(N,): where the cursor can be."""
        if self.raised is None or not (self.visible & self.raised).any():
            return self.visible
        return self.visible & self.raised


NOTHING = Cloud(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, bool))


class Scatter(Widget):
    """Draws a cloud; arrows are the view's business, the mouse its own."""

    DEFAULT_CSS = """
    Scatter { width: 1fr; height: 1fr; }
    """

    look: reactive[Look] = reactive("dots")
    cursor: reactive[int | None] = reactive(None)
    """The point under the cursor."""

    class Pointed(Message):
        """The mouse came upon a point."""

        def __init__(self, point: int) -> None:
            super().__init__()
            self.point = point
            """Its place in the cloud."""

    class Opened(Message):
        """The point under the mouse was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cloud = NOTHING
        self.empty = ""
        """Said where there are no points."""
        self.zoom = 1.0
        self._centre = (0.0, 0.0)
        """Of the zoomed window, in units of the whole one's dots, so that it holds for the next epoch's points too."""
        self._corners = NOTHING.points
        """The lowest and highest coordinates of the points."""
        self._raster: Raster | None = None
        self._drawn_for: tuple[object, ...] = ()
        self._grip: tuple[int, int] | None = None
        self._dragged = False

    def show(self, cloud: Cloud, empty: str = "") -> None:
        """Show these points instead."""
        self.cloud, self.empty = cloud, empty
        points = cloud.points
        self._corners = np.stack([points.min(axis=0), points.max(axis=0)]) if len(points) else points
        self._raster = None
        self.refresh()

    # -- the window --------------------------------------------------------------------------------------------

    @property
    def window(self) -> Window:
        """The part of the plane that is seen."""
        columns, rows = max(1, self.content_size.width), max(1, self.content_size.height)
        full = whole(self._corners, columns, rows)
        x, y = self._centre
        return Window(full.x + x * full.scale, full.y + y * full.scale, full.scale / self.zoom, columns, rows)

    def zoom_by(self, factor: float, around: tuple[float, float] | None = None) -> None:
        """Zoom, keeping a point of the plane where it is seen; by default the cursor, else the middle."""
        window = self.window
        zoom = max(1.0, min(MAX_ZOOM, self.zoom * factor))
        if around is None and self.cursor is not None and self.cursor < len(self.cloud.points):
            x, y = self.cloud.points[self.cursor].tolist()
            around = (x, y) if window.holds(x, y) else None
        x, y = around or (window.x, window.y)
        share = self.zoom / zoom
        self.zoom = zoom
        self._look_at(x + (window.x - x) * share, y + (window.y - y) * share)

    def pan(self, across: float, up: float) -> None:
        """Move the window by a share of its width and height."""
        window = self.window
        width, height = (n * window.scale for n in (window.columns * DOT_COLUMNS, window.rows * DOT_ROWS))
        self._look_at(window.x + across * width, window.y + up * height)

    def _look_at(self, x: float, y: float) -> None:
        """Centre the window, without leaving the whole picture."""
        window = self.window
        full = whole(self._corners, window.columns, window.rows)
        room = 1 - 1 / self.zoom
        most = window.columns * DOT_COLUMNS / 2 * room, window.rows * DOT_ROWS / 2 * room
        wanted = (x - full.x) / full.scale, (y - full.y) / full.scale
        self._centre = tuple(max(-m, min(m, w)) for w, m in zip(wanted, most, strict=True))  # type: ignore[assignment]
        self.refresh()

    def move(self, across: int, up: int) -> bool:
        """Step to the next point in a direction; the window follows. False where there is none."""
        cloud = self.cloud
        if self.cursor is None or self.cursor >= len(cloud.points):
            found = nearest(cloud.points, cloud.reachable, self.window.x, self.window.y)
        else:
            found = step(cloud.points, cloud.reachable, self.cursor, across, up)
        if found is None:
            return False
        self.cursor = found
        x, y = cloud.points[found].tolist()
        if not self.window.holds(x, y):
            self._look_at(x, y)
        return True

    def settle(self) -> None:
        """Where the cursor's point can't be reached any more, go to the nearest one that can."""
        cloud = self.cloud
        if self.cursor is None or self.cursor >= len(cloud.points) or cloud.reachable[self.cursor]:
            return
        found = nearest(cloud.points, cloud.reachable, *cloud.points[self.cursor].tolist())
        self.cursor = self.cursor if found is None else found

    # -- drawing -----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, base = self.content_size.width, self.rich_style
        if not len(self.cloud.points):
            words = [line for part in self.empty.split("\n") for line in textwrap.wrap(part, max(8, width - 4)) or [""]]
            place = y - max(0, (self.content_size.height - len(words)) // 2)
            line = words[place][:width].center(width) if 0 <= place < len(words) else ""
            return Strip([Segment(line.ljust(width), base)], width)
        window = self.window
        picture = self._picture(window)
        if y >= window.rows:
            return Strip.blank(width, base)
        classes, raised = picture.classes[y], picture.raised[y]
        dim = self.cloud.raised is not None
        codes = np.where(classes < 0, -1, classes * 2 + (dim & ~raised))
        text = "".join(picture.chars[y].tolist())
        bounds = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
        colours = class_colours(self.app.current_theme, self.app.console)
        spot = self._spot(window)
        segments = []
        for start, end in itertools.pairwise(bounds):
            code = int(codes[start])
            style = base if code < 0 else base + self._style(colours[code // 2 % len(colours)], bool(code % 2))
            segments.append(Segment(text[start:end], style))
        strip = Strip(segments, width)
        if spot is None or spot[1] != y or self.cursor is None:
            return strip
        column, number = spot[0], int(self.cloud.classes[self.cursor])
        mark = base + RichStyle(color=colours[number % len(colours)], bold=True, reverse=True)
        before, after = strip.crop(0, column), strip.crop(column + 1, width)
        return Strip.join([before, Strip([Segment(str(number % 10), mark)], 1), after])

    def _picture(self, window: Window) -> Raster:
        key = (window, self.look)
        if self._raster is None or self._drawn_for != key:
            cloud, visible = self.cloud, self.cloud.visible
            raised = cloud.raised[visible] if cloud.raised is not None else None
            points, classes = cloud.points[visible], cloud.classes[visible]
            self._raster = raster(points, classes, window, raised=raised, digits=self.look == "digits")
            self._drawn_for = key
        return self._raster

    def _spot(self, window: Window) -> tuple[int, int] | None:
        """The cursor's cell."""
        if self.cursor is None or self.cursor >= len(self.cloud.points) or not self.cloud.visible[self.cursor]:
            return None
        column, row = window.cells(self.cloud.points[self.cursor : self.cursor + 1])[0].tolist()
        return column, row

    def _style(self, colour: str, dim: bool) -> RichStyle:
        paper = Color.parse(self.app.theme_variables["background"])
        key = (colour, dim, paper)
        if key not in _STYLES:
            _STYLES[key] = RichStyle(color=colour)
            if dim:
                blend = colour.startswith("#") and paper.ansi is None
                shade = Color.parse(colour).blend(paper, 0.65).rich_color if blend else None
                _STYLES[key] = RichStyle(color=shade) if shade else RichStyle(color=colour, dim=True)
        return _STYLES[key]

    # -- the mouse ---------------------------------------------------------------------------------------------

    def _under(self, x: int, y: int) -> int | None:
        """The point nearest to a cell, if it is near."""
        window = self.window
        place = window.place(x, y)
        found = nearest(self.cloud.points, self.cloud.reachable, *place)
        if found is None:
            return None
        distance = float(np.hypot(*(self.cloud.points[found] - np.array(place))))
        return found if distance <= NEAR * DOT_COLUMNS * window.scale else None

    def on_mouse_move(self, event: MouseMove) -> None:
        if self._grip is not None and event.button:
            by = event.screen_x - self._grip[0], event.screen_y - self._grip[1]
            if by != (0, 0):
                self._grip, self._dragged = (event.screen_x, event.screen_y), True
                self.pan(-by[0] / max(1, self.content_size.width), by[1] / max(1, self.content_size.height))
            return
        offset = event.get_content_offset(self)
        found = self._under(offset.x, offset.y) if offset is not None else None
        if found is not None:
            self.post_message(self.Pointed(found))

    def on_mouse_down(self, event: MouseDown) -> None:
        self._grip, self._dragged = (event.screen_x, event.screen_y), False

    def on_mouse_up(self, event: MouseUp) -> None:
        offset = event.get_content_offset(self)
        clicked = self._grip is not None and not self._dragged and offset is not None
        self._grip = None
        found = self._under(offset.x, offset.y) if clicked and offset is not None else None
        if found is not None:
            self.post_message(self.Pointed(found))
            self.post_message(self.Opened())

    def on_leave(self, event: Leave) -> None:
        self._grip = None

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._wheel(event, ZOOM)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._wheel(event, 1 / ZOOM)

    def _wheel(self, event: MouseScrollUp | MouseScrollDown, factor: float) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            self.zoom_by(factor, self.window.place(offset.x, offset.y))
            event.stop()


_STYLES: dict[tuple[str, bool, Color], RichStyle] = {}

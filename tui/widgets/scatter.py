"""Scatter plot of classified points in terminal cells, with a cursor, zoom and pan."""

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

from mnist_tui.tui.render.braille import DOT_COLUMNS, DOT_ROWS, Raster, Window, fit_window, nearest, next_point, raster
from mnist_tui.tui.render.class_colours import class_colours
from mnist_tui.tui.terminal.capabilities import supports_utf8

PointStyle: TypeAlias = Literal["dots", "digits"]

ZOOM = 1.5
MAX_ZOOM = 400.0
PAN = 0.2
"""Panning step as a fraction of the visible width or height."""
HOVER_RADIUS = 2.0
"""Largest distance between the mouse and the point that it selects, in cells."""


def best_point_style(console: Console) -> PointStyle:
    """Return `dots` if the terminal has braille and enough colours for ten classes, else `digits`."""
    colours = console.color_system in ("truecolor", "256") and not console.no_color
    return "dots" if colours and supports_utf8(console) else "digits"


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """The points of a scatter plot."""

    points: NDArray[np.floating]
    """(N, 2)"""
    classes: NDArray[np.integer]
    """(N,)"""
    visible: NDArray[np.bool_]
    """(N,): points that are drawn and that the cursor can reach."""
    raised: NDArray[np.bool_] | None = None
    """(N,): highlighted points; the others are dimmed and skipped by the cursor."""

    @property
    def reachable(self) -> NDArray[np.bool_]:
        """(N,): points that the cursor can reach."""
        if self.raised is None or not (self.visible & self.raised).any():
            return self.visible
        return self.visible & self.raised


EMPTY_CLOUD = Cloud(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, bool))


class Scatter(Widget):
    """Widget that draws a cloud and handles the mouse; keys are handled by the view."""

    DEFAULT_CSS = """
    Scatter { width: 1fr; height: 1fr; }
    """

    style: reactive[PointStyle] = reactive("dots")
    cursor: reactive[int | None] = reactive(None)
    """The point under the cursor."""

    class Pointed(Message):
        """The mouse moved over a point."""

        def __init__(self, point: int) -> None:
            super().__init__()
            self.point = point
            """Index in the cloud."""

    class Opened(Message):
        """The point under the mouse was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cloud = EMPTY_CLOUD
        self.empty = ""
        """Text to show if there are no points."""
        self.zoom = 1.0
        self._centre = (0.0, 0.0)
        """Centre of the window in dots of the unzoomed window, which makes it valid for the points of other epochs."""
        self._corners = EMPTY_CLOUD.points
        """Minimum and maximum coordinates of the points."""
        self._raster: Raster | None = None
        self._drawn_for: tuple[object, ...] = ()
        self._drag_position: tuple[int, int] | None = None
        self._dragged = False

    def show(self, cloud: Cloud, empty: str = "") -> None:
        """Replace the points; `empty` is the text to show if there are none."""
        self.cloud, self.empty = cloud, empty
        points = cloud.points
        self._corners = np.stack([points.min(axis=0), points.max(axis=0)]) if len(points) else points
        self._raster = None
        self.refresh()

    # -- the window --------------------------------------------------------------------------------------------

    @property
    def window(self) -> Window:
        """The visible part of the plane."""
        columns, rows = max(1, self.content_size.width), max(1, self.content_size.height)
        full = fit_window(self._corners, columns, rows)
        x, y = self._centre
        return Window(full.x + x * full.scale, full.y + y * full.scale, full.scale / self.zoom, columns, rows)

    def zoom_by(self, factor: float, around: tuple[float, float] | None = None) -> None:
        """Zoom around a point of the plane, by default around the cursor if it is visible, else the centre."""
        window = self.window
        zoom = max(1.0, min(MAX_ZOOM, self.zoom * factor))
        if around is None and self.cursor is not None and self.cursor < len(self.cloud.points):
            x, y = self.cloud.points[self.cursor].tolist()
            around = (x, y) if window.contains(x, y) else None
        x, y = around or (window.x, window.y)
        ratio = self.zoom / zoom
        self.zoom = zoom
        self._centre_on(x + (window.x - x) * ratio, y + (window.y - y) * ratio)

    def pan(self, across: float, up: float) -> None:
        """Move the window by fractions of its width and height."""
        window = self.window
        width, height = (n * window.scale for n in (window.columns * DOT_COLUMNS, window.rows * DOT_ROWS))
        self._centre_on(window.x + across * width, window.y + up * height)

    def _centre_on(self, x: float, y: float) -> None:
        """Centre the window on a point, without leaving the unzoomed window."""
        window = self.window
        full = fit_window(self._corners, window.columns, window.rows)
        room = 1 - 1 / self.zoom
        most = window.columns * DOT_COLUMNS / 2 * room, window.rows * DOT_ROWS / 2 * room
        target = (x - full.x) / full.scale, (y - full.y) / full.scale
        self._centre = tuple(max(-m, min(m, t)) for t, m in zip(target, most, strict=True))  # type: ignore[assignment]
        self.refresh()

    def move(self, across: int, up: int) -> bool:
        """Move the cursor to the next point in a direction and scroll to it; return False if there is none."""
        cloud = self.cloud
        if self.cursor is None or self.cursor >= len(cloud.points):
            found = nearest(cloud.points, cloud.reachable, self.window.x, self.window.y)
        else:
            found = next_point(cloud.points, cloud.reachable, self.cursor, across, up)
        if found is None:
            return False
        self.cursor = found
        x, y = cloud.points[found].tolist()
        if not self.window.contains(x, y):
            self._centre_on(x, y)
        return True

    def snap_cursor(self) -> None:
        """Move the cursor to the nearest reachable point if its point has become unreachable."""
        cloud = self.cloud
        if self.cursor is None or self.cursor >= len(cloud.points) or cloud.reachable[self.cursor]:
            return
        found = nearest(cloud.points, cloud.reachable, *cloud.points[self.cursor].tolist())
        self.cursor = self.cursor if found is None else found

    # -- drawing -----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, base = self.content_size.width, self.rich_style
        if not len(self.cloud.points):
            lines = [line for part in self.empty.split("\n") for line in textwrap.wrap(part, max(8, width - 4)) or [""]]
            index = y - max(0, (self.content_size.height - len(lines)) // 2)
            line = lines[index][:width].center(width) if 0 <= index < len(lines) else ""
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
        cell = self._cursor_cell(window)
        segments = []
        for start, end in itertools.pairwise(bounds):
            code = int(codes[start])
            style = base if code < 0 else base + self._style(colours[code // 2 % len(colours)], bool(code % 2))
            segments.append(Segment(text[start:end], style))
        strip = Strip(segments, width)
        if cell is None or cell[1] != y or self.cursor is None:
            return strip
        column, number = cell[0], int(self.cloud.classes[self.cursor])
        mark = base + RichStyle(color=colours[number % len(colours)], bold=True, reverse=True)
        before, after = strip.crop(0, column), strip.crop(column + 1, width)
        return Strip.join([before, Strip([Segment(str(number % 10), mark)], 1), after])

    def _picture(self, window: Window) -> Raster:
        key = (window, self.style)
        if self._raster is None or self._drawn_for != key:
            cloud, visible = self.cloud, self.cloud.visible
            raised = cloud.raised[visible] if cloud.raised is not None else None
            points, classes = cloud.points[visible], cloud.classes[visible]
            self._raster = raster(points, classes, window, raised=raised, digits=self.style == "digits")
            self._drawn_for = key
        return self._raster

    def _cursor_cell(self, window: Window) -> tuple[int, int] | None:
        """Return the column and row of the cursor, or None if its point is hidden."""
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

    def _point_at(self, x: int, y: int) -> int | None:
        """Return the point nearest to a cell within `HOVER_RADIUS`."""
        window = self.window
        centre = window.cell_centre(x, y)
        found = nearest(self.cloud.points, self.cloud.reachable, *centre)
        if found is None:
            return None
        distance = float(np.hypot(*(self.cloud.points[found] - np.array(centre))))
        return found if distance <= HOVER_RADIUS * DOT_COLUMNS * window.scale else None

    def on_mouse_move(self, event: MouseMove) -> None:
        if self._drag_position is not None and event.button:
            delta = event.screen_x - self._drag_position[0], event.screen_y - self._drag_position[1]
            if delta != (0, 0):
                self._drag_position, self._dragged = (event.screen_x, event.screen_y), True
                self.pan(-delta[0] / max(1, self.content_size.width), delta[1] / max(1, self.content_size.height))
            return
        offset = event.get_content_offset(self)
        found = self._point_at(offset.x, offset.y) if offset is not None else None
        if found is not None:
            self.post_message(self.Pointed(found))

    def on_mouse_down(self, event: MouseDown) -> None:
        self._drag_position, self._dragged = (event.screen_x, event.screen_y), False

    def on_mouse_up(self, event: MouseUp) -> None:
        offset = event.get_content_offset(self)
        clicked = self._drag_position is not None and not self._dragged and offset is not None
        self._drag_position = None
        found = self._point_at(offset.x, offset.y) if clicked and offset is not None else None
        if found is not None:
            self.post_message(self.Pointed(found))
            self.post_message(self.Opened())

    def on_leave(self, event: Leave) -> None:
        self._drag_position = None

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._wheel(event, ZOOM)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._wheel(event, 1 / ZOOM)

    def _wheel(self, event: MouseScrollUp | MouseScrollDown, factor: float) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            self.zoom_by(factor, self.window.cell_centre(offset.x, offset.y))
            event.stop()


_STYLES: dict[tuple[str, bool, Color], RichStyle] = {}

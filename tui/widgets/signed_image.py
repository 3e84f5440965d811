"""Widget for cells of signed numbers, in a diverging colour map."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style as RichStyle
from rich.text import Text
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.render.grey_cells import Cells
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.render.signed_cells import LEVELS, MUTED, SELECTED

BRIGHT = 0.35
"""Fraction by which the ends of the ramp are blended with the text colour, to emphasise extreme values."""
VISIBILITY = 0.75
"""Exponent from a level's fraction of the scale to its colour intensity: below 1, so that small weights are visible."""


class SignedImage(Widget):
    """Widget that draws a block of cells in its upper left corner."""

    DEFAULT_CSS = """
    SignedImage { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.block: Cells | None = None
        """The cells to draw."""
        self._strips: dict[int, Strip] = {}
        self._drawn_with: object = None

    def show(self, block: Cells | None) -> None:
        """Replace the block of cells."""
        self.block = block
        self._drawn_with = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if self.block is None or y >= self.block.shape[0]:
            return Strip.blank(width, base)
        colours = Colours.of(self.app.theme_variables)
        if self._drawn_with != (colours, base, width):
            self._drawn_with = (colours, base, width)
            self._strips = {}
        if y not in self._strips:
            runs = grey_cells.runs(self.block, y)
            pieces = [Segment(text, base + colours.style(ink, paper)) for text, ink, paper in runs]
            self._strips[y] = Strip(pieces).adjust_cell_length(width, base)
        return self._strips[y]


class Colours:
    """Cached styles of a theme for signed cells."""

    _cache: dict[tuple[str, ...], Colours] = {}

    def __init__(self, variables: dict[str, str]) -> None:
        texts = rich_colours(variables)
        ramp = signed_ramp(variables)
        self._colours = dict(enumerate(ramp)) | {MUTED: texts["secondary"]}
        self._selected = RichStyle(color=texts["accent"], bold=True, reverse=True)
        self._styles: dict[tuple[int, int], RichStyle] = {}

    @classmethod
    def of(cls, variables: dict[str, str]) -> Colours:
        """Return the styles for the theme with the given variables."""
        key = tuple(variables[name] for name in ("background", "foreground", "train", "valid", "secondary", "accent"))
        if key not in cls._cache:
            cls._cache[key] = cls(variables)
        return cls._cache[key]

    def style(self, ink: int, paper: int) -> RichStyle:
        """Return the style of cells with the given colours."""
        style = self._styles.get((ink, paper))
        if style is None:
            style = RichStyle(color=self._colours.get(ink), bgcolor=self._colours.get(paper))
            self._styles[ink, paper] = style = self._selected if ink == SELECTED else style
        return style


def signed_ramp(variables: dict[str, str]) -> tuple[str, ...]:
    """Return the colours of the levels -`LEVELS` … +`LEVELS`, from blue over the background colour to orange.

    Blue and orange, which are also the curve colours, are distinguishable with colour vision deficiencies. If the
    theme uses the terminal's background, zero is black, as in grey images.
    """
    paper, ink = Color.parse(variables["background"]), Color.parse(variables["foreground"])
    if paper.ansi is not None or ink.ansi is not None:
        paper, ink = Color(0, 0, 0), Color(255, 255, 255)
    sides = []
    for name in ("train", "valid"):
        pure = Color.parse(variables[name])
        end = pure.blend(ink, BRIGHT)
        shares = [(step / LEVELS) ** VISIBILITY for step in range(1, LEVELS + 1)]
        sides.append([blend(paper, pure, end, share).rich_color.name for share in shares])
    negative, positive = sides
    return (*reversed(negative), paper.rich_color.name, *positive)


def blend(low: Color, middle: Color, high: Color, share: float) -> Color:
    """Interpolate from `low` at 0 through `middle` at ¾ to `high` at 1."""
    return low.blend(middle, share / 0.75) if share <= 0.75 else middle.blend(high, (share - 0.75) * 4)


def row_text(block: Cells, row: int, variables: dict[str, str]) -> Text:
    """Return a row of cells as Rich text, for use within a line."""
    colours = Colours.of(variables)
    return Text.assemble(*((text, colours.style(ink, paper)) for text, ink, paper in grey_cells.runs(block, row)))

"""Cells of signed numbers in a widget, in two colours that meet at zero."""

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
from mnist_tui.tui.render.signed_cells import CHOSEN, LEVELS, QUIET

BRIGHT = 0.35
"""How far beyond the pure colour the ramp goes, towards the text's colour: the ends stand out."""
VISIBILITY = 0.75
"""A level's depth of colour is its share of the scale to this power: in a straight line most weights would be dark."""


class SignedImage(Widget):
    """Draws a block of cells at its upper left corner."""

    DEFAULT_CSS = """
    SignedImage { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.block: Cells | None = None
        """What is shown."""
        self._strips: dict[int, Strip] = {}
        self._drawn_with: object = None

    def show(self, block: Cells | None) -> None:
        """Show this block instead."""
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
    """A theme's styles for signed cells, each made once."""

    _known: dict[tuple[str, ...], Colours] = {}

    def __init__(self, variables: dict[str, str]) -> None:
        texts = rich_colours(variables)
        ramp = signed_ramp(variables)
        self._colours = dict(enumerate(ramp)) | {QUIET: texts["secondary"]}
        self._chosen = RichStyle(color=texts["accent"], bold=True, reverse=True)
        self._styles: dict[tuple[int, int], RichStyle] = {}

    @classmethod
    def of(cls, variables: dict[str, str]) -> Colours:
        """The styles for the theme with these variables."""
        key = tuple(variables[name] for name in ("background", "foreground", "train", "valid", "secondary", "accent"))
        if key not in cls._known:
            cls._known[key] = cls(variables)
        return cls._known[key]

    def style(self, ink: int, paper: int) -> RichStyle:
        """The style of cells with these colours."""
        style = self._styles.get((ink, paper))
        if style is None:
            style = RichStyle(color=self._colours.get(ink), bgcolor=self._colours.get(paper))
            self._styles[ink, paper] = style = self._chosen if ink == CHOSEN else style
        return style


def signed_ramp(variables: dict[str, str]) -> tuple[str, ...]:
    """The colours of the levels -`LEVELS` … +`LEVELS`: blue, the background at zero, orange.

    They are the curves' two colours, which colour-blind eyes tell apart too. Where the theme leaves its background to
    the terminal, zero is black, as it is for grey images.
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
    """From `low` at 0 over `middle` at ¾ to `high` at 1."""
    return low.blend(middle, share / 0.75) if share <= 0.75 else middle.blend(high, (share - 0.75) * 4)


def as_text(block: Cells, row: int, variables: dict[str, str]) -> Text:
    """A row of cells as a Rich text, to stand within a line of words."""
    colours = Colours.of(variables)
    return Text.assemble(*((text, colours.style(ink, paper)) for text, ink, paper in grey_cells.runs(block, row)))

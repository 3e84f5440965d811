"""Ten class colours that remain distinguishable with colour vision deficiencies."""

from __future__ import annotations

from rich.console import Console
from textual.theme import Theme

from mnist_tui.engine.figures.colours import CLASSES, CLASSES_ON_DARK
from mnist_tui.tui.render.palette import has_few_colours

# For terminals with 16 colours: those of the nearest hues that are visible on black and on white, as Rich defines them.
# Named colours would do worse, because Textual replaces them by RGB colours, and Rich rounds these to others. Points
# are drawn as digits there, because some of the colours are similar.
FEW_ON_DARK = (
    "#ff55ff", "#ffffff", "#aa5500", "#55ffff", "#aa00aa", "#aaaaaa", "#55ff55", "#5555ff", "#00aaaa", "#ff5555",
)  # fmt: skip
FEW_ON_LIGHT = (
    "#ff55ff", "#000000", "#ff5555", "#00aaaa", "#aa00aa", "#555555", "#00aa00", "#0000aa", "#5555ff", "#aa0000",
)  # fmt: skip


def class_colours(theme: Theme, console: Console) -> tuple[str, ...]:
    """Return ten colours that contrast with the theme's background and with each other.

    Without colour support all of them are the foreground colour, because greys would make some classes hard to see.
    """
    if console.no_color:
        return ("#ffffff" if theme.dark else "#000000",) * len(CLASSES)
    if has_few_colours(console):
        return FEW_ON_DARK if theme.dark else FEW_ON_LIGHT
    return CLASSES_ON_DARK if theme.dark else CLASSES

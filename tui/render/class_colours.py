"""Ten class colours that remain distinguishable with colour vision deficiencies."""

from __future__ import annotations

from rich.console import Console
from textual.theme import Theme

from mnist_tui.engine.figures.colours import CLASSES as LIGHT

# Chosen like the colours for light backgrounds: they maximise the smallest perceptual distance between any two colours
# over all simulated kinds of colour vision.
DARK = (
    "#ff7700", "#ccffee", "#5544ff", "#ffff00", "#9944bb", "#66aa77", "#eeaaff", "#cc0022", "#66ff88", "#666677",
)  # fmt: skip
# For terminals with 16 colours; their few hues repeat, so points are drawn as digits there.
ANSI = ("red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright_black", "bright_red", "bright_blue")


def class_colours(theme: Theme, console: Console) -> tuple[str, ...]:
    """Return ten colours that contrast with the theme's background and with each other.

    Without colour support all of them are the foreground colour, because greys would make some classes hard to see.
    """
    if console.no_color:
        return (theme.foreground or ("#ffffff" if theme.dark else "#000000"),) * len(DARK)
    if console.color_system == "standard":
        return ANSI
    return DARK if theme.dark else LIGHT

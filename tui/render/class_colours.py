"""Ten colours for ten classes, which colour-blind readers tell apart too."""

from __future__ import annotations

from rich.console import Console
from textual.theme import Theme

from mnist_tui.engine.figures.colours import CLASSES as LIGHT

# Found as those for a light ground were, which figures have too: the largest distance of the closest two colours, as
# seen with any kind of colour vision.
DARK = (
    "#ff7700", "#ccffee", "#5544ff", "#ffff00", "#9944bb", "#66aa77", "#eeaaff", "#cc0022", "#66ff88", "#666677",
)  # fmt: skip
# Where the terminal has no more, eight hues in its own order; the look is then digits, which tell classes apart.
FEW = ("red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright_black", "bright_red", "bright_blue")


def class_colours(theme: Theme, console: Console) -> tuple[str, ...]:
    """Ten colours for classes that stand out from the theme's background and from each other.

    Without colours all are the text's: greys would only hide some of them.
    """
    if console.no_color:
        return (theme.foreground or ("#ffffff" if theme.dark else "#000000"),) * len(DARK)
    if console.color_system == "standard":
        return FEW
    return DARK if theme.dark else LIGHT

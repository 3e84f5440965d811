"""Ten colours for ten classes, which colour-blind readers tell apart too."""

from __future__ import annotations

from rich.console import Console
from textual.theme import Theme

# Ten colours for each kind of background, found by a search for the largest distance of the closest two (CIELAB),
# as seen without and with a red, green or blue deficiency (Machado 2009), with contrast to the background.
DARK = (
    "#ff7700", "#ccffee", "#5544ff", "#ffff00", "#9944bb", "#66aa77", "#eeaaff", "#cc0022", "#66ff88", "#666677",
)  # fmt: skip
LIGHT = (
    "#dd8800", "#0000ff", "#aa2200", "#3399dd", "#552299", "#aa8866", "#9955ff", "#663333", "#8899aa", "#114466",
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

"""Screenshots as a terminal with 16 colours shows them.

Run the console with `TEXTUAL_COLOR_SYSTEM=standard`, so that it chooses its colours for such a terminal, and pass what
`App.export_screenshot` returns, which has all colours as they are before the terminal rounds them.
"""

from __future__ import annotations

import re

from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.palette import Palette
from rich.terminal_theme import SVG_EXPORT_THEME

PALETTE = Palette([
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
    (255, 255, 255),
])  # fmt: skip
"""The 16 colours of xterm."""
_EXPORTED = {SVG_EXPORT_THEME.ansi_colors[index]: index for index in range(16)}


def sixteen_colours(svg: str) -> str:
    """Replace every colour of an SVG by that of the 16 to which Rich rounds it."""
    return re.sub(r"#[0-9a-fA-F]{6}\b", lambda match: _rounded(match.group()), svg)


def _rounded(colour: str) -> str:
    """Return the colour of a terminal with 16 colours; those that have a name already are kept."""
    index = _EXPORTED.get(ColorTriplet(*bytes.fromhex(colour[1:])))
    if index is None:
        index = Color.parse(colour).downgrade(ColorSystem.STANDARD).number
    assert index is not None
    return PALETTE[index].hex

"""The theme's colours in the forms that Rich, plotext and the grey images want; a theme may name the terminal's own."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color

USED = (
    "accent",
    "background",
    "border",
    "error",
    "fine",
    "foreground",
    "primary",
    "secondary",
    "success",
    "train",
    "valid",
    "warning",
)
"""The theme's variables that are written into texts."""


def rich_colours(variables: Mapping[str, str]) -> dict[str, str]:
    """The used variables as Rich writes colours, `#rrggbb` or one of the terminal's own such as `green`."""
    return {name: Color.parse(variables[name]).rich_color.name for name in USED}


def plot_colour(colour: Color) -> tuple[int, int, int] | int | str:
    """A colour as plotext takes it: red, green and blue, or a number of the terminal's own, or `default`."""
    if colour.ansi is None:
        return colour.rgb
    return "default" if colour.ansi < 0 else colour.ansi


def grey_ramp(paper: str, ink: str, steps: int) -> tuple[str, ...]:
    """`steps` colours from paper to ink; from black to white where the theme leaves them to the terminal."""
    low, high = Color.parse(paper), Color.parse(ink)
    if low.ansi is not None or high.ansi is not None:
        low, high = Color(0, 0, 0), Color(255, 255, 255)
    return tuple(low.blend(high, step / (steps - 1)).rich_color.name for step in range(steps))

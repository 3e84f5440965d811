"""Conversion of theme colours for Rich, plotext and grey images; a theme may use the terminal's ANSI colours."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
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
"""Theme variables that are used to style text."""


def has_few_colours(console: Console) -> bool:
    """Return whether the terminal has only 16 colours."""
    return console.color_system in ("standard", "windows")


def rich_colours(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the theme variables in `USED` as Rich colour names: `#rrggbb` or an ANSI name such as `green`."""
    return {name: Color.parse(variables[name]).rich_color.name for name in USED}


def plot_colour(colour: Color) -> tuple[int, int, int] | int | str:
    """Convert a colour to plotext's form: an RGB triple, an ANSI colour number or `default`."""
    if colour.ansi is None:
        return colour.rgb
    return "default" if colour.ansi < 0 else colour.ansi


def grey_ramp(paper: str, ink: str, steps: int) -> tuple[str, ...]:
    """Return `steps` colours from paper to ink; from black to white if the theme uses the terminal's colours."""
    low, high = Color.parse(paper), Color.parse(ink)
    if low.ansi is not None or high.ansi is not None:
        low, high = Color(0, 0, 0), Color(255, 255, 255)
    return tuple(low.blend(high, step / (steps - 1)).rich_color.name for step in range(steps))

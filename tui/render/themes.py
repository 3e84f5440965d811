"""The built-in themes, and the curve colours for themes that do not define them."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import Theme

# The 16 colours of terminals as Rich defines them, so that no role is rounded to the colour of another one.
_FEW_ON_DARK = {
    "primary": "#55ffff",
    "secondary": "#aaaaaa",
    "accent": "#ffff55",
    "success": "#55ff55",
    "warning": "#ff55ff",
    "error": "#ff5555",
    "background": "#000000",
    "surface": "#000000",
    "panel": "#000000",
    "foreground": "#ffffff",
}
_FEW_ON_LIGHT = {
    "primary": "#0000aa",
    "secondary": "#555555",
    "accent": "#aa00aa",
    "success": "#00aa00",
    "warning": "#aa5500",
    "error": "#aa0000",
    "background": "#ffffff",
    "surface": "#ffffff",
    "panel": "#ffffff",
    "foreground": "#000000",
}

CURVE_COLOURS = {"train": "#4e9de6", "valid": "#f0a030", "fine": "#4f6076"}
"""Colours for training, validation and per-batch curves; distinguishable with colour vision deficiencies."""

THEMES = (
    Theme(
        name="mnist-dark",
        primary="#4e9de6",
        secondary="#7d8fa9",
        accent="#f0a030",
        success="#3fb68b",
        warning="#f0a030",
        error="#e5637a",
        background="#0d1117",
        surface="#131a24",
        panel="#1a2330",
        foreground="#dfe6ee",
        dark=True,
        variables=CURVE_COLOURS | {"border": "#2b3a4f", "border-blurred": "#2b3a4f"},
    ),
    Theme(
        name="mnist-light",
        primary="#1766b3",
        secondary="#5b6b80",
        accent="#b25e00",
        success="#1d7f5c",
        warning="#b25e00",
        error="#b8304b",
        background="#fbfaf7",
        surface="#f3f1ec",
        panel="#e9e6df",
        foreground="#1c232c",
        dark=False,
        variables={
            "train": "#1766b3",
            "valid": "#c26a00",
            "fine": "#b3bfce",
            "border": "#c9c4b8",
            "border-blurred": "#c9c4b8",
        },
    ),
)


def with_few_colours(theme: Theme) -> Theme:
    """Return a theme for terminals with 16 colours: the one given if it has the terminal's own colours.

    Any other theme's colours would be rounded to the nearest of 16, by which accent and error may become the same red.
    """
    if theme.background is not None and theme.background.startswith("ansi_"):
        return theme
    colours = _FEW_ON_DARK if theme.dark else _FEW_ON_LIGHT
    border = "#555555" if theme.dark else "#aaaaaa"
    # Muted text is blended with the background by default, and would be black on black.
    curves = {"train": colours["primary"], "valid": colours["warning"], "fine": border}
    borders = {"border": border, "border-blurred": border}
    variables = curves | borders | {"text-muted": colours["secondary"]}
    return replace(theme, **colours, variables=variables)  # type: ignore[arg-type]  # all of them are texts

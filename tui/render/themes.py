"""The built-in themes, and the curve colours for themes that do not define them."""

from __future__ import annotations

from textual.theme import Theme

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

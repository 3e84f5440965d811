"""The colours of the classes: ten that colour-blind readers tell apart, on every background."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from rich.console import Console
from textual.theme import BUILTIN_THEMES, Theme

from mnist_tui.engine.figures import curves, projection
from mnist_tui.engine.figures.colours import CLASSES, CLASSES_ON_DARK
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.render.class_colours import FEW_ON_DARK, FEW_ON_LIGHT, class_colours
from mnist_tui.tui.render.themes import THEMES, with_few_colours
from screenshots.sixteen import sixteen_colours

VISIONS = {
    "all": np.eye(3).tolist(),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""Matrices on linear RGB of Machado, Oliveira and Fernandes (2009), severity 1."""


def linear(colours: tuple[str, ...]) -> np.ndarray:
    """Return colours in linear RGB, (N, 3)."""
    rgb = np.array([Color.parse(c).triplet for c in colours]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen_by(colours: tuple[str, ...], matrix: list[list[float]]) -> np.ndarray:
    """Return colours in CIELAB as seen with a colour vision deficiency."""
    xyz = (linear(colours) @ np.array(matrix).T).clip(0, 1) @ np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ).T
    shares = xyz / [0.9505, 1, 1.089]
    f = np.where(shares > (6 / 29) ** 3, np.cbrt(shares), shares / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Return the colour difference of two colours in CIELAB, as by CIE 142-2001."""
    (l1, a1, b1), (l2, a2, b2) = one.tolist(), other.tolist()
    mean7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * math.sqrt(mean7 / (mean7 + 25**7))
    a1, a2 = stretch * a1, stretch * a2
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    middle = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    cosine = lambda factor, shift: math.cos(math.radians(factor * middle + shift))  # noqa: E731
    t = 1 - 0.17 * cosine(1, -30) + 0.24 * cosine(2, 0) + 0.32 * cosine(3, 6) - 0.2 * cosine(4, -63)
    s_l = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    rotation = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    rotation *= math.sin(math.radians(60 * math.exp(-(((middle - 275) / 25) ** 2))))
    dl, dc, dh = (l2 - l1) / s_l, (c2 - c1) / s_c, hue / s_h
    return math.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours by WCAG, from 1 to 21."""
    low, high = sorted((linear((one, other)) @ [0.2126, 0.7152, 0.0722]).tolist())
    return (high + 0.05) / (low + 0.05)


def themes() -> list[Theme]:
    """All themes of the console that have colours of their own."""
    return [theme for theme in (*THEMES, *BUILTIN_THEMES.values()) if "ansi" not in theme.name]


def test_the_difference_is_that_of_the_standard() -> None:
    """Reference values of Sharma, Wu and Dalal (2005)."""
    for one, other, expected in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("colours", [CLASSES_ON_DARK, CLASSES])
def test_colour_blind_readers_tell_the_classes_apart(colours: tuple[str, ...]) -> None:
    """A difference of about 1 is just noticeable; small dots need some ten times as much."""
    assert len(colours) == 10
    for name, matrix in VISIONS.items():
        smallest = min(ciede2000(a, b) for a, b in itertools.combinations(seen_by(colours, matrix), 2))
        assert smallest > (15 if name == "all" else 11.9), name
    assert len({Color.parse(c).downgrade(ColorSystem.EIGHT_BIT).number for c in colours}) == len(colours)


@pytest.mark.parametrize("theme", themes(), ids=lambda theme: theme.name)
def test_every_class_is_visible_in_every_theme(theme: Theme) -> None:
    background = theme.to_color_system().generate()["background"][:7]
    colours = class_colours(theme, Console(color_system="truecolor", force_terminal=True))
    assert min(contrast(colour, background) for colour in colours) >= 3
    assert min(contrast(colour, "#ffffff") for colour in CLASSES) >= 3  # figures


def test_a_class_has_the_same_hue_in_dark_and_in_light_themes() -> None:
    for dark, light in zip(CLASSES_ON_DARK, CLASSES, strict=True):
        (chroma, hue), (other_chroma, other_hue) = oklch(dark), oklch(light)
        if chroma > 0.03:
            assert other_chroma > 0.05
            assert abs((hue - other_hue + 180) % 360 - 180) <= 30, (dark, light)
        else:
            assert other_chroma <= 0.03


def oklch(colour: str) -> tuple[float, float]:
    """Return chroma and hue by Ottosson (2020)."""
    to_cones = [[0.4122215, 0.5363325, 0.0514460], [0.2119035, 0.6806995, 0.1073970], [0.0883025, 0.2817188, 0.6299787]]
    to_lab = [
        [0.2104543, 0.7936178, -0.0040720],
        [1.9779985, -2.4285922, 0.4505937],
        [0.0259040, 0.7827718, -0.8086758],
    ]
    _, a, b = np.array(to_lab) @ np.cbrt(np.array(to_cones) @ linear((colour,))[0])
    return math.hypot(a, b), math.degrees(math.atan2(b, a))


def test_figures_and_console_share_the_colours() -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    assert projection.CLASSES is curves.CLASSES is CLASSES
    light = next(theme for theme in THEMES if not theme.dark)
    assert class_colours(light, console) == CLASSES


@pytest.mark.parametrize(("colours", "background"), [(FEW_ON_DARK, "#000000"), (FEW_ON_LIGHT, "#ffffff")])
def test_sixteen_colours_give_every_class_its_own(colours, background) -> None:
    rounded = {Color.parse(c).downgrade(ColorSystem.STANDARD).number for c in (*colours, background)}
    assert len(rounded) == 11
    assert min(contrast(colour, background) for colour in colours) > 2.3


@pytest.mark.parametrize("theme", [*THEMES, *themes()], ids=lambda theme: theme.name)
def test_sixteen_colours_give_every_role_its_own(theme: Theme) -> None:
    shown = with_few_colours(theme).to_color_system().generate()
    roles = ("primary", "accent", "success", "warning", "error", "foreground", "background", "secondary")
    rounded = [Color.parse(shown[role][:7]).downgrade(ColorSystem.STANDARD).number for role in roles]
    assert len(set(rounded)) == len(roles)


@pytest.mark.parametrize(("system", "few"), [("standard", True), ("truecolor", False)])
def test_the_console_uses_them_where_the_terminal_has_no_more(monkeypatch, tmp_path: Path, system, few) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", system)
    app = MnistTui(runs_dir=tmp_path)
    for theme in THEMES:
        app.theme = theme.name
        assert (app.current_theme.accent != theme.accent) == few


def test_a_screenshot_in_sixteen_colours_has_no_others() -> None:
    rounded = sixteen_colours("a{fill:#55ff55}b{fill:#4e9de6}c{fill:#c5c8c6}#x1234567")
    assert rounded.startswith("a{fill:#00ff00}b{fill:#")
    assert rounded.count("#4e9de6") == 0

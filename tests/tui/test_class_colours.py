"""The colours of the classes: ten that colour-blind readers tell apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from rich.color import Color, ColorSystem

from mnist_tui.tui.render.class_colours import DARK, LIGHT


def seen_by(colours: tuple[str, ...], matrix: list[list[float]]) -> np.ndarray:
    """Return colours in CIELAB as seen with a colour vision deficiency."""
    rgb = np.array([Color.parse(c).triplet for c in colours]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = (linear @ np.array(matrix).T).clip(0, 1) @ np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ).T
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_colour_blind_readers_tell_the_classes_apart(colours: tuple[str, ...]) -> None:
    """A distance of 2.3 in CIELAB is just noticeable; small dots need some ten times as much."""
    seeing = {
        "all": np.eye(3).tolist(),
        "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    }
    for matrix in seeing.values():
        places = seen_by(colours, matrix)
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)) > 20
    assert len({Color.parse(c).downgrade(ColorSystem.EIGHT_BIT).number for c in colours}) == len(colours)

"""Imagined digits kept with their run: `imagined/<method>-<class>-<epoch>.npz`."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np

from mnist_tui.engine import files
from mnist_tui.engine.analysis.imagined import METHODS, Imagined, Method, NearestImage
from mnist_tui.engine.runs import checkpoint_file

FOLDER = "imagined"
MAX_BYTES = 1 << 20
"""Of one stored picture, which takes some kilobytes."""


def save(folder: Path, epoch: int, imagined: Imagined) -> Path:
    """Keep what a search ended with and return where; a deleted run stays deleted. Raises OSError."""
    nearest = imagined.nearest
    assert nearest is not None, "only the best of a search is kept"
    buffer = io.BytesIO()
    np.savez(
        buffer,
        image=imagined.image,
        probability=np.array(imagined.probability),
        tried=np.array(imagined.tried),
        nearest=np.array([nearest.index, nearest.label]),
        nearest_image=nearest.image,
        distance=np.array(nearest.distance),
    )
    files.refuse_link(folder / FOLDER)
    (folder / FOLDER).mkdir(exist_ok=True)
    path = _path(folder, epoch, imagined.method, imagined.digit)
    files.replace(path, buffer.getvalue())
    return path


def load(folder: Path, epoch: int, classes: int) -> dict[tuple[Method, int], Imagined]:
    """What an epoch's network imagined, by method and class; files that can't be read are left out."""
    found: dict[tuple[Method, int], Imagined] = {}
    for method in METHODS:
        for digit in range(classes):
            # numpy and zipfile raise whatever they meet in a damaged file; a search makes it anew.
            with contextlib.suppress(Exception):
                found[method, digit] = _read(_path(folder, epoch, method, digit), method, digit)
    return found


def _path(folder: Path, epoch: int, method: Method, digit: int) -> Path:
    return folder / FOLDER / f"{method}-{digit}-{epoch}.npz"


def _read(path: Path, method: Method, digit: int) -> Imagined:
    checkpoint_file.check(path, MAX_BYTES)
    with np.load(path, allow_pickle=False) as stored:
        image, near = stored["image"].astype(np.float32), stored["nearest_image"].astype(np.uint8)
        index, label = (int(number) for number in stored["nearest"])
        probability, tried, distance = float(stored["probability"]), int(stored["tried"]), float(stored["distance"])
    if image.shape != (28, 28) or near.shape != image.shape or not np.isfinite(image).all() or not 0 <= label < 10:
        raise ValueError("it holds no picture")
    return Imagined(method, digit, image, probability, tried, NearestImage(index, label, near, distance))

"""Storage of imagined digits in their run's folder: `imagined/<method>-<class>-<epoch>.npz`."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np

from mnist_tui.engine import files
from mnist_tui.engine.analysis.imagined import METHODS, Imagined, Method
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.runs import checkpoint_file

FOLDER = "imagined"
MAX_BYTES = 1 << 20
"""Size limit of a stored file, which normally takes a few kilobytes."""


def save(folder: Path, epoch: int, imagined: Imagined) -> Path:
    """Write the final result of a search and return its path; raise OSError, also if the run was deleted."""
    nearest = imagined.nearest
    assert nearest is not None, "only final results are stored"
    buffer = io.BytesIO()
    np.savez(
        buffer,
        image=imagined.image,
        probability=np.array(imagined.probability),
        tried=np.array(imagined.tried),
        nearest=np.array([nearest.index, nearest.label]),
        nearest_image=nearest.image,
        hidden_distance=np.array(nearest.distance),
    )
    files.refuse_link(folder / FOLDER)
    (folder / FOLDER).mkdir(exist_ok=True)
    path = _path(folder, epoch, imagined.method, imagined.digit)
    files.replace(path, buffer.getvalue())
    return path


def version(folder: Path) -> int | None:
    """Return a value that changes when digits are stored in a run's folder, also by another process."""
    try:
        return (folder / FOLDER).stat().st_mtime_ns
    except OSError:
        return None


def load(folder: Path, epoch: int, classes: int) -> dict[tuple[Method, int], Imagined]:
    """Return the stored digits of an epoch by method and class, omitting unreadable files.

    Those that were stored by a version that compared pixels have no nearest image.
    """
    found: dict[tuple[Method, int], Imagined] = {}
    for method in METHODS:
        for digit in range(classes):
            # numpy and zipfile raise various exceptions for a damaged file; the next search replaces it.
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
        probability, tried = float(stored["probability"]), int(stored["tried"])
        distance = float(stored["hidden_distance"]) if "hidden_distance" in stored else None
    if image.shape != (28, 28) or near.shape != image.shape or not np.isfinite(image).all() or not 0 <= label < 10:
        raise ValueError("it contains no valid image")
    neighbour = None if distance is None else Neighbour(near, label, index, distance)
    return Imagined(method, digit, image, probability, tried, neighbour)

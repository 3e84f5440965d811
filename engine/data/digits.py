"""scikit-learn's bundled digits, brought to MNIST's size: the data set that needs no download."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.data.catalog import DIGITS, IMAGE_SIDE
from mnist_tui.engine.data.dataset import Dataset, make_dataset

_BRIGHTEST = 16
_BOX = 20
"""MNIST's digits lie in a box of 20×20 pixels, centred in 28×28."""


def load_digits_dataset(note: str = "") -> Dataset:
    """The 1,797 digits of scikit-learn's `load_digits` (8×8, values 0–16) as 28×28 images with values 0–255.

    The first 1,500 are for training, the last 297 for test.
    """
    # scipy asks whether an array is torch's, and fails while another thread is importing torch: that is waited for.
    import torch  # noqa: F401
    from sklearn.datasets import load_digits

    small, labels = load_digits(return_X_y=True)
    images = enlarge(small.reshape(-1, 8, 8))
    targets = labels.astype(np.uint8)
    end = DIGITS.train_items
    return make_dataset(
        DIGITS.name, DIGITS.title, DIGITS.classes, images[:end], targets[:end], images[end:], targets[end:], note
    )


def enlarge(small: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Square images (N, s, s) with values 0–16 as uint8 (N, 28, 28): bilinear to 20×20, centred, 16 becomes 255."""
    weights = _interpolation(small.shape[1], _BOX)
    box = np.rint(weights @ small @ weights.T * (255 / _BRIGHTEST)).astype(np.uint8)
    margin = (IMAGE_SIDE - _BOX) // 2
    return np.pad(box, ((0, 0), (margin, margin), (margin, margin)))


def _interpolation(source: int, target: int) -> NDArray[np.float64]:
    """The matrix (target, source) that interpolates linearly between the centres of `source` pixels."""
    centres = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    distance = np.abs(centres[:, None] - np.arange(source)[None, :])
    return np.maximum(0.0, 1.0 - distance)

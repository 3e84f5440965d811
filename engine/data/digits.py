"""The digits data set bundled with scikit-learn, enlarged to the size of MNIST; needs no download."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.data.catalog import DIGITS, IMAGE_SIDE
from mnist_tui.engine.data.dataset import Dataset, make_dataset

_MAX_VALUE = 16
_BOX = 20
"""MNIST digits occupy a box of 20×20 pixels, centred in the 28×28 image."""


def load_digits_dataset(note: str = "") -> Dataset:
    """Load the 1,797 digits of scikit-learn's `load_digits` (8×8, values 0–16) as 28×28 images with values 0–255.

    The first 1,500 are training images, the last 297 test images.
    """
    # Imported first: scipy checks whether an array is torch's, which fails while another thread is importing torch.
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
    """Resize (N, s, s) images with values 0–16 bilinearly to 20×20, scale 16 to 255 and centre: uint8 (N, 28, 28)."""
    weights = _interpolation_matrix(small.shape[1], _BOX)
    box = np.rint(weights @ small @ weights.T * (255 / _MAX_VALUE)).astype(np.uint8)
    margin = (IMAGE_SIDE - _BOX) // 2
    return np.pad(box, ((0, 0), (margin, margin), (margin, margin)))


def _interpolation_matrix(source: int, target: int) -> NDArray[np.float64]:
    """Return the (target, source) matrix that interpolates linearly between the centres of `source` pixels."""
    centres = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    distance = np.abs(centres[:, None] - np.arange(source)[None, :])
    return np.maximum(0.0, 1.0 - distance)

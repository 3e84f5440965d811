"""A data set in memory, with its pixel statistics and its split into training and validation images."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_STATISTICS_CHUNK = 1000
"""Images per chunk: `bincount` converts each byte to eight bytes, so chunks limit the memory used."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test images with their labels; the arrays are read-only."""

    name: str
    """The data set's name in the catalog, never `auto`."""
    title: str
    classes: tuple[str, ...]
    """Class names, in the order of the labels 0, 1, …"""
    images: NDArray[np.uint8]
    """Images for training and validation, (N, 28, 28); 0 is background."""
    labels: NDArray[np.uint8]
    """(N,)"""
    test_images: NDArray[np.uint8]
    """(M, 28, 28)"""
    test_labels: NDArray[np.uint8]
    """(M,)"""
    mean: float
    std: float
    """Mean and population standard deviation of all training pixels, scaled to 0–1; exact except for final rounding."""
    note: str = ""
    """A caveat to show next to every result, such as why this data set replaces another; usually empty."""

    def split(self, seed: int, fraction: float = 0.1) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Split the training images into training and validation, as two disjoint ascending arrays of indices.

        Validation gets `fraction` of the images, chosen at random with `seed`; each part has at least one image.
        """
        count = len(self.labels)
        validation_size = min(max(1, round(count * fraction)), count - 1)
        order = np.random.default_rng(seed).permutation(count).astype(np.int64)
        return np.sort(order[validation_size:]), np.sort(order[:validation_size])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all images and labels, in hexadecimal."""
        content = hashlib.sha256()
        for array in (self.images, self.labels, self.test_images, self.test_labels):
            content.update(f"{array.shape}".encode())
            content.update(np.ascontiguousarray(array).data)
        return content.hexdigest()

    def class_counts(self, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the number of occurrences of each class in `labels`: (classes,)."""
        return np.bincount(labels, minlength=len(self.classes)).astype(np.int64)


def make_dataset(
    name: str,
    title: str,
    classes: tuple[str, ...],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.uint8],
    note: str = "",
) -> Dataset:
    """Create a data set: compute its pixel statistics and make its arrays read-only."""
    for array in (images, labels, test_images, test_labels):
        array.setflags(write=False)
    mean, std = pixel_statistics(images)
    return Dataset(name, title, classes, images, labels, test_images, test_labels, mean, std, note)


def pixel_statistics(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return mean and population standard deviation of all pixels, scaled to 0–1, computed with exact integer sums."""
    counts = np.zeros(256, np.int64)
    for start in range(0, len(images), _STATISTICS_CHUNK):
        counts += np.bincount(images[start : start + _STATISTICS_CHUNK].ravel(), minlength=256)
    histogram = [int(count) for count in counts]
    pixels = sum(histogram)
    total = sum(value * count for value, count in enumerate(histogram))
    squares = sum(value * value * count for value, count in enumerate(histogram))
    variance = (pixels * squares - total * total) / (pixels * pixels)
    return total / pixels / 255, math.sqrt(variance) / 255

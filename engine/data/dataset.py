"""A data set in memory, with what training needs to know of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STATISTICS_CHUNK = 1000
"""Images counted at once: numpy widens each byte to eight while it counts."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and test. The arrays are read-only."""

    name: str
    """The data set's name in the catalog, never `auto`."""
    title: str
    classes: tuple[str, ...]
    """What the labels 0, 1, … stand for."""
    images: NDArray[np.uint8]
    """For training and validation: (N, 28, 28), 0 is background."""
    labels: NDArray[np.uint8]
    """(N,)"""
    test_images: NDArray[np.uint8]
    """(M, 28, 28)"""
    test_labels: NDArray[np.uint8]
    """(M,)"""
    mean: float
    std: float
    """Mean and population standard deviation of all training pixels, scaled to 0–1; exact up to the last rounding."""
    note: str = ""
    """What people must know beside every result: why this data set stands in for another. Mostly empty."""

    def split(self, seed: int, fraction: float = 0.1) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The training images' indices as (training, validation), each ascending; every index is in one of them.

        Validation gets `fraction` of the images, chosen at random by `seed`, but leaves at least one for each side.
        """
        count = len(self.labels)
        chosen = min(max(1, round(count * fraction)), count - 1)
        order = np.random.default_rng(seed).permutation(count).astype(np.int64)
        return np.sort(order[chosen:]), np.sort(order[:chosen])

    def class_counts(self, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
        """How often each class occurs in `labels`: (number of classes,)."""
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
    """The data set with its statistics; makes the arrays read-only."""
    for array in (images, labels, test_images, test_labels):
        array.setflags(write=False)
    mean, std = pixel_statistics(images)
    return Dataset(name, title, classes, images, labels, test_images, test_labels, mean, std, note)


def pixel_statistics(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and population standard deviation of all pixels, scaled to 0–1, from integer sums without rounding."""
    counts = np.zeros(256, np.int64)
    for start in range(0, len(images), _STATISTICS_CHUNK):
        counts += np.bincount(images[start : start + _STATISTICS_CHUNK].ravel(), minlength=256)
    histogram = [int(count) for count in counts]
    pixels = sum(histogram)
    total = sum(value * count for value, count in enumerate(histogram))
    squares = sum(value * value * count for value, count in enumerate(histogram))
    variance = (pixels * squares - total * total) / (pixels * pixels)
    return total / pixels / 255, math.sqrt(variance) / 255

"""Imagined digits in three ways, each with the training image that it is nearest to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.analysis.neighbours import nearest
from engine.analysis.subject import Analyst, SplitImages, Subject

Method: TypeAlias = Literal["noise", "ascent", "smooth"]
METHODS: tuple[Method, ...] = ("noise", "ascent", "smooth")
CHUNK = 6000
"""Training images that are normalised at once while the nearest is searched: 19 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Imagined:
    """The best picture yet of a class."""

    method: Method
    digit: int
    image: NDArray[np.float32]
    """(28, 28), in the network's normalised units."""
    probability: float
    """What the network gives the class."""
    tried: int
    """Noise images that were looked at, or steps that were gone."""
    nearest: NearestImage | None
    """None while a better picture may still come: finding it takes longer than finding a picture."""

    @property
    def done(self) -> bool:
        """Whether this is the best that the search found."""
        return self.nearest is not None


@dataclass(frozen=True, slots=True, eq=False)
class NearestImage:
    """The training image that is nearest to a picture."""

    index: int
    """Its place in the data set's file."""
    label: int
    image: NDArray[np.uint8]
    """(28, 28)"""
    distance: float
    """Euclidean, in normalised units."""


def nearest_training(image: NDArray[np.float32], training: SplitImages, mean: float, std: float) -> NearestImage:
    """The training image nearest to a (28, 28) image in normalised units."""
    query = np.ascontiguousarray(image.reshape(1, -1), np.float32)
    best, distance = 0, float("inf")
    for start in range(0, len(training.images), CHUNK):
        piece = training.images[start : start + CHUNK].reshape(-1, query.shape[1])
        references = piece.astype(np.float32) * np.float32(1 / (255 * std)) - np.float32(mean / std)
        found = nearest(query, references, 1)
        if found.distances[0, 0] < distance:
            best, distance = start + int(found.indices[0, 0]), float(found.distances[0, 0])
    return NearestImage(int(training.indices[best]), int(training.labels[best]), training.images[best], distance)

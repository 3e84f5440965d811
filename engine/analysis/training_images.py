"""The training images nearest to given points in a network's last hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.neighbours import nearest
from mnist_tui.engine.analysis.subject import Analyst, Network
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import Cancelled

CHUNK = 10_000
"""Training images evaluated between two checks for cancellation."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A training image that is close in the hidden representation."""

    image: NDArray[np.uint8]
    """(28, 28)"""
    label: int
    index: int
    """Index in the training file."""
    distance: float
    """Euclidean distance of the representations."""


def space_label(config: RunConfig) -> str:
    """Name the space of the representations: without a hidden layer, they are the normalised pixels."""
    return "the hidden layer" if config.hidden else "the pixels"


def training_representations(
    analyst: Analyst, network: Network, cancelled: Callable[[], bool] = lambda: False
) -> NDArray[np.float32]:
    """Return the (N, D) representations of all training images; raise `Cancelled`.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    return analyst.answer(network, "training images", lambda: _compute(analyst, network, cancelled))


def _compute(analyst: Analyst, network: Network, cancelled: Callable[[], bool]) -> NDArray[np.float32]:
    from mnist_tui.engine.training.evaluate import evaluate

    _, dataset = analyst.run(network.folder)
    train = analyst.images(network.folder, "train")
    model = analyst.model(network.folder, network.epoch)
    parts = []
    for start in range(0, len(train.labels), CHUNK):
        if cancelled():
            raise Cancelled
        chunk = slice(start, start + CHUNK)
        parts.append(evaluate(model, train.images[chunk], train.labels[chunk], dataset.mean, dataset.std).hidden)
    return np.concatenate(parts)


def nearest_training_images(
    analyst: Analyst,
    network: Network,
    points: NDArray[np.float32],
    k: int,
    exclude: NDArray[np.integer] | None = None,
) -> list[tuple[Neighbour, ...]]:
    """Return the k nearest training images of each of (Q, D) representations by ascending distance.

    Args:
        k: reduced to the number of training images.
        exclude: (Q,): position of a training image to skip for each point, such as the point itself.

    Raises `RunError` or `DataError` if the run or its data can't be read, ValueError if a value is not finite.
    """
    references = training_representations(analyst, network)
    train = analyst.images(network.folder, "train")
    found = nearest(points, references, min(k, len(references) - (exclude is not None)), exclude=exclude)
    return [
        tuple(
            Neighbour(train.images[i], int(train.labels[i]), int(train.indices[i]), float(distance))
            for i, distance in zip(indices, distances, strict=True)
        )
        for indices, distances in zip(found.indices, found.distances, strict=True)
    ]

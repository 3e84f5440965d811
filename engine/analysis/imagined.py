"""Imagined digits by three methods, each with its nearest training image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.neighbours import nearest
from mnist_tui.engine.analysis.subject import Analyst, SplitImages, Subject

Method: TypeAlias = Literal["noise", "ascent", "smooth"]
METHODS: tuple[Method, ...] = ("noise", "ascent", "smooth")
CHUNK = 6000
"""Training images normalised at a time in the nearest-neighbour search: 19 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Imagined:
    """The best image of a class found so far."""

    method: Method
    digit: int
    image: NDArray[np.float32]
    """(28, 28): in normalised units."""
    probability: float
    """Predicted probability of the class."""
    tried: int
    """Number of noise images evaluated, or of ascent steps."""
    nearest: NearestImage | None
    """None until the search has ended, because the neighbour takes longer to find than the next image."""

    @property
    def done(self) -> bool:
        """Whether this is the final result of the search."""
        return self.nearest is not None


@dataclass(frozen=True, slots=True, eq=False)
class NearestImage:
    """The training image nearest to an imagined image."""

    index: int
    """Index in the data set's file."""
    label: int
    image: NDArray[np.uint8]
    """(28, 28)"""
    distance: float
    """Euclidean distance in normalised units."""


@dataclass(frozen=True, slots=True)
class ImagineData:
    """The imagined digits of a network so far."""

    classes: tuple[str, ...]
    pictures: dict[tuple[Method, int], Imagined]
    """By method and class."""


def grey(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Rescale an (S, S) image from its minimum and maximum to 0–255."""
    low, high = float(image.min()), float(image.max())
    return np.asarray(np.round((image - low) / max(high - low, 1e-12) * 255), dtype=np.uint8)


def imagine(
    analyst: Analyst,
    subject: Subject,
    digits: Sequence[int],
    *,
    images: int,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Imagined]:
    """Imagine classes by all three methods.

    Args:
        subject: selects the network; its split is ignored.
        digits: the classes.
        images: number of noise images, shared by all classes.
        stopping: whether to end the search with the results so far.

    Yields:
        Every improvement, and at the end of each method its results with their nearest training images.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    from mnist_tui.engine.analysis.ascent import SMOOTHNESS, ascend
    from mnist_tui.engine.analysis.noise_search import noise_search

    _, dataset = analyst.run(subject.folder)
    model = analyst.model(subject.folder, subject.epoch)
    training = analyst.images(subject.folder, "train")
    mean, std = dataset.mean, dataset.std
    best: dict[int, Imagined] = {}
    for method in METHODS[1:]:
        best = {}
        for digit in digits:
            if stopping():
                break
            smoothness = SMOOTHNESS if method == "smooth" else 0.0
            for step in ascend(model, digit, mean, std, smoothness=smoothness, seed=seed, stopping=stopping):
                best[digit] = Imagined(method, digit, step.image, step.probability, step.step, None)
                yield best[digit]
        yield from _with_nearest(list(best.values()), training, mean, std)
    if stopping():
        return
    best = {}
    for found in noise_search(model, digits, images=images, seed=seed, stopping=stopping):
        for digit, image, probability in zip(found.digits, found.images, found.probabilities, strict=True):
            best[digit] = Imagined("noise", digit, image, float(probability), found.tried, None)
            yield best[digit]
    yield from _with_nearest(list(best.values()), training, mean, std)


def _with_nearest(found: list[Imagined], training: SplitImages, mean: float, std: float) -> Iterator[Imagined]:
    if found:
        nearest = nearest_training(np.stack([one.image for one in found]), training, mean, std)
        for one, image in zip(found, nearest, strict=True):
            yield replace(one, nearest=image)


def nearest_training(
    pictures: NDArray[np.float32], training: SplitImages, mean: float, std: float
) -> list[NearestImage]:
    """Return the training image nearest to each of (Q, 28, 28) images in normalised units."""
    queries = np.ascontiguousarray(pictures.reshape(len(pictures), -1), np.float32)
    best, distances = np.zeros(len(queries), np.int64), np.full(len(queries), np.inf)
    for start in range(0, len(training.images), CHUNK):
        chunk = training.images[start : start + CHUNK].reshape(-1, queries.shape[1])
        references = chunk.astype(np.float32) * np.float32(1 / (255 * std)) - np.float32(mean / std)
        found = nearest(queries, references, 1)
        closer = found.distances[:, 0] < distances
        best = np.where(closer, start + found.indices[:, 0], best)
        distances = np.where(closer, found.distances[:, 0], distances)
    return [
        NearestImage(int(training.indices[i]), int(training.labels[i]), training.images[i], float(distance))
        for i, distance in zip(best, distances, strict=True)
    ]

"""Imagined digits in three ways, each with the training image that it is nearest to."""

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


@dataclass(frozen=True, slots=True)
class ImagineData:
    """What a network imagined so far."""

    classes: tuple[str, ...]
    pictures: dict[tuple[Method, int], Imagined]
    """By method and class."""


def grey(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """An image in normalised units from its lowest to its highest value: (S, S)."""
    low, high = float(image.min()), float(image.max())
    return np.asarray(np.round((image - low) / max(high - low, 1e-12) * 255), dtype=np.uint8)


def probability_words(probability: float) -> str:
    """A probability with digits enough to tell it from certainty: `99.98 %`, `99.99997 %`."""
    for digits in (2, 3, 4, 5, 6):
        words = f"{probability * 100:.{digits}f} %"
        if not words.startswith("100"):
            return words
    return "100 %"


def imagine(
    analyst: Analyst,
    subject: Subject,
    digits: Sequence[int],
    *,
    images: int,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Imagined]:
    """Imagine classes in all three ways.

    Args:
        subject: whose network; the split does not matter.
        digits: the wanted classes.
        images: how many noise images are tried; they serve all classes.
        stopping: ends the search; what was found so far is kept.

    Yields:
        Every better picture, and at the end each way's best with its nearest training image.

    Raises `RunError` and `DataError` where the run or its data can't be read.
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
    """The training image nearest to each of (Q, 28, 28) pictures in normalised units."""
    queries = np.ascontiguousarray(pictures.reshape(len(pictures), -1), np.float32)
    best, distances = np.zeros(len(queries), np.int64), np.full(len(queries), np.inf)
    for start in range(0, len(training.images), CHUNK):
        piece = training.images[start : start + CHUNK].reshape(-1, queries.shape[1])
        references = piece.astype(np.float32) * np.float32(1 / (255 * std)) - np.float32(mean / std)
        found = nearest(queries, references, 1)
        closer = found.distances[:, 0] < distances
        best = np.where(closer, start + found.indices[:, 0], best)
        distances = np.where(closer, found.distances[:, 0], distances)
    return [
        NearestImage(int(training.indices[i]), int(training.labels[i]), training.images[i], float(distance))
        for i, distance in zip(best, distances, strict=True)
    ]

"""Imagined digits by three methods, each with its nearest training image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.subject import Analyst, Network, Subject
from mnist_tui.engine.analysis.training_images import Neighbour, nearest_training_images

Method: TypeAlias = Literal["noise", "ascent", "smooth"]
METHODS: tuple[Method, ...] = ("noise", "ascent", "smooth")


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
    nearest: Neighbour | None
    """None until the search has ended, because the neighbour takes longer to find than the next image."""

    @property
    def done(self) -> bool:
        """Whether this is the final result of the search."""
        return self.nearest is not None


@dataclass(frozen=True, slots=True)
class ImagineData:
    """The imagined digits of a network so far."""

    classes: tuple[str, ...]
    pictures: dict[tuple[Method, int], Imagined]
    """By method and class."""
    space: str
    """Name of the space in which the nearest training images are near, as by `space_label`."""


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
        yield from _with_nearest(analyst, subject.network, list(best.values()))
    if stopping():
        return
    best = {}
    for found in noise_search(model, digits, images=images, seed=seed, stopping=stopping):
        for digit, image, probability in zip(found.digits, found.images, found.probabilities, strict=True):
            best[digit] = Imagined("noise", digit, image, float(probability), found.tried, None)
            yield best[digit]
    yield from _with_nearest(analyst, subject.network, list(best.values()))


def _with_nearest(analyst: Analyst, network: Network, found: list[Imagined]) -> Iterator[Imagined]:
    if found:
        for one, image in zip(found, nearest_images(analyst, network, found), strict=True):
            yield replace(one, nearest=image)


def nearest_images(analyst: Analyst, network: Network, found: Sequence[Imagined]) -> list[Neighbour]:
    """Return the training image nearest to each imagined image in the last hidden layer.

    In the pixels, noise is nearest to the image with the least ink, whatever the network sees in it.

    Raises `RunError` or `DataError` if the run or its data can't be read, ValueError if weights are not finite.
    """
    import torch

    model = analyst.model(network.folder, network.epoch)
    with torch.inference_mode():
        _, hidden = model(torch.tensor(np.stack([one.image.ravel() for one in found])))
    return [closest for (closest,) in nearest_training_images(analyst, network, hidden.numpy(), 1)]

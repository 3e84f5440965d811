"""Details of one image: its predictions over the epochs and its nearest training images."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.mistakes import EpochPrediction, ImageScores, history, score_images
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.analysis.training_images import (
    Neighbour,
    nearest_training_images,
    space_label,
    training_representations,
)
from mnist_tui.engine.errors import Cancelled, RunError
from mnist_tui.engine.runs.folder import Version

NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """An image, and the epochs to evaluate it at."""

    subject: Subject
    position: int
    page: tuple[int, ...]
    """Positions to evaluate together because they are likely to be requested next; includes `position`."""
    epochs: tuple[int, ...]
    """Epochs of the history."""
    version: Version = None
    """Version of the subject's weights."""

    @property
    def image(self) -> tuple[Subject, Version, int]:
        """Identity of the image and the weights."""
        return self.subject, self.version, self.position


@dataclass(frozen=True, slots=True, eq=False)
class ImageDetails:
    """Details of one image computed so far."""

    query: ImageQuery
    predictions: tuple[EpochPrediction, ...] = ()
    neighbours: tuple[Neighbour, ...] | None = None
    """By ascending distance; None until they are computed."""
    space: str = "the hidden layer"
    """Name of the space of the neighbours, as by `space_label`."""
    failure: str = ""
    """Why there are no neighbours; empty if there are some."""


def inspect_image(analyst: Analyst, query: ImageQuery, cancelled: Callable[[], bool]) -> Iterator[ImageDetails]:
    """Yield the history of an image, then also its neighbours; end early once `cancelled()`.

    To respond quickly, only a page of images is evaluated at every epoch, and the training images only at one.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    subject = query.subject
    try:
        space = space_label(analyst.run(subject.folder)[0])
        details = ImageDetails(query, _verdicts(analyst, query, cancelled), space=space)
        yield details
        hidden = training_representations(analyst, subject.network, cancelled)
    except Cancelled:
        return
    try:
        yield replace(details, neighbours=_neighbours(analyst, query, hidden))
    except ValueError:  # the training diverged
        yield replace(details, neighbours=(), failure="values are not finite")


def _verdicts(analyst: Analyst, query: ImageQuery, cancelled: Callable[[], bool]) -> tuple[EpochPrediction, ...]:
    """Return the prediction of each epoch; raise `Cancelled`."""
    page, found = query.page, {}
    for epoch in query.epochs:
        one = replace(query.subject, epoch=epoch)
        if cancelled():
            raise Cancelled
        # Epochs with unreadable weights are omitted.
        with contextlib.suppress(_UnreadableWeights):
            found[epoch] = analyst.answer(one, ("page", page), partial(_score_page, analyst, one, page))
    return tuple(history(found, page.index(query.position)))


class _UnreadableWeights(Exception):  # noqa: N818 - internal to this module
    """The weights of an epoch can't be read."""


def _score_page(analyst: Analyst, subject: Subject, page: tuple[int, ...]) -> ImageScores:
    from mnist_tui.engine.training.evaluate import evaluate

    _, dataset = analyst.run(subject.folder)
    split, places = analyst.images(subject.folder, subject.split), np.array(page)
    try:
        model = analyst.model(subject.folder, subject.epoch)
    except RunError as error:
        raise _UnreadableWeights from error
    evaluation = evaluate(model, split.images[places], split.labels[places], dataset.mean, dataset.std)
    return score_images(evaluation, split.indices[places])


def _neighbours(analyst: Analyst, query: ImageQuery, hidden: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    from mnist_tui.engine.training.evaluate import evaluate

    subject, position = query.subject, query.position
    if subject.split == "train":
        own = np.array([position])
        (found,) = nearest_training_images(analyst, subject.network, hidden[own], NEIGHBOURS, exclude=own)
        return found
    _, dataset = analyst.run(subject.folder)
    split = analyst.images(subject.folder, subject.split)
    one = slice(position, position + 1)
    model = analyst.model(subject.folder, subject.epoch)
    point = evaluate(model, split.images[one], split.labels[one], dataset.mean, dataset.std).hidden
    (found,) = nearest_training_images(analyst, subject.network, point, NEIGHBOURS)
    return found


def sample_epochs(epochs: Sequence[int], current: int, room: int) -> tuple[int, ...]:
    """Return at most `room` evenly spaced epochs, including the first, the last and the current one.

    Args:
        room: at least 3.
    """
    if len(epochs) <= room:
        return tuple(epochs)
    step = math.ceil((len(epochs) - 1) / (room - 2))
    chosen = {*epochs[::step], epochs[-1]}
    if current in epochs:
        chosen.add(current)
    return tuple(sorted(chosen))


@dataclass(frozen=True, slots=True, eq=False)
class ImageData:
    """One image with its predictions and details."""

    subject: Subject
    scores: ImageScores
    position: int
    """Position in the split."""
    image: NDArray[np.uint8]
    """(28, 28)"""
    classes: tuple[str, ...]
    details: ImageDetails


def image_data(analyst: Analyst, subject: Subject, position: int, epochs: Sequence[int]) -> ImageData:
    """Return an image of the split with all its details.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    _, dataset = analyst.run(subject.folder)
    query = ImageQuery(subject, position, (position,), tuple(epochs))
    *_, details = inspect_image(analyst, query, lambda: False)
    image = analyst.images(subject.folder, subject.split).images[position]
    return ImageData(subject, analyst.scores(subject), position, image, dataset.classes, details)

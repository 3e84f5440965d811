"""What is found out about one image: its history over the epochs, and the training images that are like it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.mistakes import EpochVerdict, Judged, history, judge
from mnist_tui.engine.analysis.neighbours import nearest
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import Cancelled, RunError
from mnist_tui.engine.runs.folder import Version

NEIGHBOURS = 10
CHUNK = 10_000
"""Training images that are measured before the search looks whether it is still wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A training image that is near in the hidden representation."""

    image: NDArray[np.uint8]
    label: int
    index: int
    """Its place in the training file."""
    distance: float


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one image."""

    subject: Subject
    position: int
    page: tuple[int, ...]
    """The positions that are likely to be asked for next, this one among them."""
    epochs: tuple[int, ...]
    """Whose verdicts are wanted."""
    version: Version = None
    """Of the subject's weights: where they are others, so are the answers."""

    @property
    def image(self) -> tuple[Subject, Version, int]:
        """What it is about."""
        return self.subject, self.version, self.position


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What is known by now about one image."""

    question: Question
    verdicts: tuple[EpochVerdict, ...] = ()
    neighbours: tuple[Neighbour, ...] | None = None
    """The nearest first; None while they are looked for."""
    space: str = "the hidden layer"
    trouble: str = ""
    """Why there are no neighbours."""


def research(analyst: Analyst, question: Question, cancelled: Callable[[], bool]) -> Iterator[Findings]:
    """First the history, then also the neighbours; ends early once `cancelled()`.

    It measures a page of images at every epoch, and the training images at one, instead of whole splits, for which a
    reader would have to wait.

    Raises `RunError` and `DataError` where the run or its data can't be read.
    """
    subject = question.subject
    try:
        findings = Findings(question, _verdicts(analyst, question, cancelled))
        yield findings
        config, _ = analyst.run(subject.folder)
        space = "the hidden layer" if config.hidden else "the pixels"
        hidden = analyst.answer(subject.network, "training images", lambda: _train_hidden(analyst, subject, cancelled))
    except Cancelled:
        return
    try:
        yield replace(findings, neighbours=_neighbours(analyst, question, hidden), space=space)
    except ValueError:  # the training diverged
        yield replace(findings, neighbours=(), space=space, trouble="its values are not finite")


def _verdicts(analyst: Analyst, question: Question, cancelled: Callable[[], bool]) -> tuple[EpochVerdict, ...]:
    """What became of the image; raises `Cancelled`."""
    page, found = question.page, {}
    for epoch in question.epochs:
        one = replace(question.subject, epoch=epoch)
        if cancelled():
            raise Cancelled
        # An epoch whose weights can't be read is left out; the others' can.
        with contextlib.suppress(_UnreadableWeights):
            found[epoch] = analyst.answer(one, ("page", page), partial(_judge_page, analyst, one, page))
    return tuple(history(found, page.index(question.position)))


class _UnreadableWeights(Exception):  # noqa: N818 - it never leaves this module
    """An epoch has no weights that can be read."""


def _judge_page(analyst: Analyst, subject: Subject, page: tuple[int, ...]) -> Judged:
    from mnist_tui.engine.training.evaluate import evaluate

    _, dataset = analyst.run(subject.folder)
    split, places = analyst.images(subject.folder, subject.split), np.array(page)
    try:
        model = analyst.model(subject.folder, subject.epoch)
    except RunError as error:
        raise _UnreadableWeights from error
    evaluation = evaluate(model, split.images[places], split.labels[places], dataset.mean, dataset.std)
    return judge(evaluation, split.indices[places])


def _train_hidden(analyst: Analyst, subject: Subject, cancelled: Callable[[], bool]) -> NDArray[np.float32]:
    """The training images' representations at the subject's epoch; raises `Cancelled`."""
    from mnist_tui.engine.training.evaluate import evaluate

    _, dataset = analyst.run(subject.folder)
    train = analyst.images(subject.folder, "train")
    model = analyst.model(subject.folder, subject.epoch)
    parts = []
    for start in range(0, len(train.labels), CHUNK):
        if cancelled():
            raise Cancelled
        chunk = slice(start, start + CHUNK)
        parts.append(evaluate(model, train.images[chunk], train.labels[chunk], dataset.mean, dataset.std).hidden)
    return np.concatenate(parts)


def _neighbours(analyst: Analyst, question: Question, hidden: NDArray[np.float32]) -> tuple[Neighbour, ...]:
    from mnist_tui.engine.training.evaluate import evaluate

    subject, position = question.subject, question.position
    _, dataset = analyst.run(subject.folder)
    train = analyst.images(subject.folder, "train")
    itself: NDArray[np.int64] | None = None
    if subject.split == "train":
        query, itself = hidden[position : position + 1], np.array([position])
    else:
        split = analyst.images(subject.folder, subject.split)
        one = slice(position, position + 1)
        model = analyst.model(subject.folder, subject.epoch)
        query = evaluate(model, split.images[one], split.labels[one], dataset.mean, dataset.std).hidden
    count = min(NEIGHBOURS, len(hidden) - (itself is not None))
    found = nearest(query, hidden, count, exclude=itself)
    return tuple(
        Neighbour(train.images[i], int(train.labels[i]), int(train.indices[i]), float(distance))
        for i, distance in zip(found.indices[0], found.distances[0], strict=True)
    )


def spread(epochs: Sequence[int], current: int, room: int) -> tuple[int, ...]:
    """At most `room` of the epochs, evenly chosen, the first, the last and the current one among them.

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
    """One image with all that is known of it."""

    subject: Subject
    judged: Judged
    position: int
    """Its place in the split."""
    image: NDArray[np.uint8]
    """(28, 28)"""
    classes: tuple[str, ...]
    findings: Findings


def look(analyst: Analyst, subject: Subject, position: int, epochs: Sequence[int]) -> ImageData:
    """All that is known of the image at this place in the split.

    Raises `RunError` and `DataError` where the run or its data can't be read.
    """
    _, dataset = analyst.run(subject.folder)
    question = Question(subject, position, (position,), tuple(epochs))
    *_, findings = research(analyst, question, lambda: False)
    image = analyst.images(subject.folder, subject.split).images[position]
    return ImageData(subject, analyst.judged(subject), position, image, dataset.classes, findings)

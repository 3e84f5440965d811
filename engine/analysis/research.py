"""What is found out about one image: its history over the epochs, and the training images that are like it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.mistakes import EpochVerdict, Judged, history, judge
from mnist_tui.engine.analysis.neighbours import nearest
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import RunError
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


class Researcher:
    """Finds out about single images; every method may be called from any thread.

    It measures a page of images at every epoch, and the training images at one, by itself: the analyst remembers whole
    splits and measures them one after the other, so that the grid would have to wait for it.
    """

    def __init__(self, analyst: Analyst) -> None:
        self._analyst = analyst
        self._lock = threading.Lock()
        self._judged: dict[tuple[int, Version], Judged] = {}
        self._judged_for: tuple[object, ...] = ()
        self._hidden: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._hidden_for: tuple[Path, int, Version] | None = None

    def research(self, question: Question, cancelled: Callable[[], bool]) -> Iterator[Findings]:
        """First the history, then also the neighbours; ends early once `cancelled()`.

        Raises `RunError` and `DataError` where the run or its data can't be read.
        """
        with self._lock:
            verdicts = self._verdicts(question, cancelled)
            if cancelled():
                return
            findings = Findings(question, verdicts)
            yield findings
            config, _ = self._analyst.run(question.subject.folder)
            space = "the hidden layer" if config.hidden else "the pixels"
            hidden = self._train_hidden(question.subject, cancelled)
            if hidden is None:
                return
            try:
                yield replace(findings, neighbours=self._neighbours(question, hidden), space=space)
            except ValueError:  # the training diverged
                yield replace(findings, neighbours=(), space=space, trouble="its values are not finite")

    def _verdicts(self, question: Question, cancelled: Callable[[], bool]) -> tuple[EpochVerdict, ...]:
        from mnist_tui.engine.training.evaluate import evaluate

        subject, page = question.subject, np.array(question.page)
        key = (subject.folder, subject.split, question.page)
        if self._judged_for != key:
            self._judged, self._judged_for = {}, key
        versions = {epoch: self._analyst.version(subject.folder, epoch) for epoch in question.epochs}
        missing = [epoch for epoch, version in versions.items() if (epoch, version) not in self._judged]
        if missing:
            _, dataset = self._analyst.run(subject.folder)
            split = self._analyst.images(subject.folder, subject.split)
            images, labels, indices = split.images[page], split.labels[page], split.indices[page]
            for epoch in missing:
                if cancelled():
                    return ()
                try:
                    model = self._analyst.model(subject.folder, epoch)
                except RunError:
                    continue  # this epoch's weights can't be read; the others' can
                evaluation = evaluate(model, images, labels, dataset.mean, dataset.std)
                self._judged[epoch, versions[epoch]] = judge(evaluation, indices)
        wanted = {epoch: self._judged[epoch, v] for epoch, v in versions.items() if (epoch, v) in self._judged}
        return tuple(history(wanted, question.page.index(question.position)))

    def _train_hidden(self, subject: Subject, cancelled: Callable[[], bool]) -> NDArray[np.float32] | None:
        """The training images' representations at the subject's epoch; None where it was cancelled."""
        from mnist_tui.engine.training.evaluate import evaluate

        key = subject.folder, subject.epoch, self._analyst.version(subject.folder, subject.epoch)
        if self._hidden_for != key:
            _, dataset = self._analyst.run(subject.folder)
            train = self._analyst.images(subject.folder, "train")
            model = self._analyst.model(subject.folder, subject.epoch)
            parts = []
            for start in range(0, len(train.labels), CHUNK):
                if cancelled():
                    return None
                chunk = slice(start, start + CHUNK)
                parts.append(
                    evaluate(model, train.images[chunk], train.labels[chunk], dataset.mean, dataset.std).hidden
                )
            self._hidden = np.concatenate(parts)
            self._hidden_for = key
        return self._hidden

    def _neighbours(self, question: Question, hidden: NDArray[np.float32]) -> tuple[Neighbour, ...]:
        from mnist_tui.engine.training.evaluate import evaluate

        subject, position = question.subject, question.position
        _, dataset = self._analyst.run(subject.folder)
        train = self._analyst.images(subject.folder, "train")
        itself: NDArray[np.int64] | None = None
        if subject.split == "train":
            query, itself = hidden[position : position + 1], np.array([position])
        else:
            split = self._analyst.images(subject.folder, subject.split)
            one = slice(position, position + 1)
            model = self._analyst.model(subject.folder, subject.epoch)
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
    *_, findings = Researcher(analyst).research(question, lambda: False)
    image = analyst.images(subject.folder, subject.split).images[position]
    return ImageData(subject, analyst.judged(subject), position, image, dataset.classes, findings)

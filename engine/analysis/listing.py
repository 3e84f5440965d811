"""The images of a split that somebody wants to see, in their order: by default the mistakes, the surest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.mistakes import Judged, order
from mnist_tui.engine.analysis.orders import Sort, Which
from mnist_tui.engine.analysis.selection import SelectionError, parse
from mnist_tui.engine.analysis.subject import Analyst, Subject

Direction: TypeAlias = Literal["↓", "↑", ""]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images are listed, and in which order."""

    words: str = ""
    """The filter, as it was typed."""
    which: Which = "wrong"
    sort: Sort = "confidence"
    turned: bool = False
    """Whether the order is turned round."""


@dataclass(frozen=True, slots=True, eq=False)
class MistakesData:
    """The images that are listed for a subject."""

    subject: Subject
    judged: Judged
    images: NDArray[np.uint8]
    """(N, 28, 28): those of the split."""
    classes: tuple[str, ...]
    wanted: Wanted
    """Its `words` are the last ones that could be understood."""
    positions: NDArray[np.int64]
    """(M,): the listed images, in their order."""
    counted: int
    """How many there are before the filter."""
    error: str
    """Why the filter as typed can't be understood, in one line; or empty."""

    @property
    def direction(self) -> Direction:
        """Whether what the list is sorted by falls or rises."""
        judged = self.judged
        keys = {
            "confidence": judged.confidence,
            "loss": judged.loss,
            "margin": judged.margin,
            "index": judged.indices,
        }[self.wanted.sort][self.positions]
        if not len(keys):
            return ""
        return "↓" if keys[0] > keys[-1] else "↑" if keys[0] < keys[-1] else ""


def compute(analyst: Analyst, subject: Subject, wanted: Wanted, valid: str = "") -> MistakesData:
    """The images that are wanted.

    Args:
        valid: the words that stand in for a filter that can't be understood.

    Raises `RunError` and `DataError` where the run or its data can't be read.
    """
    judged = analyst.judged(subject)
    _, dataset = analyst.run(subject.folder)
    images, classes = analyst.images(subject.folder, subject.split).images, dataset.classes
    error, used = "", ""
    selection = parse("", classes)
    for words in (wanted.words, valid):
        try:
            selection, used = parse(words, classes), words
            break
        except SelectionError as problem:
            error = error or str(problem)
    positions = order(judged, wanted.which, wanted.sort)
    if wanted.turned:
        positions = positions[::-1]
    counted = len(positions)
    positions = positions[selection.mask(judged)[positions]]
    wanted = replace(wanted, words=used)
    return MistakesData(subject, judged, images, classes, wanted, positions, counted, error)


def place_in(data: MistakesData, old: MistakesData | None, place: int, *, stay: bool) -> int:
    """Where the cursor stands in a new list, from `place` in the old one.

    Args:
        stay: keep it on its image, or at its place where that image is not listed any more. At another filter or order,
            of another run or split, it is always at the first image.
    """
    if old is None or not stay or not len(data.positions) or place >= len(old.positions):
        return 0
    if (old.wanted, old.subject.folder, old.subject.split) != (data.wanted, data.subject.folder, data.subject.split):
        return 0
    found = np.flatnonzero(data.positions == old.positions[place])
    return int(found[0]) if len(found) else min(place, len(data.positions) - 1)

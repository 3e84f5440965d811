"""Filtered and sorted lists of images; by default the misclassified ones by descending confidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.mistakes import ImageScores, order
from mnist_tui.engine.analysis.orders import Sort, Which
from mnist_tui.engine.analysis.selection import SelectionError, parse
from mnist_tui.engine.analysis.subject import Analyst, Subject

Direction: TypeAlias = Literal["↓", "↑", ""]


@dataclass(frozen=True, slots=True)
class ListSpec:
    """Filter and order of a list of images."""

    filter: str = ""
    """Filter expression as entered."""
    which: Which = "wrong"
    sort: Sort = "confidence"
    reverse: bool = False
    """Whether to reverse the default order."""


@dataclass(frozen=True, slots=True, eq=False)
class MistakesData:
    """List of images of a subject."""

    subject: Subject
    scores: ImageScores
    images: NDArray[np.uint8]
    """(N, 28, 28): all images of the split."""
    classes: tuple[str, ...]
    spec: ListSpec
    """Its `filter` is the last valid one."""
    positions: NDArray[np.int64]
    """(M,): positions of the listed images in the split, in list order."""
    unfiltered_count: int
    """Number of images before filtering."""
    error: str
    """Why the entered filter is invalid, in one line; empty if it is valid."""

    @property
    def direction(self) -> Direction:
        """Direction of the sort key: descending, ascending, or empty if it is constant."""
        scores = self.scores
        keys = {
            "confidence": scores.confidence,
            "loss": scores.loss,
            "margin": scores.margin,
            "index": scores.indices,
        }[self.spec.sort][self.positions]
        if not len(keys):
            return ""
        return "↓" if keys[0] > keys[-1] else "↑" if keys[0] < keys[-1] else ""


def compute(analyst: Analyst, subject: Subject, spec: ListSpec, valid: str = "") -> MistakesData:
    """Return the list of images for a filter and an order.

    Args:
        valid: filter to use instead of an invalid one.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    scores = analyst.scores(subject)
    _, dataset = analyst.run(subject.folder)
    images, classes = analyst.images(subject.folder, subject.split).images, dataset.classes
    error, used = "", ""
    selection = parse("", classes)
    for expression in (spec.filter, valid):
        try:
            selection, used = parse(expression, classes), expression
            break
        except SelectionError as problem:
            error = error or str(problem)
    positions = order(scores, spec.which, spec.sort)
    if spec.reverse:
        positions = positions[::-1]
    unfiltered_count = len(positions)
    positions = positions[selection.mask(scores)[positions]]
    spec = replace(spec, filter=used)
    return MistakesData(subject, scores, images, classes, spec, positions, unfiltered_count, error)


def cursor_index(data: MistakesData, old: MistakesData | None, index: int, *, stay: bool) -> int:
    """Return the index of the cursor in a new list, given its index in the old one.

    Args:
        stay: whether to keep the cursor on its image, or at its index if the image is no longer listed; the cursor is
            reset anyway if the filter, the order, the run or the split has changed.
    """
    if old is None or not stay or not len(data.positions) or index >= len(old.positions):
        return 0
    if (old.spec, old.subject.folder, old.subject.split) != (data.spec, data.subject.folder, data.subject.split):
        return 0
    found = np.flatnonzero(data.positions == old.positions[index])
    return int(found[0]) if len(found) else min(index, len(data.positions) - 1)

"""Which class is taken for which: the confusion matrix and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.intervals import wilson_interval
from mnist_tui.engine.analysis.subject import Analyst, Subject


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """The confusion matrix of C classes; whatever is a fraction of nothing is 0."""

    counts: NDArray[np.int64]
    """(C, C): images by actual × predicted class."""
    shares: NDArray[np.float64]
    """(C, C): `counts` as fractions of their row, that is of the images of the actual class."""
    support: NDArray[np.int64]
    """(C,): images of each actual class."""
    predicted: NDArray[np.int64]
    """(C,): images that were given each class."""
    recall: NDArray[np.float64]
    """(C,): the fraction of a row that is right."""
    precision: NDArray[np.float64]
    """(C,): the fraction of a column that is right."""
    f1: NDArray[np.float64]
    """(C,): the harmonic mean of precision and recall."""
    correct: int
    total: int
    accuracy: float
    interval: tuple[float, float]
    """The accuracy's 95 % Wilson interval."""

    @property
    def macro_recall(self) -> float:
        """The unweighted mean over all C classes, also those that do not occur."""
        return float(self.recall.mean())

    @property
    def macro_precision(self) -> float:
        """The unweighted mean over all C classes, also those that do not occur."""
        return float(self.precision.mean())

    @property
    def macro_f1(self) -> float:
        """The unweighted mean over all C classes, also those that do not occur."""
        return float(self.f1.mean())


@dataclass(frozen=True, slots=True)
class Pair:
    """Two different classes of which one is taken for the other."""

    actual: int
    predicted: int
    count: int
    share_of_row: float
    """`count` as a fraction of the images of the actual class; of both classes where both directions are counted."""


@dataclass(frozen=True, slots=True)
class ConfusionData:
    """The confusion matrix of a subject."""

    matrix: Confusion
    classes: tuple[str, ...]


def compute(analyst: Analyst, subject: Subject) -> ConfusionData:
    """The subject's confusion matrix; raises `RunError` and `DataError` where the run or its data can't be read."""
    judged = analyst.judged(subject)
    _, dataset = analyst.run(subject.folder)
    return ConfusionData(confusion(judged.labels, judged.predictions, len(dataset.classes)), dataset.classes)


def confusion(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> Confusion:
    """The confusion matrix of (N,) labels and (N,) predictions, each in 0 … `classes` - 1.

    Raises ValueError where the lengths differ or a class is out of range.

    Definitions as in scikit-learn's `precision_recall_fscore_support` with `zero_division=0` and all classes named.
    """
    if labels.shape != predictions.shape:
        raise ValueError(f"{len(labels)} labels do not go with {len(predictions)} predictions")
    for values in (labels, predictions):
        if len(values) and not 0 <= values.min() <= values.max() < classes:
            raise ValueError(f"classes must lie in 0 … {classes - 1}, not in {values.min()} … {values.max()}")
    cells = labels.astype(np.int64) * classes + predictions
    counts = np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)
    support, predicted, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    correct, total = int(right.sum()), len(labels)
    return Confusion(
        counts=counts,
        shares=_fraction(counts, support[:, None]),
        support=support,
        predicted=predicted,
        recall=_fraction(right, support),
        precision=_fraction(right, predicted),
        f1=_fraction(2 * right, support + predicted),
        correct=correct,
        total=total,
        accuracy=correct / total if total else 0.0,
        interval=wilson_interval(correct, total),
    )


def ordered_pairs(matrix: Confusion) -> list[Pair]:
    """The confusions that occur, 3 taken for 5 apart from 5 taken for 3; the most frequent first, then by class."""
    counts = matrix.counts.copy()
    np.fill_diagonal(counts, 0)
    return _pairs(counts, matrix.shares)


def unordered_pairs(matrix: Confusion) -> list[Pair]:
    """The confusions that occur, both directions added: `actual` is the smaller class; the most frequent first."""
    both = np.triu(matrix.counts + matrix.counts.T, 1)
    return _pairs(both, _fraction(both, matrix.support[:, None] + matrix.support))


def _fraction(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """`part` / `whole`, 0 where the whole is 0."""
    return part / np.maximum(whole, 1)


def _pairs(counts: NDArray[np.int64], shares: NDArray[np.float64]) -> list[Pair]:
    """The cells above 0, the largest first; equal ones in the matrix's order."""
    cells = zip(*(axis.tolist() for axis in np.nonzero(counts)), strict=True)
    pairs = [
        Pair(actual, predicted, int(counts[actual, predicted]), float(shares[actual, predicted]))
        for actual, predicted in cells
    ]
    return sorted(pairs, key=lambda pair: -pair.count)

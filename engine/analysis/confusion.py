"""Confusion matrix and the metrics derived from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.intervals import wilson_interval
from mnist_tui.engine.analysis.subject import Analyst, Subject


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Confusion matrix of C classes; a fraction with denominator 0 is NaN."""

    counts: NDArray[np.int64]
    """(C, C): number of images by true × predicted class."""
    shares: NDArray[np.float64]
    """(C, C): `counts` normalized by row, that is by true class; NaN for a class without images."""
    support: NDArray[np.int64]
    """(C,): number of images of each true class."""
    predicted: NDArray[np.int64]
    """(C,): number of images predicted as each class."""
    recall: NDArray[np.float64]
    """(C,): correct fraction of each row; NaN for a class without images."""
    precision: NDArray[np.float64]
    """(C,): correct fraction of each column; NaN for a class that is never predicted."""
    f1: NDArray[np.float64]
    """(C,): 2 · correct / (row + column), the harmonic mean of precision and recall; NaN if both are empty."""
    correct: int
    total: int
    accuracy: float
    interval: tuple[float, float]
    """95 % Wilson interval of the accuracy."""

    @property
    def macro_recall(self) -> float:
        """Unweighted mean over the classes with images."""
        return self._macro(self.recall)

    @property
    def macro_precision(self) -> float:
        """Unweighted mean over the classes with images that are predicted at least once."""
        return self._macro(self.precision)

    @property
    def macro_f1(self) -> float:
        """Unweighted mean over the classes with images."""
        return self._macro(self.f1)

    @property
    def largest_error_share(self) -> float:
        """Largest share of a row that was predicted as one other class; 0 without errors."""
        return float(self._error_shares.max(initial=0.0))

    @property
    def shades(self) -> NDArray[np.float64]:
        """(C, C): depths of the cells' colours, from 0 to 1, on separate scales for hits and errors.

        On the diagonal it is the recall. Elsewhere it is the square root of the share of the row in proportion to the
        largest such share, because beside the diagonal a few errors would be invisible on a common scale.
        """
        largest = self.largest_error_share
        depths = np.sqrt(self._error_shares / largest) if largest else np.zeros_like(self._error_shares)
        np.fill_diagonal(depths, np.nan_to_num(self.recall))
        return depths

    @property
    def _error_shares(self) -> NDArray[np.float64]:
        """(C, C): shares of the rows, 0 on the diagonal."""
        shares = np.nan_to_num(self.shares)
        np.fill_diagonal(shares, 0.0)
        return shares

    def _macro(self, values: NDArray[np.float64]) -> float:
        defined = values[(self.support > 0) & ~np.isnan(values)]
        return float(defined.mean()) if len(defined) else math.nan


@dataclass(frozen=True, slots=True)
class Pair:
    """Two confused classes."""

    true: int
    predicted: int
    count: int
    share_of_row: float
    """`count` as a fraction of the images of the true class, or of both classes for an unordered pair."""


@dataclass(frozen=True, slots=True)
class ConfusionData:
    """Confusion matrix of a subject."""

    matrix: Confusion
    classes: tuple[str, ...]


def compute(analyst: Analyst, subject: Subject) -> ConfusionData:
    """Compute a subject's confusion matrix; raise `RunError` or `DataError` if the run or its data can't be read."""
    scores = analyst.scores(subject)
    _, dataset = analyst.run(subject.folder)
    return ConfusionData(confusion(scores.labels, scores.predictions, len(dataset.classes)), dataset.classes)


def confusion(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> Confusion:
    """Compute the confusion matrix of (N,) labels and (N,) predictions, each from 0 to `classes` - 1.

    Definitions as in scikit-learn's `precision_recall_fscore_support` with `zero_division=nan` and all labels given.

    Raises ValueError if the lengths differ or a class is out of range.
    """
    if labels.shape != predictions.shape:
        raise ValueError(f"labels and predictions differ in length: {len(labels)} and {len(predictions)}")
    for values in (labels, predictions):
        if len(values) and not 0 <= values.min() <= values.max() < classes:
            raise ValueError(f"classes must be from 0 to {classes - 1}, not from {values.min()} to {values.max()}")
    cells = labels.astype(np.int64) * classes + predictions
    counts = np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)
    support, predicted, hits = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    correct, total = int(hits.sum()), len(labels)
    return Confusion(
        counts=counts,
        shares=_fraction(counts, support[:, None]),
        support=support,
        predicted=predicted,
        recall=_fraction(hits, support),
        precision=_fraction(hits, predicted),
        f1=_fraction(2 * hits, support + predicted),
        correct=correct,
        total=total,
        accuracy=correct / total if total else math.nan,
        interval=wilson_interval(correct, total),
    )


def ordered_pairs(matrix: Confusion) -> list[Pair]:
    """Return the confused pairs by descending count, then by class; (3, 5) and (5, 3) are separate pairs."""
    counts = matrix.counts.copy()
    np.fill_diagonal(counts, 0)
    return _pairs(counts, matrix.shares)


def unordered_pairs(matrix: Confusion) -> list[Pair]:
    """Return the confused pairs by descending count, both directions added; `true` is the smaller class."""
    both = np.triu(matrix.counts + matrix.counts.T, 1)
    return _pairs(both, _fraction(both, matrix.support[:, None] + matrix.support))


def _fraction(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return `part` / `whole`, or NaN where `whole` is 0."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _pairs(counts: NDArray[np.int64], shares: NDArray[np.float64]) -> list[Pair]:
    """Return the cells above 0 by descending count; ties in row-major order."""
    cells = zip(*(axis.tolist() for axis in np.nonzero(counts)), strict=True)
    pairs = [
        Pair(true, predicted, int(counts[true, predicted]), float(shares[true, predicted])) for true, predicted in cells
    ]
    return sorted(pairs, key=lambda pair: -pair.count)

"""Per-image predictions: correctness, confidence, margin and loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.orders import Sort, Which

if TYPE_CHECKING:  # it loads torch, which is not needed here
    from mnist_tui.engine.training.evaluate import Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class ImageScores:
    """Predictions for N images of a split with C classes; a position is an index into these arrays."""

    indices: NDArray[np.int64]
    """(N,): indices in the data set's file; in the training file for training and validation images."""
    labels: NDArray[np.int64]
    """(N,): true classes."""
    predictions: NDArray[np.int64]
    """(N,): predicted classes."""
    probabilities: NDArray[np.float64]
    """(N, C)"""
    confidence: NDArray[np.float64]
    """(N,): probability of the predicted class."""
    true_probability: NDArray[np.float64]
    """(N,): probability of the true class."""
    margin: NDArray[np.float64]
    """(N,): difference between the two largest probabilities."""
    loss: NDArray[np.float64]
    """(N,): cross-entropy in nats; finite even if the probability of the true class underflows."""
    correct: NDArray[np.bool_]
    """(N,): whether the prediction is correct."""

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, slots=True)
class EpochPrediction:
    """Prediction of one epoch's network for one image."""

    epoch: int
    prediction: int
    correct: bool
    confidence: float
    true_probability: float


def score_images(evaluation: Evaluation, indices: NDArray[np.integer]) -> ImageScores:
    """Return the per-image scores of an evaluation of N images.

    Args:
        evaluation: of at least two classes.
        indices: (N,): the images' indices in the data set's file.

    Raises ValueError if the number of indices differs from the number of images.
    """
    count = len(evaluation.labels)
    if len(indices) != count:
        raise ValueError(f"indices and images differ in number: {len(indices)} and {count}")
    rows, labels, predictions = np.arange(count), evaluation.labels.astype(np.int64), evaluation.predictions
    logits, probabilities = evaluation.logits.astype(np.float64), evaluation.probabilities
    # From the logits, because a probability can underflow to 0, whose logarithm is infinite.
    shifted = logits - logits.max(axis=1, keepdims=True)
    loss = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]
    confidence = probabilities[rows, predictions]
    return ImageScores(
        indices=indices.astype(np.int64),
        labels=labels,
        predictions=predictions,
        probabilities=probabilities,
        confidence=confidence,
        true_probability=probabilities[rows, labels],
        margin=confidence - np.partition(probabilities, -2, axis=1)[:, -2],
        loss=loss,
        correct=predictions == labels,
    )


def order(
    scores: ImageScores, which: Which, sort: Sort = "confidence", descending: bool | None = None
) -> NDArray[np.int64]:
    """Return the sorted positions of the misclassified images, the correctly classified ones or all.

    Args:
        descending: by default the most informative images come first: descending confidence or margin for
            misclassified images, ascending for the others; descending loss; ascending index.

    Returns:
        (M,) int64; ties by ascending index.
    """
    if descending is None:
        descending = sort == "loss" or (which == "wrong" and sort != "index")
    chosen = {"wrong": ~scores.correct, "right": scores.correct, "all": np.ones(len(scores), bool)}[which]
    keys = {
        "confidence": scores.confidence,
        "loss": scores.loss,
        "margin": scores.margin,
        "index": scores.indices,
    }[sort]
    positions = np.flatnonzero(chosen)
    key = -keys[positions] if descending else keys[positions]
    return positions[np.lexsort((scores.indices[positions], key))].astype(np.int64)


def history(scores_per_epoch: Mapping[int, ImageScores], position: int) -> list[EpochPrediction]:
    """Return the prediction of each epoch for one image, by epoch; all epochs must have scored the same images."""
    return [
        EpochPrediction(
            epoch=epoch,
            prediction=int(scores.predictions[position]),
            correct=bool(scores.correct[position]),
            confidence=float(scores.confidence[position]),
            true_probability=float(scores.true_probability[position]),
        )
        for epoch, scores in sorted(scores_per_epoch.items())
    ]

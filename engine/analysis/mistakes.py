"""How a network judges each image: right or wrong, and how sure it is."""

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
class Judged:
    """What a network says of N images of a split with C classes. A position is a place in these arrays."""

    indices: NDArray[np.int64]
    """(N,): each image's place in the data set's file; the training file for training and validation images."""
    labels: NDArray[np.int64]
    """(N,): the true classes."""
    predictions: NDArray[np.int64]
    """(N,): the most probable classes."""
    probabilities: NDArray[np.float64]
    """(N, C)"""
    confidence: NDArray[np.float64]
    """(N,): the predicted class's probability."""
    true_probability: NDArray[np.float64]
    """(N,): the true class's probability."""
    margin: NDArray[np.float64]
    """(N,): the predicted class's probability less the next one's."""
    loss: NDArray[np.float64]
    """(N,): cross-entropy, in nats; finite even where the true class's probability is too small for a float."""
    correct: NDArray[np.bool_]
    """(N,): whether the prediction is the true class."""

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, slots=True)
class EpochVerdict:
    """What the network of one epoch says of one image."""

    epoch: int
    prediction: int
    correct: bool
    confidence: float
    true_probability: float


def judge(evaluation: Evaluation, indices: NDArray[np.integer]) -> Judged:
    """The verdict on each of an evaluation's N images.

    Args:
        evaluation: of at least two classes.
        indices: (N,): the images' places in the data set's file.

    Raises ValueError where there are more or fewer indices than images.
    """
    count = len(evaluation.labels)
    if len(indices) != count:
        raise ValueError(f"{len(indices)} indices do not go with {count} images")
    rows, labels, predictions = np.arange(count), evaluation.labels.astype(np.int64), evaluation.predictions
    logits, probabilities = evaluation.logits.astype(np.float64), evaluation.probabilities
    # From the logits: a probability can be 0 after rounding, and its logarithm would be infinite.
    shifted = logits - logits.max(axis=1, keepdims=True)
    loss = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]
    confidence = probabilities[rows, predictions]
    return Judged(
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


def order(judged: Judged, which: Which, sort: Sort = "confidence", descending: bool | None = None) -> NDArray[np.int64]:
    """The positions of the wrong images, the right ones or all, sorted; equal ones by their index.

    Args:
        descending: by default the most telling images come first: the wrong ones from the most confident, the right
            ones and all from the least confident, in each case the largest loss first; the index ascends.

    Returns:
        (M,) int64.
    """
    if descending is None:
        descending = sort == "loss" or (which == "wrong" and sort != "index")
    chosen = {"wrong": ~judged.correct, "right": judged.correct, "all": np.ones(len(judged), bool)}[which]
    keys = {
        "confidence": judged.confidence,
        "loss": judged.loss,
        "margin": judged.margin,
        "index": judged.indices,
    }[sort]
    positions = np.flatnonzero(chosen)
    key = -keys[positions] if descending else keys[positions]
    return positions[np.lexsort((judged.indices[positions], key))].astype(np.int64)


def history(judged_per_epoch: Mapping[int, Judged], position: int) -> list[EpochVerdict]:
    """What became of one image, in the order of the epochs; all must have judged the same images."""
    return [
        EpochVerdict(
            epoch=epoch,
            prediction=int(judged.predictions[position]),
            correct=bool(judged.correct[position]),
            confidence=float(judged.confidence[position]),
            true_probability=float(judged.true_probability[position]),
        )
        for epoch, judged in sorted(judged_per_epoch.items())
    ]

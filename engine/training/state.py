"""The complete state of a training between two batches; resuming from it gives the same result as not interrupting.

It needs no state of random generators: initial weights, shuffling and augmentation depend only on the seed and the
epoch.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import torch
from torch import Tensor

from mnist_tui.engine.config import MAX_EPOCHS

Tensors: TypeAlias = Mapping[str, Tensor]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class TrainingState:
    """State of a training between two batches; its tensors are copies on the CPU."""

    epoch: int
    """The current epoch, or the next one if `batch` is 0."""
    batch: int
    """Number of completed batches in this epoch."""
    learner: dict[str, Tensor]
    """The network's parameters and the optimizer's state."""
    losses: Tensor
    """(batch,) float64: mean loss of each completed batch of this epoch."""
    correct: Tensor
    """(batch,) float64: number of correct predictions in each of them."""
    epoch_seconds: float
    """Duration of this epoch so far, without pauses."""
    seconds: float
    """Time since the run's first event, without the time between processes."""
    best_epoch: int
    best_loss: float
    """Lowest validation loss of the complete epochs; infinite if there is none."""
    best_weights: dict[str, Tensor]
    threads: int
    """Number of CPU threads used by torch: floating-point sums depend on it."""
    told: str
    """The last complete epoch's event as JSON, in case it was not written before a crash; empty if there is none."""


def check_weights(weights: object, expected: Tensors) -> None:
    """Raise `ValueError` if `weights` are not tensors with the expected names and shapes."""
    shapes = {name: tensor.shape for name, tensor in expected.items()}
    if not isinstance(weights, Mapping) or not all(isinstance(tensor, Tensor) for tensor in weights.values()):
        raise ValueError("it contains no weights")
    if {name: tensor.shape for name, tensor in weights.items()} != shapes:
        raise ValueError("its weights do not match the network")


def to_bytes(state: TrainingState) -> bytes:
    """Serialize the state for `state.pt`."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **{f.name: getattr(state, f.name) for f in fields(state)}}, buffer)
    return buffer.getvalue()


def from_record(record: object) -> TrainingState:
    """Create a state from the loaded content of `state.pt`.

    Raises:
        ValueError: The content is invalid or was written by a newer version.
    """
    if not isinstance(record, dict) or not isinstance(record.get("format"), int):
        raise ValueError("it contains no training state")
    if record["format"] > FORMAT:
        raise ValueError("it was written by a newer mnist-tui: update this one")
    try:
        state = TrainingState(**{f.name: _validated(record[f.name], str(f.type)) for f in fields(TrainingState)})
    except (KeyError, TypeError) as error:
        raise ValueError("it contains no training state") from error
    if (
        state.threads < 1
        or not 1 <= state.epoch <= MAX_EPOCHS + 1
        or state.batch < 0
        or not len(state.losses) == len(state.correct) == state.batch
    ):
        raise ValueError("its position is invalid")
    if math.isnan(state.best_loss) or not (0 <= state.seconds < math.inf and 0 <= state.epoch_seconds < math.inf):
        raise ValueError("its values are invalid")
    return state


_KINDS: dict[str, Callable[[Any], bool]] = {
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float),
    "str": lambda value: isinstance(value, str),
    "Tensor": lambda value: isinstance(value, Tensor) and value.dim() == 1 and value.dtype == torch.float64,
    "dict[str, Tensor]": lambda value: (
        isinstance(value, dict)
        and all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in value.items())
    ),
}


def _validated(value: Any, kind: str) -> Any:
    if not _KINDS[kind](value):
        raise TypeError(f"expected {kind}")
    return value

"""Where a training stands between two batches: all that a resumed one needs to go on as if nothing had been.

No random generator is among it: the initial weights, an epoch's order and its augmentation are functions of the seed
and the epoch.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import torch
from torch import Tensor

Tensors: TypeAlias = Mapping[str, Tensor]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class TrainingState:
    """A training between two batches; its tensors are copies on the host."""

    epoch: int
    """The epoch that is running, or that comes next."""
    batch: int
    """Batches of it that are done."""
    learner: dict[str, Tensor]
    """The network's parameters and what its optimiser remembers."""
    losses: Tensor
    """(batch,) float64: the running epoch's losses …"""
    correct: Tensor
    """… and right answers, batch by batch."""
    epoch_seconds: float
    """Time that the running epoch took so far, without pauses."""
    seconds: float
    """Time since the run's first event, without what lay between two processes."""
    best_epoch: int
    best_loss: float
    """Lowest validation loss of the complete epochs; infinite before the first."""
    best_weights: dict[str, Tensor]
    threads: int
    """CPU threads of torch: sums depend on how many share them."""
    told: str
    """The last complete epoch's event as JSON, in case that its line was never written; empty before the first."""


def check_weights(weights: object, expected: Tensors) -> None:
    """Raises ValueError where `weights` are not tensors of the expected names and shapes."""
    shapes = {name: tensor.shape for name, tensor in expected.items()}
    if not isinstance(weights, Mapping) or not all(isinstance(tensor, Tensor) for tensor in weights.values()):
        raise ValueError("it holds no weights")
    if {name: tensor.shape for name, tensor in weights.items()} != shapes:
        raise ValueError("its weights are another network's")


def to_bytes(state: TrainingState) -> bytes:
    """The state as the content of `state.pt`."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **{f.name: getattr(state, f.name) for f in fields(state)}}, buffer)
    return buffer.getvalue()


def from_record(record: object) -> TrainingState:
    """The state in what was loaded from `state.pt`.

    Raises ValueError where it is none, or a newer version's.
    """
    if not isinstance(record, dict) or not isinstance(record.get("format"), int):
        raise ValueError("it holds no state")
    if record["format"] > FORMAT:
        raise ValueError("a newer mnist-tui wrote it: update this one")
    try:
        state = TrainingState(**{f.name: _checked(record[f.name], str(f.type)) for f in fields(TrainingState)})
    except (KeyError, TypeError) as error:
        raise ValueError("it holds no state") from error
    if (
        state.threads < 1
        or state.epoch < 1
        or state.batch < 0
        or not len(state.losses) == len(state.correct) == state.batch
    ):
        raise ValueError("its position can't be")
    if math.isnan(state.best_loss) or not (0 <= state.seconds < math.inf and 0 <= state.epoch_seconds < math.inf):
        raise ValueError("its numbers can't be")
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


def _checked(value: Any, kind: str) -> Any:
    if not _KINDS[kind](value):
        raise TypeError(f"expected {kind}")
    return value

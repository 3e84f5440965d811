"""Training events: immutable records, shared by the screen, `events.jsonl` and `train --json`.

Accuracies are fractions, counted over examples; losses are mean cross-entropy per example, in nats; times are in
seconds. A number that is not finite is written as `null` and read back as NaN.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, TypeAlias, get_args

Status: TypeAlias = Literal["completed", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The data is loaded and the model is built; the first batch, or the first one after a resume, comes next."""

    event: ClassVar[str] = "run_started"
    run: str
    """The run folder's name, or an empty string if the run is not stored."""
    config: dict[str, Any]
    """The configuration as returned by `RunConfig.to_json`."""
    dataset: str
    """The data set that is actually used: never `auto`."""
    device: str
    """Display name of the device, such as `cpu (1 thread)` or `NVIDIA H200`."""
    parameters: int
    train_examples: int
    valid_examples: int
    test_examples: int
    mean: float
    std: float
    """Mean and standard deviation of the training images' pixels, scaled to 0–1."""
    time: float
    """Unix time, in seconds."""
    note: str = ""
    """A caveat to show next to every result, such as that `digits` replaces MNIST."""
    epoch: int = 1
    batch: int = 0
    """Starting position: events of a resumed run from this epoch and batch on supersede earlier ones."""
    elapsed: float = 0.0
    """Seconds of training before this event, in earlier processes."""
    device_note: str = ""
    """Why a faster device of the machine is not used; usually empty."""

    @property
    def notes(self) -> list[str]:
        """The caveats about the data set and the device, those that apply."""
        return [note for note in (self.note, self.device_note) if note]


@dataclass(frozen=True, slots=True)
class Phase:
    """The current activity, with its progress if that can be counted."""

    event: ClassVar[str] = "phase"
    name: str
    detail: str = ""
    done: int = 0
    total: int = 0
    """Bytes while downloading; 0 if the size is unknown."""
    rate: float = 0.0
    """Bytes per second while downloading."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Position and statistics within the current epoch; at most ten events per second."""

    event: ClassVar[str] = "progress"
    epoch: int
    batch: int
    """Completed batches of this epoch."""
    batches: int
    loss: float
    acc: float
    """Over the examples of this epoch so far, measured while training on augmented images."""
    examples_per_second: float
    """Measured since the previous `Progress` event of this epoch."""
    losses: list[float] = field(default_factory=list)
    accs: list[float] = field(default_factory=list)
    """Means over consecutive groups of `group` batches completed since the previous `Progress` event of this epoch."""
    group: int = 1
    memory: int = 0
    """Device memory used by the training, in bytes; resident memory of the process on the CPU; 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch was trained and validated, and its weights were saved unless `stored` is False."""

    event: ClassVar[str] = "epoch"
    epoch: int
    train_loss: float
    train_acc: float
    valid_loss: float
    valid_acc: float
    seconds: float
    """Duration of training and validation, without pauses."""
    best: bool
    """Whether this is the lowest validation loss so far; True for a partial epoch only if no epoch is complete."""
    complete: bool = True
    """False for a partial epoch (stopped early); its training metrics cover only the examples that were seen."""
    trained: float = 1.0
    """The share of the epoch's batches that were trained; below 1 for a partial epoch."""
    stored: bool = True
    """False while its weights are kept in memory because they cannot be written to the disk."""


@dataclass(frozen=True, slots=True)
class Test:
    """Result on the test images, measured once with the weights of the best epoch."""

    event: ClassVar[str] = "test"
    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class
    epoch: int
    """The best epoch, that is, the one with the lowest validation loss."""
    loss: float
    acc: float
    correct: int
    total: int
    reason: str = ""
    """Why it was measured, such as `stopped in epoch 3`: a run that is resumed is tested again."""
    complete: bool = True
    """False if these are the weights of a partial epoch, because no epoch was complete."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that users should see at once, such as a full disk; training continues."""

    event: ClassVar[str] = "notice"
    words: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event of a run, or of one process's part of a resumed run."""

    event: ClassVar[str] = "run_finished"
    run: str
    status: Status
    seconds: float
    """Duration from the first event to this one, without pauses."""
    reason: str = ""
    """The reason, if the status alone does not explain it."""
    stored: bool = True
    """False if some part of the run could not be written to the disk."""


Event: TypeAlias = RunStarted | Phase | Progress | Epoch | Test | Notice | RunFinished

_KINDS: dict[str, type[Any]] = {kind.event: kind for kind in get_args(Event)}


def to_json(event: Event) -> str:
    """Serialize the event as one line of JSON, with its type under the key `event`."""
    return json.dumps({"event": event.event} | _finite(asdict(event)), allow_nan=False)


def from_json(line: str) -> Event | None:
    """Parse an event from a line of JSON.

    Unknown fields are ignored.

    Returns:
        The event, or None if the line is truncated or of an unknown type; this way a log can be read while it is
        being written, and by an older version of this program.
    """
    try:
        record = json.loads(line)
        kind = _KINDS[record["event"]]
        values = {f.name: _restore(record[f.name], str(f.type)) for f in fields(kind) if f.name in record}
        event: Event = kind(**values)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return event


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def _restore(value: Any, annotation: str) -> Any:
    """Convert a JSON value to the annotated type of a field; raise `TypeError` if it does not fit."""
    if annotation == "float":
        if value is None:
            return math.nan
        return float(_validated(value, (int, float)))
    if annotation == "list[float]":
        return [_restore(item, "float") for item in _validated(value, list)]
    if annotation == "int":
        if not -(2**63) <= _validated(value, int) < 2**63:  # the range of integers in numpy and torch
            raise TypeError("expected a number of 64 bits")
        return value
    if annotation == "bool":
        if not isinstance(value, bool):
            raise TypeError("expected true or false")
        return value
    if annotation.startswith("dict"):
        return _validated(value, dict)
    if annotation == "Status" and value not in get_args(Status):
        raise TypeError("expected a status")
    return _validated(value, str)


def _validated(value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"expected {kind}")
    return value

"""What a training says: frozen records, the same objects on the screen, in `events.jsonl` and in `train --json`.

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
    """The data is there, the model is built and the first batch comes next; or, in a run that goes on, a later one."""

    event: ClassVar[str] = "run_started"
    run: str
    """The run folder's name, or an empty string where nothing is stored."""
    config: dict[str, Any]
    """The configuration as `RunConfig.to_json` gives it."""
    dataset: str
    """The data set that is really used: never `auto`."""
    device: str
    """The device's name for people, such as `cpu (1 thread)` or `NVIDIA H200`."""
    parameters: int
    train_examples: int
    valid_examples: int
    test_examples: int
    mean: float
    std: float
    """Mean and standard deviation of the training images' pixels, scaled to 0–1."""
    time: float
    """Seconds since 1970."""
    note: str = ""
    """What people must know beside every result, such as that `digits` stands in for MNIST."""
    epoch: int = 1
    batch: int = 0
    """Where it begins: in a run that goes on, all that was told from this batch of this epoch on is told again."""
    elapsed: float = 0.0
    """Seconds that the run took before, in earlier processes."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What is being done now, and for work that can be counted how far it is."""

    event: ClassVar[str] = "phase"
    name: str
    detail: str = ""
    done: int = 0
    total: int = 0
    """Bytes while downloading; 0 where the size is unknown."""
    rate: float = 0.0
    """Bytes per second while downloading."""


@dataclass(frozen=True, slots=True)
class Progress:
    """At most ten a second: where the running epoch is."""

    event: ClassVar[str] = "progress"
    epoch: int
    batch: int
    """Batches of this epoch that are done."""
    batches: int
    loss: float
    acc: float
    """Over the examples of this epoch so far, measured while training on augmented images."""
    examples_per_second: float
    """Since the last progress of this epoch."""
    losses: list[float] = field(default_factory=list)
    accs: list[float] = field(default_factory=list)
    """Means over consecutive groups of `group` batches, those completed since the last progress of this epoch."""
    group: int = 1
    memory: int = 0
    """Bytes held on the device by the training; on the CPU what the process holds; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch is over, and validated; saved, too, unless it says otherwise."""

    event: ClassVar[str] = "epoch"
    epoch: int
    train_loss: float
    train_acc: float
    valid_loss: float
    valid_acc: float
    seconds: float
    """Training and validation; time in pause does not count."""
    best: bool
    """Whether this is the lowest validation loss so far."""
    complete: bool = True
    """False for an epoch that a stop cut short; its training figures count the examples that were seen."""
    stored: bool = True
    """False where its weights wait in memory for a disk that takes them."""


@dataclass(frozen=True, slots=True)
class Test:
    """The kept weights, measured once on the test images."""

    event: ClassVar[str] = "test"
    __test__: ClassVar[bool] = False  # not a test case, whatever pytest thinks of the name
    epoch: int
    """The epoch whose weights were kept: the lowest validation loss."""
    loss: float
    acc: float
    correct: int
    total: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people should know at once, such as a full disk; the training goes on."""

    event: ClassVar[str] = "notice"
    words: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event of a run, or of its part in one process."""

    event: ClassVar[str] = "run_finished"
    run: str
    status: Status
    seconds: float
    """From the first event to this one, pauses included."""
    reason: str = ""
    """Why, where the status alone does not say it."""
    stored: bool = True
    """False where something of the run could not be written to the disk."""


Event: TypeAlias = RunStarted | Phase | Progress | Epoch | Test | Notice | RunFinished

_KINDS: dict[str, type[Any]] = {kind.event: kind for kind in get_args(Event)}


def to_json(event: Event) -> str:
    """The event as one line of JSON, its kind under `event`."""
    return json.dumps({"event": event.event} | _finite(asdict(event)), allow_nan=False)


def from_json(line: str) -> Event | None:
    """The event in a line of JSON.

    None where the line is torn or says something that this version does not know, so that a log can be read while
    it is written, and by an older version. Fields that are not known are left out.
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
    """`value` as the field's type; raises TypeError where it is something else."""
    if annotation == "float":
        if value is None:
            return math.nan
        return float(_checked(value, (int, float)))
    if annotation == "list[float]":
        return [_restore(item, "float") for item in _checked(value, list)]
    if annotation == "int":
        if not -(2**63) <= _checked(value, int) < 2**63:  # numpy and torch have no larger ones
            raise TypeError("expected a number of 64 bits")
        return value
    if annotation == "bool":
        if not isinstance(value, bool):
            raise TypeError("expected true or false")
        return value
    if annotation.startswith("dict"):
        return _checked(value, dict)
    if annotation == "Status" and value not in get_args(Status):
        raise TypeError("expected a status")
    return _checked(value, str)


def _checked(value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"expected {kind}")
    return value

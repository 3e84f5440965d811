"""What the data of a figure are computed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mnist_tui.engine.analysis.stored_answers import Stored
from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.errors import ConfigError, RunError


@dataclass(frozen=True, slots=True)
class Context:
    """The analyst, and how long work reports and is cancelled.

    A figure's `compute` raises `ConfigError` for a setting that the subject does not allow, `RunError` and `DataError`
    where a run or its data can't be read, and `Cancelled`.
    """

    analyst: Analyst
    report: Callable[[str, float], None] = lambda words, share: None
    """Called with the name of long work and the share of it that is done."""
    cancelled: Callable[[], bool] = lambda: False
    """Whether to give up."""


def check_classes(name: str, wanted: tuple[int, ...], classes: tuple[str, ...]) -> None:
    """Raise `ConfigError` where a setting names a class that the data set does not have."""
    if wanted and wanted[-1] >= len(classes):
        raise ConfigError({name: f"--{name} {wanted[-1]}: classes are 0 to {len(classes) - 1}"})


def check_stored(context: Context, stored: Stored, name: str, epoch: int) -> None:
    """Raise `RunError` where an answer is one of replaced weights; report where it is not stored for another reason."""
    if stored.retrained:
        raise RunError(f"epoch {epoch} was trained anew during this ({name}): export it again")
    if stored.problem:
        context.report(f"{name} can't be stored", 1.0)

"""Context in which the data of a figure are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mnist_tui.engine.analysis.stored_answers import StorageResult
from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.errors import ConfigError, RunError


@dataclass(frozen=True, slots=True)
class Context:
    """Analyst, progress reporting and cancellation.

    The `compute` function of a figure raises `ConfigError` for a setting that is invalid for the subject, `RunError` or
    `DataError` if a run or its data can't be read, and `Cancelled`.
    """

    analyst: Analyst
    report: Callable[[str, float], None] = lambda name, fraction: None
    """Called with the name of a long computation and its completed fraction."""
    cancelled: Callable[[], bool] = lambda: False
    """Whether to cancel the computation."""


def check_classes(name: str, selected: tuple[int, ...], classes: tuple[str, ...]) -> None:
    """Raise `ConfigError` if a setting contains a class that does not exist in the data set."""
    if selected and selected[-1] >= len(classes):
        raise ConfigError({name: f"--{name} must contain classes from 0 to {len(classes) - 1}, not {selected[-1]}"})


def check_stored(context: Context, stored: StorageResult, name: str, epoch: int) -> None:
    """Raise `RunError` if the weights were replaced; report any other reason why a result is not stored."""
    if stored.retrained:
        raise RunError(f"epoch {epoch} was retrained during the export ({name}): export it again")
    if stored.problem:
        context.report(f"{name} can't be stored", 1.0)

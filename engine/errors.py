"""Errors that users can act on: each has a one-line message and a process exit code that scripts can rely on."""

from __future__ import annotations


class MnistTuiError(Exception):
    """An expected failure whose one-line message states the cause and a remedy; `exit_code` is the exit status."""

    exit_code = 1


class ConfigError(MnistTuiError):
    """An invalid option or configuration.

    `problems` maps each invalid field to its message, so that a form can show the message next to the field.
    """

    exit_code = 2

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems.values()))


class DataError(MnistTuiError):
    """A data set that is missing, unavailable or corrupt."""

    exit_code = 3


class RunError(MnistTuiError):
    """A stored run that is missing or cannot be read or written."""

    exit_code = 4


class TrainingError(MnistTuiError):
    """A training that failed after its run folder was created; everything saved before the failure is kept."""


class Cancelled(Exception):  # noqa: N818 - not an error
    """The operation was cancelled before it produced anything worth saving."""

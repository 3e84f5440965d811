"""What can go wrong in a way that people can mend: one calm line each, with the exit code that scripts rely on."""

from __future__ import annotations


class MnistTuiError(Exception):
    """A failure that names its cause and the way out in one line; `exit_code` is the process's exit status."""

    exit_code = 1


class ConfigError(MnistTuiError):
    """A wrong option or configuration.

    `problems` maps the field's name to what is wrong with it, so that a form can say it beside the field.
    """

    exit_code = 2

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems.values()))


class DataError(MnistTuiError):
    """Data that is missing, can't be had or is corrupt."""

    exit_code = 3


class RunError(MnistTuiError):
    """A stored run that is missing or can't be read."""

    exit_code = 4


class TrainingError(MnistTuiError):
    """A training that broke off; what was saved before is kept."""


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Somebody asked to stop while there was nothing to keep yet."""

"""Errors that users can act on: each has a one-line message and a process exit code that scripts can rely on."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return untrusted text without anything that controls a terminal: unprintable characters as escapes (`\\x1b`).

    Names of files may contain control sequences, directional marks and bytes that are not UTF-8 (`\\xe9`, which Python
    reads as lone surrogates). Different texts stay different.
    """
    return text if text.isprintable() else "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class MnistTuiError(Exception):
    """An expected failure whose one-line message states the cause and a remedy; `exit_code` is the exit status.

    The message is printable on one line, whatever the names in it contain.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(printable(message.replace("\n", " ")))


class ConfigError(MnistTuiError):
    """An invalid option or configuration.

    `problems` maps each invalid field to its message, so that a form can show the message next to the field.
    """

    exit_code = 2

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = {field: printable(problem.replace("\n", " ")) for field, problem in problems.items()}
        super().__init__("; ".join(self.problems.values()))


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

"""Reading an event log that may be torn, foreign or hostile: line by line, no line longer than ours are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import IO, Any

from mnist_tui.engine import events
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Event, RunStarted

MAX_LINE = 256 << 10
"""Bytes; a line of ours with an hour of one epoch's fine curve has less."""
MAX_TEXT = 2000
"""Characters of a text that is shown."""


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines from the file's position on, without those that are too long; the last one may be torn."""
    whole = True
    while line := file.readline(MAX_LINE):
        ended = line.endswith(b"\n")
        if whole and (ended or len(line) < MAX_LINE):
            yield line
        whole = ended


def event(line: bytes, *, progress: bool = True) -> Event | None:
    """The event in a line; None where there is none.

    What would steer a terminal is taken out of its texts, and a configuration that can't be one is no event.

    Args:
        progress: False for None in place of the many `progress` events, without parsing them.
    """
    if not progress and line.startswith(b'{"event": "progress"'):
        return None
    found = events.from_json(line.decode("utf-8", errors="replace"))
    if found is None:
        return None
    changed: dict[str, Any] = {}
    for field in fields(found):
        value = getattr(found, field.name)
        if isinstance(value, str) and not (value.isprintable() and len(value) <= MAX_TEXT):
            changed[field.name] = "".join(c if c.isprintable() else " " for c in value[:MAX_TEXT])
    if isinstance(found, RunStarted):
        try:
            changed["config"] = RunConfig.from_json(found.config).to_json()
        except ConfigError:
            return None
    return replace(found, **changed) if changed else found

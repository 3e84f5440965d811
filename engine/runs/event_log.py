"""Reads event logs that may be truncated or untrusted: line by line, with a limited line length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import IO, Any

from mnist_tui.engine import events
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Event, RunStarted

MAX_LINE = 256 << 10
"""Maximum length of a line in bytes; an hour of one epoch's batch curve needs less."""
MAX_SKIPPED = 1 << 30
"""Maximum length of a line that is skipped, in bytes: behind a longer one nothing is read."""
MAX_TEXT = 2000
"""Maximum length of a displayed text, in characters."""


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines from the current position on, except those that are too long; the last one may be truncated."""
    skipped = 0
    while (line := file.readline(MAX_LINE)) and skipped <= MAX_SKIPPED:
        ended = line.endswith(b"\n")
        if not skipped and (ended or len(line) < MAX_LINE):
            yield line
        skipped = 0 if ended else skipped + len(line)


def event(line: bytes, *, progress: bool = True) -> Event | None:
    """Parse an event; return None if the line is not a valid event or has an invalid configuration.

    Unprintable characters are replaced by spaces, so that texts cannot control the terminal.

    Args:
        progress: If False, return None for the numerous `progress` events, without parsing them.
    """
    if not progress and line.startswith(b'{"event": "progress"'):
        return None
    parsed = events.from_json(line.decode("utf-8", errors="replace"))
    if parsed is None:
        return None
    changed: dict[str, Any] = {}
    for field in fields(parsed):
        value = getattr(parsed, field.name)
        if isinstance(value, str) and not (value.isprintable() and len(value) <= MAX_TEXT):
            changed[field.name] = "".join(c if c.isprintable() else " " for c in value[:MAX_TEXT])
    if isinstance(parsed, RunStarted):
        try:
            changed["config"] = RunConfig.from_json(parsed.config).to_json()
        except ConfigError:
            return None
    return replace(parsed, **changed) if changed else parsed

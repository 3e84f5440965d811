"""Preferences, stored in the user's configuration folder: of exports, and what the console showed last."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mnist_tui.engine import files

MAX_BYTES = 1 << 16
EXPORT, LAST = "export.json", "last.json"
MAX_PLACES = 50
"""Maximum number of runs folders whose last view is remembered."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Initial values of the export dialog, as entered."""

    folder: str = ""
    """Empty for the `figures` folder of each run."""
    format: str = "png"
    size: str = "auto"
    dpi: str = "150"
    numbers: str = "no"


@dataclass(frozen=True, slots=True)
class Place:
    """A view, and the run that it showed."""

    view: str = ""
    run: str = ""
    """Name of the run's folder; empty if none was open."""


@dataclass(frozen=True, slots=True)
class Last:
    """What the console showed when it was left."""

    theme: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)
    """By the absolute path of the runs folder."""

    def place(self, runs_dir: Path) -> Place:
        """Return the last view on a runs folder."""
        return self.places.get(str(runs_dir.absolute()), Place())

    def updated(self, theme: str, runs_dir: Path, place: Place) -> Last:
        """Return a copy with the latest theme and place."""
        key = str(runs_dir.absolute())
        others = [(name, other) for name, other in self.places.items() if name != key]
        return Last(theme, dict([*others, (key, place)][-MAX_PLACES:]))


def load() -> Preferences:
    """Load the preferences of exports; use defaults for missing or invalid values."""
    return Preferences(**_texts(_read(EXPORT), Preferences))


def save(preferences: Preferences) -> None:
    """Save the preferences of exports."""
    _write(EXPORT, asdict(preferences))


def load_last() -> Last:
    """Load what the console showed last; use defaults for missing or invalid values."""
    record = _read(LAST)
    places = record.get("places")
    found = places.items() if isinstance(places, dict) else ()
    return Last(**_texts(record, Last), places={name: Place(**_texts(place, Place)) for name, place in found})


def save_last(last: Last) -> None:
    """Save what the console showed last."""
    _write(LAST, asdict(last))


def _read(name: str) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError, RuntimeError):  # a RecursionError is a RuntimeError
        record = json.loads(files.read_limited(files.user_folder("config") / name, MAX_BYTES).decode())
        if isinstance(record, dict):
            return record
    return {}


def _write(name: str, record: dict[str, Any]) -> None:
    """Write a file; ignore errors, so that the values apply only to this process."""
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        path = files.user_folder("config") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, (json.dumps(record, indent=1) + "\n").encode())


def _texts(record: object, kind: type[Any]) -> dict[str, str]:
    """Return the values of a record that are texts and fields of `kind`."""
    known = record if isinstance(record, dict) else {}
    return {f.name: known[f.name] for f in fields(kind) if isinstance(known.get(f.name), str)}

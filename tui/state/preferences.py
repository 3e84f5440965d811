"""Export preferences, stored in the user's configuration folder."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mnist_tui.engine import files

MAX_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Preferences:
    """Initial values of the export dialog, as entered."""

    folder: str = ""
    """Empty for the `figures` folder of each run."""
    format: str = "png"
    size: str = "auto"
    dpi: str = "150"
    numbers: str = "no"


def _path() -> Path:
    return files.user_folder("config") / "export.json"


def load() -> Preferences:
    """Load the preferences; use defaults for missing or invalid values."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        path = _path()
        record = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= MAX_BYTES else {}
        known = {f.name: record[f.name] for f in fields(Preferences) if isinstance(record.get(f.name), str)}
        return Preferences(**known)
    return Preferences()


def save(preferences: Preferences) -> None:
    """Save the preferences; ignore errors, so that they apply only to this process."""
    with contextlib.suppress(OSError):
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, (json.dumps(asdict(preferences), indent=1) + "\n").encode())

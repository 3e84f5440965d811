"""When a run was created, which orders the runs.

The timestamp in a run's name is local time: it goes back at the end of summer time, and differs between the hosts and
containers that share a folder. `config.json` has the time itself.
"""

from __future__ import annotations

import json
import math
import re
import time
from pathlib import Path
from typing import TypeAlias

from mnist_tui.engine import files

CONFIG = "config.json"
MAX_CONFIG_BYTES = 1 << 20
Order: TypeAlias = tuple[float, list[tuple[int, str]]]

_TIMESTAMP = re.compile(r"(\d{8}-\d{6})-")
_cache: dict[Path, tuple[int, float]] = {}
"""Creation times and the modification times of the files they were read from."""


def order(folder: Path) -> Order:
    """Return a sort key: the time of creation, then the name, whose digits are compared as numbers."""
    return _created(folder), _natural_key(folder.name)


def _created(folder: Path) -> float:
    """Return the Unix time at which a run was created, as well as it is known; 0 if it is not."""
    path = folder / CONFIG
    try:
        facts = path.stat()
        cached = _cache.get(path)
        if cached is not None and cached[0] == facts.st_mtime_ns:
            return cached[1]
        created = float(json.loads(files.read_limited(path, MAX_CONFIG_BYTES))["created"])
        if not math.isfinite(created):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return _time_in_name(folder.name)
    _cache[path] = facts.st_mtime_ns, created
    return created


def _time_in_name(name: str) -> float:
    match = _TIMESTAMP.match(name)
    try:
        return time.mktime(time.strptime(match[1], "%Y%m%d-%H%M%S")) if match else 0.0
    except (ValueError, OverflowError):
        return 0.0


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key that compares digits in a name as numbers, so that `run-9` comes before `run-12`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]

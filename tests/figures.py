"""A small finished run, and readers of figures and of their numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.session import start

SMALL = RunConfig(dataset="digits", epochs=3, batch_size=32, hidden=(16, 12), device="cpu", threads=1)


def finished_run(runs_dir: Path, name: str = "small", config: RunConfig = SMALL) -> RunFolder:
    """Train on the bundled digits."""
    for _ in start(config, runs_dir, data_dir=str(runs_dir), name=name):
        pass
    return stored_runs(runs_dir)[0]


def pixels(path: Path) -> np.ndarray:
    """(H, W, 3) uint8"""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def said(path: Path) -> dict[str, Any]:
    """Return the text chunks of a PNG."""
    with Image.open(path) as image:
        return dict(image.info)


def table(path: Path) -> dict[str, list[str]]:
    """A CSV file's columns."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(line for line in file if not line.startswith("#"))
    return {name: [row[i] for row in rows] for i, name in enumerate(head)}


def made_lines(path: Path) -> dict[str, str]:
    """A CSV file's lines on how it was made."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("# "))


def floats(column: list[str]) -> np.ndarray:
    """A column of numbers; what is left empty is NaN."""
    return np.array([float(value) if value else np.nan for value in column])


def record(path: Path) -> dict[str, Any]:
    """A JSON file's content."""
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded

"""The numbers of a figure as a file beside it: CSV for a table, JSON for anything else."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, by name; what is not a number is left empty."""

    columns: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Record:
    """Values by name; arrays are lists of lists, what is not a number is null."""

    values: Mapping[str, Any]


Numbers: TypeAlias = Table | Record


def encode(numbers: Numbers, schema: str, made: Mapping[str, Any]) -> tuple[str, bytes]:
    """The file's ending and content.

    Args:
        schema: names the file's form, such as `mnist-tui/confusion/1`; JSON carries it.
        made: how the figure was made; JSON carries it.
    """
    if isinstance(numbers, Table):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(numbers.columns)
        plain = [[_cell(value) for value in _plain(column)] for column in numbers.columns.values()]
        for row in zip(*plain, strict=True):  # not all at once, which would hold up every other thread
            writer.writerow(row)
        return "csv", text.getvalue().encode()
    record = {"schema": schema, "made": dict(made)} | {key: _plain(value) for key, value in numbers.values.items()}
    return "json", (json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _plain(value: Any) -> Any:
    """The value in what JSON knows."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _cell(value: Any) -> Any:
    return "" if value is None else value

"""The data of a figure as a second file: CSV for tables, JSON for everything else."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""Beginnings of texts that spreadsheets evaluate as formulas; the wide ones are equivalent in some."""
FORMULA_INSIDE = re.compile(r"((?:^|[,;\t])[\s\"']*)([=+\-@＝＋－＠])")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, by name; NaN and infinite values become empty cells."""

    columns: Mapping[str, Sequence[Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Numbers about the whole table, written before it as `# name: value`."""


@dataclass(frozen=True, slots=True)
class Record:
    """Values by name; arrays become nested lists, NaN and infinite values null."""

    values: Mapping[str, Any]


Numbers: TypeAlias = Table | Record


def encode(numbers: Numbers, schema: str, provenance: Mapping[str, Any]) -> tuple[str, bytes]:
    """Encode the data of a figure.

    Args:
        schema: Name and version of the file's structure, such as `mnist-tui/confusion/1`.
        provenance: How the figure was made; in a CSV file, lines `# key: value` before the table.

    Returns:
        The suffix and the content of the file.
    """
    if isinstance(numbers, Table):
        text = io.StringIO()
        made = {key: value for key, value in provenance.items() if value is not None}
        for key, value in {"schema": schema, **made, **_to_json(numbers.facts)}.items():
            text.write(f"# {key}: {_fact(value)}".rstrip() + "\n")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(_cell, numbers.columns))
        columns = [[_cell(value) for value in _to_json(column)] for column in numbers.columns.values()]
        for row in zip(*columns, strict=True):  # not `writerows`, which would block all other threads
            writer.writerow(row)
        return "csv", text.getvalue().encode()
    record = {"schema": schema, "made": dict(provenance)} | {
        key: _to_json(value) for key, value in numbers.values.items()
    }
    return "json", (json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _to_json(value: Any) -> Any:
    """Convert a value to types that JSON supports."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    return value


def _cell(value: Any) -> Any:
    """Return the cell of a value; a text that a spreadsheet would evaluate as a formula begins with an apostrophe."""
    if isinstance(value, str):
        line = " ".join(value.splitlines())  # a carriage return is not quoted, and would begin another row
        return f"'{line}" if line.lstrip().startswith(FORMULA_STARTS) else line
    return "" if value is None else value


def _fact(value: Any) -> str:
    """Return a value for a line of metadata, which a spreadsheet splits at every separator of cells."""
    line = " ".join(str("" if value is None else value).splitlines())
    return FORMULA_INSIDE.sub(r"\1'\2", line) if isinstance(value, str) else line

"""Data files of figures in a spreadsheet: names are text, whatever they begin with."""

from __future__ import annotations

import csv
import io

import pytest

from mnist_tui.engine.figures.numbers import Table, encode

FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", "\t=1", "\r=1", "＝1+1")


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_is_never_a_formula_and_a_number_stays_one(name: str) -> None:
    table = Table({"run": [name, "20260101-a"], "loss": [-0.5, 2.0]}, {"dataset": "digits", "best": -1})
    text = encode(table, "s/1", {"run": f"a,{name.strip()}"})[1].decode()
    facts = [line for line in text.split("\n") if line.startswith("# ")]
    rows = list(csv.reader(io.StringIO(text.split("\n", len(facts))[-1], newline="")))
    assert rows == [["run", "loss"], ["'" + " ".join(name.splitlines()), "-0.5"], ["20260101-a", "2.0"]]
    assert facts == ["# schema: s/1", f"# run: a,'{name.strip()}", "# dataset: digits", "# best: -1"]


@pytest.mark.parametrize("separator", [",", ";", "\t", ", ", ';"'])
def test_a_name_within_a_line_of_metadata_does_not_become_a_cell_with_a_formula(separator: str) -> None:
    text = encode(Table({}), "s/1", {"run": f"a{separator}=1+1", "folder": "a-b=c, d"})[1].decode()
    assert f"# run: a{separator}'=1+1\n" in text
    assert "# folder: a-b=c, d\n" in text


def test_a_column_named_like_a_formula_is_text() -> None:
    assert encode(Table({"=a": [1]}), "s/1", {})[1].decode() == "# schema: s/1\n'=a\n1\n"

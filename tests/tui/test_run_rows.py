"""The stored runs as rows: words, order and filter."""

import math
import time
from pathlib import Path

import pytest

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.summaries import RunSummary
from mnist_tui.tui.render.run_rows import COLUMNS, STATUS_COLOURS, cell_label, matches, row_cells, sort_key
from tests.helpers import QUICK

COLOURS = dict.fromkeys(("success", "warning", "error", "accent"), "red")
STATUSES = ("completed", "stopped", "failed", "running", "died", "unreadable")


def summary(**values):
    figures = {
        "folder": RunFolder(Path("20260101-120000-notebook")),
        "config": RunConfig(),
        "dataset": "mnist",
        "created": time.mktime((2026, 1, 2, 12, 34, 56, 0, 0, -1)),
        "status": "completed",
        "epochs": 7,
        "best_epoch": 6,
        "valid_acc": 0.98125,
        "valid_loss": 0.06,
        "test_acc": 0.9837,
        "seconds": 187.0,
    }
    return RunSummary(**(figures | values))


UNREADABLE = summary(
    config=None,
    dataset="",
    created=0.0,
    status="unreadable",
    epochs=0,
    best_epoch=0,
    valid_acc=math.nan,
    valid_loss=math.nan,
    test_acc=math.nan,
    seconds=math.nan,
)


class TestCells:
    @pytest.mark.parametrize(
        ("column", "words"),
        [
            ("run", "20260101-120000-notebook"),
            ("test", "98.37 %"),
            ("valid", "98.12 %"),
            ("epochs", "7/10"),
            ("time", "3:07"),
            ("status", "completed"),
            ("data", "mnist"),
            ("layers", "250-100"),
            ("lr", "0.001"),
            ("batch", "64"),
            ("when", "2026-01-02 12:34"),
        ],
    )
    def test_words(self, column, words):
        assert column in COLUMNS
        assert cell_label(summary(), column) == words

    def test_optimizer(self):
        assert "adam" in [cell_label(summary(), column) for column in COLUMNS]

    def test_linear_classifier(self):
        assert cell_label(summary(config=RunConfig(hidden=())), "layers") == "none"

    def test_small_rate(self):
        assert cell_label(summary(config=RunConfig(lr=3e-5)), "lr") == "3e-05"

    def test_unreadable_run_has_every_cell(self):
        words = {column: cell_label(UNREADABLE, column) for column in COLUMNS}
        assert words["status"] == "unreadable"
        assert words["epochs"] == "0"
        for column in ("test", "valid", "time", "data", "layers", "lr", "batch", "when"):
            assert words[column] == "–"

    @pytest.mark.parametrize("created", [math.nan, math.inf, 1e300, -1e300])
    def test_time_out_of_the_calendars_range(self, created):
        # A config.json or a log from another program; the other runs are still to be listed.
        assert cell_label(summary(created=created), "when") == "–"


class TestRows:
    @pytest.mark.parametrize("status", STATUSES)
    def test_every_status_has_its_colour(self, status):
        cells = row_cells(summary(status=status), marked=False, colours=COLOURS)
        assert [cell.plain.strip() for cell in cells] == [
            cell_label(summary(status=status), column) for column in COLUMNS
        ]
        assert set(STATUS_COLOURS) == set(STATUSES)

    def test_mark_needs_no_colour(self):
        plain, marked = (row_cells(summary(), marked=mark, colours=COLOURS)[0].plain for mark in (False, True))
        assert marked.startswith("●")
        assert plain[1:] == marked[1:]

    def test_names_are_not_markup(self):
        run = summary(folder=RunFolder(Path("[red]x")))
        assert row_cells(run, marked=False, colours=COLOURS)[0].plain.strip() == "[red]x"


class TestSorting:
    def order(self, column, runs):
        return [run.name for run in sorted(runs, key=lambda run: sort_key(run, column), reverse=True)]

    def named(self, name, **values):
        return summary(folder=RunFolder(Path(name)), **values)

    def test_by_number_where_there_are_numbers(self):
        # By their letters 9 would come before 10, and 9.5 % before 98 %.
        runs = [self.named(str(i), epochs=i, valid_acc=i / 200, test_acc=i / 100, seconds=i) for i in (9, 10, 95)]
        for column in ("epochs", "valid", "test", "time"):
            assert self.order(column, runs) == ["95", "10", "9"]
        runs = [self.named(str(i), config=RunConfig(lr=i / 10, batch_size=i)) for i in (9, 10, 95)]
        for column in ("lr", "batch"):
            assert self.order(column, runs) == ["95", "10", "9"]

    def test_by_time(self):
        runs = [self.named("a", created=1.0), self.named("b", created=3.0), self.named("c", created=2.0)]
        assert self.order("when", runs) == ["b", "c", "a"]

    @pytest.mark.parametrize("column", ["test", "valid", "time", "lr", "batch"])
    def test_missing_values_come_last(self, column):
        runs = [UNREADABLE, self.named("a"), self.named("b")]
        assert self.order(column, runs)[-1] == UNREADABLE.name

    @pytest.mark.parametrize("column", ["run", "status", "data", "layers"])
    def test_by_words(self, column):
        first, second = (
            self.named("Alpha", status="completed", dataset="digits", config=RunConfig(hidden=(1,))),
            self.named("beta", status="failed", dataset="mnist", config=RunConfig(hidden=(2,))),
        )
        assert self.order(column, [first, second]) == ["beta", "Alpha"]

    @pytest.mark.parametrize("column", COLUMNS)
    def test_any_runs_can_be_compared(self, column):
        runs = [summary(), UNREADABLE, summary(config=QUICK, status="failed", test_acc=math.nan)]
        assert len(self.order(column, runs)) == 3


class TestFilter:
    @pytest.mark.parametrize(
        "words", ["", "  ", "notebook", "NOTEBOOK", "mnist adam", "98.37", "completed 250-100", "2026-01-02"]
    )
    def test_found(self, words):
        assert matches(summary(), words)

    @pytest.mark.parametrize("words", ["fashion", "mnist sgd", "99.99", "notebook failed"])
    def test_not_found(self, words):
        assert not matches(summary(), words)

    def test_unreadable(self):
        assert matches(UNREADABLE, "unreadable")
        assert not matches(UNREADABLE, "adam")

"""Summaries of runs, also of hostile ones."""

import math
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_tui.engine.events import Phase, RunFinished, Test
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise, summarise_all
from tests.engine.stored_runs import EPOCHS, make_run, started
from tests.helpers import QUICK


class TestSummaries:
    def test_completed(self, tmp_path):
        test, finished = Test(2, 0.21, 0.94, 94, 100), RunFinished("a", "completed", 5.5)
        summary = summarise(make_run(tmp_path, "a", [started("a"), Phase("train"), *EPOCHS, test, finished]))
        assert (summary.name, summary.status, summary.dataset) == ("a", "completed", "digits")
        assert (summary.epochs, summary.best_epoch) == (3, 2)
        assert (summary.valid_loss, summary.valid_acc, summary.test_acc) == (0.2, 0.95, 0.94)
        assert summary.seconds == 5.5
        assert summary.config == QUICK
        assert not summary.live

    def test_died_during_training(self, tmp_path):
        summary = summarise(make_run(tmp_path, "a", [started("a"), *EPOCHS]))
        assert summary.status == "died"
        assert math.isnan(summary.test_acc)
        assert summary.seconds == 4.0

    def test_a_partial_epoch_is_not_counted(self, tmp_path):
        events = [started("a"), EPOCHS[0], replace(EPOCHS[1], complete=False), RunFinished("a", "stopped", 3.0)]
        summary = summarise(make_run(tmp_path, "a", events))
        assert (summary.epochs, summary.status) == (1, "stopped")

    def test_empty_log(self, tmp_path):
        summary = summarise(make_run(tmp_path, "a"))
        assert (summary.epochs, summary.best_epoch, summary.status) == (0, 0, "died")
        assert math.isnan(summary.valid_acc)

    @pytest.mark.parametrize("created", ["null", '"yesterday"', "[]", pytest.param("1" + "0" * 400, id="large")])
    def test_hostile_manifest(self, tmp_path, created):
        run = make_run(tmp_path, "a", EPOCHS)
        (run.path / "config.json").write_text('{"format": 1, "config": {}, "created": ' + created + "}")
        assert summarise(run).epochs == 3

    def test_all(self, tmp_path):
        make_run(tmp_path, "20260101-120000-a", EPOCHS)
        make_run(tmp_path, "20260102-120000-b", EPOCHS[:1])
        (tmp_path / "20260103-120000-c").mkdir()
        assert [(run.name, run.epochs) for run in summarise_all(tmp_path)] == [
            ("20260102-120000-b", 1),
            ("20260101-120000-a", 3),
        ]
        assert summarise_all(tmp_path / "missing") == []

    def test_a_folder_of_another_user_hides_no_run(self):
        # In a folder of its own, because pytest's are closed to the user that root becomes here.
        with tempfile.TemporaryDirectory() as name:
            runs_dir = Path(name)
            runs_dir.chmod(0o755)
            make_run(runs_dir, "20260101-120000-a", EPOCHS)
            make_run(runs_dir, "20260102-120000-b", EPOCHS).path.chmod(0o000)
            before = os.geteuid()
            if before == 0:
                os.seteuid(65534)
            try:
                names = [run.name for run in stored_runs(runs_dir)]
            finally:
                os.seteuid(before)
                (runs_dir / "20260102-120000-b").chmod(0o700)
        assert "20260101-120000-a" in names

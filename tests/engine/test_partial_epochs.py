"""A partial epoch is never taken for a whole one: the best epoch, the curves, a resume, the records."""

import json
from dataclasses import replace

import pytest

from mnist_tui.engine.analysis.curves import comparison, run_curves
from mnist_tui.engine.events import Epoch, Notice, Progress, RunStarted, Test, to_json
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import resume
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.engine.resumed_runs import CONFIG, trained
from tests.helpers import QUICK, command, noise_dataset, of_kind

pytestmark = pytest.mark.usefixtures("bundled_data", "every_batch")


def stopped_training(place, monkeypatch):
    """Return the events of a training that is stopped at (epoch, batch); every validation is better than the last."""
    losses = iter([(0.9, 10), (0.8, 10), (0.7, 10), (0.6, 10)])
    monkeypatch.setattr(loop, "measure", lambda *arguments: next(losses))
    control, events = Control(), []
    for event in loop.train(replace(QUICK, epochs=9), noise_dataset(), control):
        events.append(event)
        if isinstance(event, Progress) and (event.epoch, event.batch) == place:
            control.stop()
    return events


class TestTheBestEpoch:
    def test_is_a_complete_one(self, monkeypatch):
        events = stopped_training((2, 5), monkeypatch)
        whole, part = of_kind(events, Epoch)
        assert (whole.best, whole.trained) == (True, 1.0)
        assert part.valid_loss < whole.valid_loss
        assert (part.best, part.complete) == (False, False)
        batches = of_kind(events, Progress)[-1].batches
        assert part.trained == 5 / batches
        (test,) = of_kind(events, Test)
        assert (test.epoch, test.complete) == (1, True)
        assert History.of(events).best == whole

    def test_is_partial_only_if_it_is_the_first(self, monkeypatch):
        events = stopped_training((1, 3), monkeypatch)
        (part,) = of_kind(events, Epoch)
        assert (part.best, part.complete) == (True, False)
        (test,) = of_kind(events, Test)
        assert (test.epoch, test.complete) == (1, False)

    def test_of_a_log_of_an_older_version(self):
        # It starred a partial epoch, and did not record that it was tested.
        whole = Epoch(8, 0.5, 0.8, 0.4, 0.9, 1.0, best=True)
        part = Epoch(9, 0.5, 0.8, 0.3, 0.95, 1.0, best=True, complete=False)
        history = History.of([whole, part, Test(9, 0.3, 0.9, 9, 10)])
        assert history.best == whole
        assert (history.complete_epochs, history.partial_epoch) == (8, 9)
        assert not history.test.complete

    def test_its_weights_stay_partial_until_a_resumed_run_replaces_them(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        assert History.of(run.events()).partial_epoch == 2
        for event in resume(run):
            partial = History.of(run.events(progress=False)).partial_epoch
            if isinstance(event, RunStarted | Epoch):
                assert partial == (2 if isinstance(event, RunStarted) else None)


class TestCurves:
    def test_end_where_the_epoch_was_stopped(self):
        epochs = [
            Epoch(1, 0.5, 0.8, 0.4, 0.9, 1.0, best=True),
            Epoch(2, 0.4, 0.85, 0.3, 0.95, 0.4, best=False, complete=False, trained=0.25),
        ]
        history = History.of([*epochs, Progress(2, 5, 20, 0.4, 0.85, 1.0)])
        for data in (run_curves(history), comparison([("a", history)])):
            assert data.curves[-1].xs.tolist() == [1, 1.25]
        assert run_curves(history).x_range == (0, 1.25)


class TestResume:
    def test_says_that_the_best_epoch_is_discarded(self, tmp_path):
        run = trained(tmp_path, stop_at=(1, 20))
        history = History.of(run.events())
        (part,), test = history.epochs, history.test
        assert (part.best, test.complete) == (True, False)
        summary = summarise(run)
        assert (summary.epochs, summary.best_epoch, summary.best_is_partial) == (0, 1, True)
        told = of_kind(list(resume(run)), Notice)
        assert [notice.words for notice in told] == [
            f"epoch 1 was the best so far, but partial: its validation loss {part.valid_loss:.4f} and its test result "
            "are discarded, and it is trained to its end"
        ]
        assert of_kind(run.events(), Notice) == told
        (entry,) = run.manifest()[1]["resumed"]
        assert entry["discarded_best"] == json.loads(to_json(part))
        assert not summarise(run).best_is_partial

    def test_says_nothing_if_a_complete_one_is_the_best(self, tmp_path):
        run = trained(tmp_path, stop_at=(3, 5))
        assert not of_kind(list(resume(run)), Notice)
        (entry,) = run.manifest()[1]["resumed"]
        assert "discarded_best" not in entry

    def test_the_log_keeps_every_test_with_its_reason_and_shows_the_last(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        list(resume(run))
        list(resume(run, epochs=CONFIG.epochs + 2))
        tests = of_kind(run.events(), Test)
        assert [test.reason for test in tests] == ["stopped in epoch 2", "completed in epoch 4", "completed in epoch 6"]
        history = History.of(run.events())
        assert history.test == tests[-1]
        assert summarise(run).test_acc == tests[-1].acc


def test_evaluate_names_a_partial_epoch(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_TUI_RUNS", str(tmp_path))
    trained(tmp_path, stop_at=(1, 20))
    assert "epoch 1 (partial), test of digits" in command("evaluate", "latest").out
    record = json.loads(command("evaluate", "latest", "--json").out)
    assert (record["epoch"], record["partial"]) == (1, True)
    record = json.loads(command("evaluate", "latest", "--epoch", "0", "--json").out)
    assert (record["epoch"], record["partial"]) == (0, False)
    trained(tmp_path, name="whole")
    for epoch in ("0", "last"):
        assert not json.loads(command("evaluate", "latest", "--epoch", epoch, "--json").out)["partial"]
    assert "…" in command("runs").out
    runs = [json.loads(line) for line in command("runs", "--json").out.splitlines()]
    assert {run["run"].split("-")[-1]: run["best_is_partial"] for run in runs} == {"run": True, "whole": False}

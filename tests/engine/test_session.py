"""A whole run: what is stored while it trains, and that it can be repeated."""

import json
import queue
import threading
from dataclasses import replace

import pytest

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError, DataError
from mnist_tui.engine.events import Epoch, Phase, RunFinished, RunStarted, Test
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.stored_network import evaluate_stored
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from tests.engine.session_helpers import BRIEF, run_session
from tests.helpers import HANG, checksums, of_kind, timeless

pytestmark = pytest.mark.usefixtures("bundled_data")


class TestStored:
    def test_events_are_stored_before_they_are_yielded(self, tmp_path):
        told = []
        for event in start(BRIEF, tmp_path):
            told.append(event)
            if len(told) > 1:
                (run,) = stored_runs(tmp_path)
                assert list(run.events()) == told[1:]
        # Getting the data comes before there is a run.
        assert told[0].name == "load"
        assert [type(event) for event in told[-2:]] == [Test, RunFinished]

    def test_weights_of_every_epoch(self, tmp_path):
        events, run = run_session(tmp_path)
        assert run.epochs() == [0, 1, 2]
        (test,) = of_kind(events, Test)
        result = evaluate_stored(run, test.epoch, "test", data_dir=None, explicit_folder=False)
        assert (result.correct, len(result.labels)) == (test.correct, test.total)
        assert result.loss == pytest.approx(test.loss, rel=1e-5)
        for epoch in of_kind(events, Epoch):
            result = evaluate_stored(run, epoch.epoch, "valid", data_dir=None, explicit_folder=False)
            assert result.correct / len(result.labels) == epoch.valid_acc
            assert result.loss == pytest.approx(epoch.valid_loss, rel=1e-5)

    def test_splits_are_the_trainings(self, tmp_path):
        _, run = run_session(tmp_path, replace(BRIEF, valid_fraction=0.2))
        sizes = {}
        for split in ("train", "valid", "test"):
            sizes[split] = len(evaluate_stored(run, 1, split, data_dir=None, explicit_folder=False).labels)
        assert sizes == {"train": 1200, "valid": 300, "test": 297}

    def test_config_json_contains_what_is_needed(self, tmp_path):
        events, run = run_session(tmp_path, name="a-name")
        record = json.loads((run.path / "config.json").read_text(encoding="utf-8"))
        (started,) = of_kind(events, RunStarted)
        assert RunConfig.from_json(record["config"]) == BRIEF
        assert (record["name"], record["dataset"]) == ("a-name", "digits")
        assert (record["mean"], record["std"]) == (started.mean, started.std)
        assert {"created", "data_dir", "versions"} <= set(record)

    def test_name(self, tmp_path):
        events, run = run_session(tmp_path)
        assert run.name.endswith("-notebook")
        assert {event.run for event in events if isinstance(event, (RunStarted, RunFinished))} == {run.name}

    def test_auto_is_stored_as_the_chosen_value(self, tmp_path, monkeypatch):
        # No MNIST in an empty folder, and a mirror that refuses at once: `digits` replaces it, with a note.
        monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")
        data = tmp_path / "data"
        data.mkdir()
        events, run = run_session(tmp_path / "runs", replace(BRIEF, dataset="auto"), data_dir=str(data))
        (started,) = of_kind(events, RunStarted)
        assert started.dataset == "digits"
        assert "could not be downloaded" in started.note
        assert run.manifest()[1]["dataset"] == "digits"
        # Later it is measured on the same images, whatever has been downloaded since.
        result = evaluate_stored(run, 1, "test", data_dir=str(data), explicit_folder=True)
        assert len(result.labels) == 297


class TestRepeat:
    def test_same_seed_same_run(self, tmp_path):
        once, again = run_session(tmp_path, name="once"), run_session(tmp_path, name="again")
        assert timeless(once[0]) == timeless(again[0])
        assert of_kind(once[0], Test) == of_kind(again[0], Test)
        assert checksums(once[1].checkpoints) == checksums(again[1].checkpoints)

    def test_from_the_stored_configuration(self, tmp_path):
        events, run = run_session(tmp_path, replace(BRIEF, seed=99, hidden=(20, 10), optimizer="adamw"))
        again, repeated = run_session(tmp_path, run.config(), name="repeated")
        assert timeless(events) == timeless(again)
        assert checksums(run.checkpoints) == checksums(repeated.checkpoints)

    def test_other_seed_other_run(self, tmp_path):
        (_, once), (_, other) = run_session(tmp_path), run_session(tmp_path, replace(BRIEF, seed=1), name="other")
        first, second = checksums(once.checkpoints), checksums(other.checkpoints)
        assert all(first[name] != second[name] for name in first)

    def test_real_data_twice(self, tmp_path, mnist_folder):
        config = RunConfig(dataset="mnist", epochs=1, device="cpu")
        outcomes = [run_session(tmp_path, config, data_dir=str(mnist_folder), name=name) for name in ("a", "b")]
        (once, run), (again, repeated) = outcomes
        assert timeless(once) == timeless(again)
        assert of_kind(once, Test) == of_kind(again, Test)
        assert checksums(run.checkpoints) == checksums(repeated.checkpoints)
        assert len(checksums(run.checkpoints)) == 2


class TestRefused:
    @pytest.mark.parametrize("name", ["../../x", "\x1b[31m", "a b", "a" * 65, ".", "a/b"])
    def test_name(self, tmp_path, name):
        with pytest.raises(ConfigError, match="--name"):
            list(start(BRIEF, tmp_path / "runs", name=name))
        assert list(tmp_path.iterdir()) == []

    def test_runs_folder_below_a_file(self, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(ConfigError, match="--runs-dir"):
            list(start(BRIEF, tmp_path / "file" / "runs"))

    def test_missing_data_leaves_no_run(self, tmp_path):
        config = replace(BRIEF, dataset="mnist")
        with pytest.raises(DataError):
            list(start(config, tmp_path / "runs", data_dir=str(tmp_path / "missing")))
        assert list((tmp_path / "runs").iterdir()) == []


class TestStop:
    def test_before_training_leaves_no_run(self, tmp_path):
        control = Control()
        control.stop()
        events = list(start(BRIEF, tmp_path, control=control))
        assert [type(event) for event in events] == [RunFinished]
        assert (events[0].run, events[0].status) == ("", "stopped")
        assert list(tmp_path.iterdir()) == []

    def test_is_stored(self, tmp_path):
        control, events = Control(), []
        for event in start(replace(BRIEF, epochs=100_000), tmp_path, control=control):
            events.append(event)
            if isinstance(event, Epoch) and event.epoch == 2:
                control.stop()
        (run,) = stored_runs(tmp_path)
        assert list(run.events()) == events[1:]
        assert run.epochs() == [0, 1, 2]
        summary = summarise(run)
        assert (summary.status, summary.epochs) == ("stopped", 2)
        assert summary.test_acc == events[-2].acc

    def test_a_consumer_that_closes_the_generator_stops_the_training(self, tmp_path):
        events = start(replace(BRIEF, epochs=100_000), tmp_path)
        for event in events:
            if isinstance(event, Epoch):
                break
        (run,) = stored_runs(tmp_path)
        assert run.is_live()
        events.close()
        assert not run.is_live()
        assert list(run.events())[-1].status == "stopped"
        assert run.epochs() == [0, 1]

    def test_is_live_until_the_last_event(self, tmp_path):
        for event in start(BRIEF, tmp_path):
            if not isinstance(event, Phase) or event.name != "load":
                assert stored_runs(tmp_path)[0].is_live()
        assert not stored_runs(tmp_path)[0].is_live()

    def test_followed_from_another_thread(self, tmp_path):
        # A second console's view of a run that it does not train.
        control, seen = Control(), queue.Queue()

        def work():
            for event in start(replace(BRIEF, epochs=100_000), tmp_path, control=control):
                seen.put(event)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while not isinstance(seen.get(timeout=HANG), Epoch):
            pass
        summary = summarise(stored_runs(tmp_path)[0])
        assert (summary.status, summary.dataset) == ("running", "digits")
        assert summary.epochs >= 1
        control.stop()
        thread.join(HANG)
        assert not thread.is_alive()
        assert summarise(stored_runs(tmp_path)[0]).status == "stopped"

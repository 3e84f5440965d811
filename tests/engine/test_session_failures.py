"""A run that fails, or whose weights could not be stored."""

import logging
from dataclasses import replace

import pytest

from mnist_tui.engine import files
from mnist_tui.engine.errors import ConfigError, TrainingError
from mnist_tui.engine.events import Epoch, RunFinished, Test
from mnist_tui.engine.hardware.devices import found
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import resume, start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.engine.session_helpers import BRIEF, run_session
from tests.helpers import of_kind

pytestmark = pytest.mark.usefixtures("bundled_data")


class TestFailure:
    @pytest.fixture
    def broken(self, monkeypatch):
        """Let the validation fail, as on a GPU that is out of memory."""

        def fail(*_):
            raise RuntimeError("out of memory\nin the second line")

        monkeypatch.setattr(loop, "measure", fail)

    def test_is_the_last_event(self, tmp_path, broken):
        told = []
        with pytest.raises(TrainingError, match="out of memory"):
            told.extend(start(BRIEF, tmp_path))
        (run,) = stored_runs(tmp_path)
        last = list(run.events())[-1]
        assert isinstance(last, RunFinished)
        assert (last.run, last.status) == (run.name, "failed")
        assert "out of memory" in last.reason
        assert len(of_kind(run.events(), RunFinished)) == 1
        assert summarise(run).status == "failed"
        assert not run.is_live()
        # What was saved until then is kept.
        assert run.epochs() == [0]

    def test_log_has_the_traceback(self, tmp_path, broken):
        with pytest.raises(TrainingError):
            list(start(BRIEF, tmp_path))
        log = (stored_runs(tmp_path)[0].path / "log.txt").read_text(encoding="utf-8")
        assert "Traceback" in log
        assert "RuntimeError: out of memory" in log

    def test_logging_is_as_before(self, tmp_path, broken):
        before = list(logging.getLogger().handlers)
        with pytest.raises(TrainingError):
            list(start(BRIEF, tmp_path))
        assert logging.getLogger().handlers == before

    def test_loss_that_is_not_finite(self, tmp_path):
        events, run = run_session(tmp_path, replace(BRIEF, epochs=9, hidden=(250, 100), optimizer="sgd", lr=100.0))
        assert (events[-1].status, summarise(run).status) == ("failed", "failed")
        assert "learning rate" in list(run.events())[-1].reason
        # The failed epoch is in the log too, and is readable.
        assert len(of_kind(run.events(), Epoch)) == len(of_kind(events, Epoch)) >= 1

    def test_device_that_is_not_there_leaves_no_run(self, tmp_path):
        # A wrong option is refused before any folder is made.
        if any(device.kind == "cuda" for device in found()):
            pytest.skip("there is a GPU here")
        with pytest.raises(ConfigError, match="--device cuda"):
            list(start(replace(BRIEF, device="cuda"), tmp_path))
        assert stored_runs(tmp_path) == []


class TestTruth:
    """Reports of a training on files that could not be stored."""

    @pytest.fixture
    def refused(self, monkeypatch):
        """The names of checkpoints that can't be written; a test adds and removes them."""
        whole, names = files.replace, set()

        def replace_or_fail(path, content):
            if path.name in names:
                raise OSError(28, "No space left on device")
            whole(path, content)

        monkeypatch.setattr(files, "replace", replace_or_fail)
        return names

    def test_an_epoch_with_pending_weights_is_reported(self, tmp_path, refused):
        refused |= {"epoch-0002.pt"}
        config = replace(BRIEF, epochs=3)
        events = []
        for event in start(config, tmp_path):
            events.append(event)
            if isinstance(event, Epoch) and event.epoch == 2:
                refused.clear()
        assert [(epoch.epoch, epoch.stored) for epoch in of_kind(events, Epoch)] == [(1, True), (2, False), (3, True)]
        assert of_kind(stored_runs(tmp_path)[0].events(), Epoch) == of_kind(events, Epoch)
        assert events[-1].stored
        assert list(stored_runs(tmp_path)[0].events()) == events[1:]  # all but the reading of the data

    def test_pending_weights_are_retried_at_the_end(self, tmp_path, refused):
        refused |= {"epoch-0001.pt", "state.pt"}
        config = replace(BRIEF, epochs=1)
        events = []
        for event in start(config, tmp_path):
            events.append(event)
            if isinstance(event, Test):  # nothing is saved after it
                refused.clear()
        (run,) = stored_runs(tmp_path)
        assert run.epochs() == [0, 1]
        assert run.state() is not None
        assert events[-1].stored
        assert "checkpoints can be stored in" in events[-2].words
        assert list(run.events()) == events[1:]  # all but the reading of the data

    def test_an_epoch_with_pending_weights_is_reported_once(self, tmp_path, refused):
        refused |= {"epoch-0002.pt"}
        control = Control()
        for event in start(replace(BRIEF, epochs=9), tmp_path, control=control):
            if isinstance(event, Epoch) and event.epoch == 2:
                refused.clear()
                control.stop()
        (run,) = stored_runs(tmp_path)
        list(resume(run, epochs=3))
        assert [epoch.epoch for epoch in of_kind(run.events(), Epoch)] == [1, 2, 3]


class TestLog:
    def test_warnings_are_written_to_the_runs_log(self, tmp_path):
        for event in start(BRIEF, tmp_path):
            if isinstance(event, Epoch) and event.epoch == 1:
                logging.getLogger("a.library").warning("something is odd")
        log = (stored_runs(tmp_path)[0].path / "log.txt").read_text(encoding="utf-8")
        assert "WARNING a.library: something is odd" in log

    def test_without_warnings_there_is_no_log(self, tmp_path):
        _, run = run_session(tmp_path)
        assert sorted(path.name for path in run.path.iterdir()) == ["checkpoints", "config.json", "events.jsonl"]

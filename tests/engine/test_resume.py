"""Resuming a run gives the same numbers as training it without the break."""

from dataclasses import replace

import pytest
import torch

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Epoch, Phase, Progress, RunStarted
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.session import resume, start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.engine.resumed_runs import CONFIG, assert_equal, trained
from tests.helpers import checksums, of_kind

pytestmark = pytest.mark.usefixtures("bundled_data", "every_batch")


class TestSameNumbers:
    @pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
    def test_stopped_in_the_middle_of_an_epoch(self, tmp_path, optimizer):
        config = replace(CONFIG, epochs=3, optimizer=optimizer)
        whole = trained(tmp_path / "whole", config)
        run = trained(tmp_path, config, stop_at=(2, 17))
        assert summarise(run).status == "stopped"
        rest = list(resume(run))
        assert [(epoch.epoch, epoch.complete) for epoch in of_kind(rest, Epoch)] == [(2, True), (3, True)]
        assert_equal(run, whole)

    def test_schedules_of_learning_rate_and_augmentation(self, tmp_path):
        config = RunConfig.from_recipe("fast", dataset="digits", hidden=(16,), batch_size=32, device="cpu", threads=1)
        whole = trained(tmp_path / "whole", config)
        run = trained(tmp_path, config, stop_at=(2, 17))
        list(resume(run))
        assert_equal(run, whole)

    @pytest.mark.parametrize("stop_at", [(1, 1), (1, 41), (2, 42), (4, 40)])
    def test_stopped_at_any_batch(self, tmp_path, stop_at):
        # 1,350 images are 42 batches of 32 and one of 6.
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=stop_at)
        list(resume(run))
        assert_equal(run, whole)

    def test_stopped_three_times(self, tmp_path):
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(1, 20))
        for place in [(1, 30), (3, 5)]:
            control = Control()
            for event in resume(run, control=control):
                if isinstance(event, Progress) and (event.epoch, event.batch) == place:
                    control.stop()
        list(resume(run))
        assert_equal(run, whole)

    def test_a_partial_epoch_is_not_kept_as_the_best(self, tmp_path):
        # The validation of a partial epoch must not decide which epoch is the best.
        config = replace(CONFIG, rotation=0.0, shift=0, lr=0.05, hidden=(64,), epochs=6)
        whole = trained(tmp_path / "whole", config)
        for epoch in range(2, 7):
            run = trained(tmp_path / str(epoch), config, stop_at=(epoch, 21))
            list(resume(run))
            assert_equal(run, whole)

    def test_a_consumer_that_closes_the_generator_stops_the_training(self, tmp_path):
        whole = trained(tmp_path / "whole")
        events = start(CONFIG, tmp_path, name="run")
        for event in events:
            if isinstance(event, Progress) and event.epoch == 2:
                break
        events.close()
        run = RunFolder(stored_runs(tmp_path)[0].path)
        list(resume(run))
        assert_equal(run, whole)

    def test_paused_and_killed(self, tmp_path):
        # It resumes from the state that the pause saved, not from the beginning of the epoch.
        whole = trained(tmp_path / "whole")
        control = Control()
        events = start(CONFIG, tmp_path, name="run", control=control)
        for event in events:
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 9):
                control.pause()
            if event == Phase("paused"):
                break
        (run,) = stored_runs(tmp_path)
        state = run.state()
        assert (state.epoch, state.batch) == (2, 9)
        control.resume()
        events.close()
        started = of_kind(resume(run), RunStarted)[0]
        assert (started.epoch, started.batch) == (2, 9)
        assert_equal(run, whole)

    def test_more_epochs_for_a_finished_run(self, tmp_path):
        longer = trained(tmp_path / "longer", replace(CONFIG, epochs=6))
        run = trained(tmp_path)
        list(resume(run, epochs=6))
        assert_equal(run, longer)
        assert run.config().epochs == 6

    def test_real_data(self, tmp_path, mnist_folder, monkeypatch):
        monkeypatch.setenv("MNIST_TUI_DATA", str(mnist_folder))
        monkeypatch.setattr(loop, "REPORT_SECONDS", 0.05)
        config = replace(CONFIG, dataset="mnist", epochs=2, batch_size=512)
        whole = trained(tmp_path / "whole", config)
        control = Control()
        for event in start(config, tmp_path, name="run", control=control):
            if isinstance(event, Progress) and event.epoch == 2:
                control.stop()
        run = RunFolder(tmp_path / event.run)
        list(resume(run))
        assert checksums(run.checkpoints) == checksums(whole.checkpoints)

    def test_as_many_threads_as_before(self, tmp_path, monkeypatch):
        # Whatever a new measurement would choose: sums depend on the number of threads.
        monkeypatch.setattr("mnist_tui.engine.hardware.devices.available_cores", lambda: 4)
        monkeypatch.setattr("mnist_tui.engine.training.loop.choose_threads", lambda config, *_: config.threads or 2)
        before = torch.get_num_threads()
        try:
            config = replace(CONFIG, threads=0)
            whole = trained(tmp_path / "whole", config)
            run = trained(tmp_path, config, stop_at=(2, 17))
            assert run.state().threads == 2
            monkeypatch.setattr("mnist_tui.engine.training.loop.choose_threads", lambda config, *_: config.threads or 1)
            started = of_kind(resume(run), RunStarted)[0]
        finally:
            torch.set_num_threads(before)
        assert started.device.endswith("2 threads")
        assert_equal(run, whole)

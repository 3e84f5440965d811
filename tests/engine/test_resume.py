"""Going on with a run: the same numbers as without the break, one story in the log, one writer at a time."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_tui.engine.analysis.image_details import Question, research
from mnist_tui.engine.analysis.layers import network_layers
from mnist_tui.engine.analysis.projection import Wanted, project, store_path
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError, RunError
from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test
from mnist_tui.engine.runs.folder import RunFolder, newest_live_run, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.remote import FILE, Listener, send
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import resume, start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.helpers import HANG, QUICK, ROOT, checksums, of_kind, timeless

CONFIG = replace(QUICK, epochs=4)


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    """No data but the bundled set, and progress after every batch, so that a test can act at a certain one."""
    monkeypatch.delenv("MNIST_TUI_DATA", raising=False)
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)


def trained(runs_dir, config=CONFIG, stop_at=None, name="run"):
    """A run, stopped right behind a batch (epoch, batch) of it."""
    control = Control()
    for event in start(config, runs_dir, name=name, control=control):
        if isinstance(event, Progress) and (event.epoch, event.batch) == stop_at:
            control.stop()
    return RunFolder(runs_dir / event.run)


def assert_equal(run, whole):
    """All that a run ends with, but for its times."""
    assert checksums(run.checkpoints) == checksums(whole.checkpoints)
    history, expected = History.of(run.events()), History.of(whole.events())
    assert timeless(history.epochs) == timeless(expected.epochs)
    assert history.test == expected.test
    assert (history.finished.status, history.finished.reason) == ("completed", "")
    for curve, wanted in zip(history.fine_curve(), expected.fine_curve(), strict=True):
        assert np.array_equal(curve, wanted)


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

    def test_rates_and_bending_that_change_from_step_to_step(self, tmp_path):
        config = RunConfig.from_recipe("fast", dataset="digits", hidden=(16,), batch_size=32, device="cpu", threads=1)
        whole = trained(tmp_path / "whole", config)
        run = trained(tmp_path, config, stop_at=(2, 17))
        list(resume(run))
        assert_equal(run, whole)

    @pytest.mark.parametrize("stop_at", [(1, 1), (1, 41), (2, 42), (4, 40)])
    def test_wherever_it_was_stopped(self, tmp_path, stop_at):
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

    def test_a_part_of_an_epoch_that_was_the_best_is_forgotten(self, tmp_path):
        # What the stop measured in the middle must not decide which epoch is the best in the end.
        config = replace(CONFIG, rotation=0.0, shift=0, lr=0.05, hidden=(64,), epochs=6)
        whole = trained(tmp_path / "whole", config)
        for epoch in range(2, 7):
            run = trained(tmp_path / str(epoch), config, stop_at=(epoch, 21))
            list(resume(run))
            assert_equal(run, whole)

    def test_whoever_watched_went_away(self, tmp_path):
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
        # What a pause saved is where it goes on, not the beginning of the epoch.
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
        # Whatever a measurement would give today: sums depend on how many threads share them.
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


class TestStory:
    def test_status_on_the_way(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        events = resume(run)
        for event in events:
            if isinstance(event, RunStarted):
                # The stop's test and end are void, and so is the part of the second epoch.
                history = History.of(run.events())
                assert (history.test, history.finished) == (None, None)
                assert [epoch.epoch for epoch in history.epochs] == [1]
                assert summarise(run).status == "running"
        assert summarise(run).status == "completed"

    def test_time_adds_up(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        before = run.state().seconds
        assert before > 0
        rest = list(resume(run))
        assert of_kind(rest, RunStarted)[0].elapsed == before
        assert rest[-1].seconds > before

    def test_is_noted_in_the_configuration(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        list(resume(run))
        _, manifest = run.manifest()
        (note,) = manifest["resumed"]
        assert (note["epoch"], note["batch"]) == (2, 5)
        assert manifest["config"] == CONFIG.to_json()

    def test_a_line_that_was_torn_is_closed(self, tmp_path):
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(2, 5))
        with (run.path / "events.jsonl").open("ab") as file:
            file.write(b'{"event": "progress", "epoch": 2, "ba')
        list(resume(run))
        assert_equal(run, whole)

    def test_the_epoch_whose_event_was_never_written(self, tmp_path):
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(3, 1))
        path = run.path / "events.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(
            b"".join(line for line in lines if b'"event": "epoch"' not in line or b'"epoch": 2' not in line)
        )
        assert [epoch.epoch for epoch in History.of(run.events()).epochs] == [1, 3]
        rest = list(resume(run))
        assert [epoch.epoch for epoch in of_kind(rest, Epoch)] == [2, 3, 4]
        assert_equal(run, whole)

    def test_killed_before_the_first_state(self, tmp_path):
        whole = trained(tmp_path / "whole")
        writer = RunWriter.create(tmp_path, "run", CONFIG, whole.manifest()[1] | {"config": None})
        writer.close()
        record = json.loads((whole.path / "config.json").read_text())
        (writer.folder.path / "config.json").write_text(json.dumps(record))
        list(resume(writer.folder))
        assert_equal(writer.folder, whole)

    def test_nothing_left_to_train(self, tmp_path):
        run = trained(tmp_path)
        before = (run.path / "events.jsonl").read_bytes()
        for epochs in (3, 4):
            with pytest.raises(ConfigError, match="--epochs 5 or more"):
                list(resume(run, epochs=epochs))
        assert (run.path / "events.jsonl").read_bytes() == before

    def test_stopped_behind_the_last_batch(self, tmp_path):
        # All epochs are there, but the run counts as stopped: to go on means to be completed.
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(4, 43))
        assert summarise(run).status == "stopped"
        list(resume(run))
        assert_equal(run, whole)


class TestOneWriter:
    def test_a_second_one_is_told_who_holds_it(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        writer = RunWriter.reopen(run)
        before = (run.path / "events.jsonl").read_bytes()
        with pytest.raises(RunError) as caught:
            list(resume(run))
        words = str(caught.value)
        assert f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d')}" in words
        assert "mnist-tui attach" in words
        assert (run.path / "events.jsonl").read_bytes() == before
        writer.close()
        list(resume(run))

    def test_another_process(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        code = "import sys; from pathlib import Path; from mnist_tui.engine.runs.folder import RunFolder; "
        code += "from mnist_tui.engine.runs.writer import RunWriter; "
        code += "writer = RunWriter.reopen(RunFolder(Path(sys.argv[1]))); print('mine', flush=True)"
        code += "; sys.stdin.read()"
        arguments = [sys.executable, "-c", code, str(run.path)]
        with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout.readline() == "mine\n"
            with pytest.raises(RunError, match=f"by process {holder.pid} "):
                list(resume(run))
            holder.send_signal(signal.SIGKILL)
        # Its name is still there, its lock is not.
        assert run.owner().pid == holder.pid
        assert not run.is_live()
        assert summarise(run).status == "stopped"
        list(resume(run))
        assert run.owner() is None

    def test_looking_does_not_stand_in_the_way(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        for _ in range(20):
            assert not run.is_live()
            RunWriter.reopen(run).close()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b'{"pid": "1"}',
            b'{"pid": -1, "host": "h", "since": 1}',
            b'{"pid": 1, "host": 2, "since": 1}',
        ],
    )
    def test_a_strange_owner(self, tmp_path, content):
        run = trained(tmp_path, stop_at=(1, 1))
        (run.path / "owner.json").write_bytes(content)
        assert run.owner() is None

    def test_an_owner_that_would_steer_the_terminal(self, tmp_path):
        run = trained(tmp_path, stop_at=(1, 1))
        (run.path / "owner.json").write_text(json.dumps({"pid": 7, "host": "\x1b[2Jbox" * 99, "since": 1e300}))
        assert str(run.owner()).isprintable()
        assert len(str(run.owner())) < 150

    def test_where_the_file_system_has_no_locks(self, tmp_path, monkeypatch):
        run = trained(tmp_path, stop_at=(1, 1))

        def unsupported(*_):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr("fcntl.flock", unsupported)
        assert not run.is_live()
        record = {"pid": os.getppid(), "host": socket.gethostname(), "since": time.time()}
        (run.path / "owner.json").write_text(json.dumps(record))
        assert run.is_live()
        with pytest.raises(RunError, match=f"process {os.getppid()} "):
            RunWriter.reopen(run)
        record["pid"] = 2**22 + 1  # more than Linux gives
        (run.path / "owner.json").write_text(json.dumps(record))
        assert not run.is_live()
        RunWriter.reopen(run).close()

    def test_newest_live_run(self, tmp_path):
        first, second = (RunWriter.create(tmp_path, name, QUICK, {}) for name in ("a", "b"))
        assert newest_live_run(tmp_path).name == second.folder.name
        second.close()
        assert newest_live_run(tmp_path).name == first.folder.name
        first.close()
        with pytest.raises(RunError, match="is being trained"):
            newest_live_run(tmp_path)


class TestRequests:
    @pytest.fixture
    def run(self, tmp_path):
        writer = RunWriter.create(tmp_path, "run", QUICK, {})
        yield writer.folder
        writer.close()

    def wait(self, condition):
        limit = time.monotonic() + HANG
        while not condition():
            assert time.monotonic() < limit
            time.sleep(0.01)

    def test_are_done_in_order(self, run):
        control = Control()
        listener = Listener(run.path, control)
        send(run, "pause")
        self.wait(lambda: control.paused)
        send(run, "resume")
        self.wait(lambda: not control.paused)
        assert not control.stopping
        send(run, "pause")
        send(run, "stop")
        self.wait(lambda: control.stopping)
        listener.close()
        assert not (run.path / FILE).exists()

    def test_what_is_there_when_it_ends_is_still_done(self, run, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.remote.POLL_SECONDS", 3600.0)
        control = Control()
        listener = Listener(run.path, control)
        send(run, "stop")
        listener.close()
        assert control.stopping

    def test_a_file_that_a_kill_left_takes_no_requests(self, tmp_path):
        run = trained(tmp_path, stop_at=(1, 1))
        (run.path / FILE).touch()
        writer = RunWriter.reopen(run)
        try:
            with pytest.raises(RunError, match="can't be reached"):
                send(run, "stop")
        finally:
            writer.close()

    def test_only_its_owner_can(self, run):
        listener = Listener(run.path, Control())
        assert (run.path / FILE).stat().st_mode & 0o777 == 0o600
        listener.close()

    def test_what_somebody_else_puts_in_its_place_is_not_read(self, run, tmp_path):
        control = Control()
        for make in (
            lambda path: path.write_text("stop\n"),
            lambda path: path.symlink_to(tmp_path / "elsewhere"),
            os.mkfifo,
        ):
            make(run.path / FILE)
            listener = Listener(run.path, control)
            send(run, "pause")
            self.wait(lambda: control.paused)
            control.resume()
            listener.close()
        assert not control.stopping
        assert not (tmp_path / "elsewhere").exists()

    @pytest.mark.parametrize("make", [lambda path: path.symlink_to("/dev/full"), os.mkfifo, os.mkdir])
    def test_whoever_asks_is_not_led_astray(self, run, make):
        make(run.path / FILE)
        with pytest.raises(RunError, match="can't be reached"):
            send(run, "stop")

    def test_nonsense_is_passed_over(self, run):
        control = Control()
        listener = Listener(run.path, control)
        with (run.path / FILE).open("ab") as file:
            file.write(b"\xff" * 100_000 + b"\nhello\nstop please\n\n")
        send(run, "pause")
        self.wait(lambda: control.paused)
        assert not control.stopping
        listener.close()

    def test_nobody_listens(self, tmp_path):
        run = trained(tmp_path, stop_at=(1, 1))
        with pytest.raises(RunError, match="is not being trained: there is nothing to stop"):
            send(run, "stop")

    def test_a_training_is_steered(self, tmp_path):
        asked = []
        for event in start(replace(CONFIG, epochs=100_000), tmp_path):
            if isinstance(event, Epoch) and not asked:
                asked.append(send(stored_runs(tmp_path)[0], "stop"))
        assert (event.status, isinstance(event, RunFinished)) == ("stopped", True)


class TestState:
    def test_holds_what_it_says(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 17))
        state = run.state()
        assert (state.epoch, state.batch, state.best_epoch) == (2, 17, 1)
        assert len(state.losses) == len(state.correct) == 17
        first = run.weights(1)
        assert all(torch.equal(first[name], tensor) for name, tensor in state.best_weights.items())
        # Plain torch reads it without executing anything.
        assert torch.load(run.state_file, weights_only=True)["epoch"] == 2

    def test_is_not_saved_of_weights_that_are_lost(self, tmp_path):
        config = replace(CONFIG, epochs=50, hidden=(64, 32), optimizer="sgd", lr=100.0)
        run = trained(tmp_path, config)
        assert summarise(run).status == "failed"
        state = run.state()
        assert all(torch.isfinite(tensor).all() for tensor in state.learner.values())
        failed = list(resume(run))[-1]
        assert (failed.status, "learning rate" in failed.reason) == ("failed", True)
        (test,) = of_kind(run.events(), Test)[-1:]
        assert np.isfinite(test.loss)


def test_what_was_found_with_weights_that_are_trained_anew_is_forgotten(tmp_path):
    """A stop in the middle leaves weights that are looked at; a resumed run puts others in their place."""
    run = trained(tmp_path, stop_at=(2, 5))
    analyst, wanted = Analyst(), Wanted()
    subject = Subject(run.path, 2, "test")

    def numbers(analyst):
        *_, found = research(analyst, Question(subject, 3, (3,), (1, 2)), lambda: False)
        return [
            analyst.evaluation(subject).logits,
            network_layers(analyst, subject.network).parameters["output_fc.bias"],
            np.array([verdict.confidence for verdict in found.verdicts]),
            np.array([neighbour.distance for neighbour in found.neighbours]),
            project(analyst, subject, wanted).variance,
        ]

    before = numbers(analyst)
    kept = [store_path(Subject(run.path, 1, "test"), "hidden", 9), run.path / "imagined" / "noise-2-1.npz"]
    void = [store_path(subject, "output", 2), run.path / "imagined" / "noise-1-2.npz"]
    for path in kept + void:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    list(resume(run))
    after = numbers(analyst)
    expected = numbers(Analyst())
    for old, new, right in zip(before, after, expected, strict=True):
        assert not np.array_equal(old, right)
        assert np.array_equal(new, right)
    assert [path.exists() for path in kept + void] == [True, True, False, False]

"""Requests to a training from another process."""

import os
import time
from dataclasses import replace

import pytest

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import Epoch, RunFinished
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.remote import FILE, Listener, send
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from tests.engine.resumed_runs import CONFIG, trained
from tests.helpers import HANG, QUICK

pytestmark = pytest.mark.usefixtures("bundled_data", "every_batch")


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

    def test_requests_are_handled_in_order(self, run):
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

    def test_pending_requests_are_handled_at_the_end(self, run, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.remote.POLL_SECONDS", 3600.0)
        control = Control()
        listener = Listener(run.path, control)
        send(run, "stop")
        listener.close()
        assert control.stopping

    def test_without_a_thread_there_are_no_requests(self, run, monkeypatch):
        def refuse(_):
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patched:
            patched.setattr("threading.Thread.start", refuse)
            listener = Listener(run.path, Control())
        assert not (run.path / FILE).exists()
        listener.close()

    def test_a_flooded_file_delays_nothing(self, run, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.remote.POLL_SECONDS", 3600.0)
        control = Control()
        listener = Listener(run.path, control)
        with (run.path / FILE).open("ab") as file:
            file.write((b"noise" * 10_000 + b"\n") * 100 + b"x" * 1_000_000 + b"\n")  # 6 MB
        send(run, "stop")
        listener.close()
        assert control.stopping

    def test_a_file_left_by_a_killed_process_accepts_no_requests(self, tmp_path):
        run = trained(tmp_path, stop_at=(1, 1))
        (run.path / FILE).touch()
        writer = RunWriter.reopen(run)
        try:
            with pytest.raises(RunError, match="can't be reached"):
                send(run, "stop")
        finally:
            writer.close()

    def test_only_the_owner_can_send_requests(self, run):
        listener = Listener(run.path, Control())
        assert (run.path / FILE).stat().st_mode & 0o777 == 0o600
        listener.close()

    def test_a_replaced_request_file_is_not_read(self, run, tmp_path):
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
    def test_a_sender_does_not_follow_links_or_block_on_pipes(self, run, make):
        make(run.path / FILE)
        with pytest.raises(RunError, match="can't be reached"):
            send(run, "stop")

    def test_invalid_requests_are_ignored(self, run):
        control = Control()
        listener = Listener(run.path, control)
        with (run.path / FILE).open("ab") as file:
            file.write(b"\xff" * 100_000 + b"\nhello\nstop please\n\n")
        send(run, "pause")
        self.wait(lambda: control.paused)
        assert not control.stopping
        listener.close()

    def test_no_training_reads_the_requests(self, tmp_path):
        run = trained(tmp_path, stop_at=(1, 1))
        with pytest.raises(RunError, match="is not being trained: there is nothing to stop"):
            send(run, "stop")

    def test_a_training_follows_requests(self, tmp_path):
        asked = []
        for event in start(replace(CONFIG, epochs=100_000), tmp_path):
            if isinstance(event, Epoch) and not asked:
                asked.append(send(stored_runs(tmp_path)[0], "stop"))
        assert (event.status, isinstance(event, RunFinished)) == ("stopped", True)

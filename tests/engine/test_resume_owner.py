"""One writer at a time: who holds a run, and where there are no locks."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import newest_live_run
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import resume
from tests.engine.resumed_runs import trained
from tests.helpers import QUICK, ROOT

pytestmark = pytest.mark.usefixtures("bundled_data", "every_batch")


class TestOneWriter:
    def test_a_second_writer_is_refused_with_the_owners_name(self, tmp_path):
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

    def test_reading_does_not_lock_the_run(self, tmp_path):
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
    def test_an_owner_file_with_unexpected_content(self, tmp_path, content):
        run = trained(tmp_path, stop_at=(1, 1))
        (run.path / "owner.json").write_bytes(content)
        assert run.owner() is None

    def test_an_owner_file_with_escape_sequences(self, tmp_path):
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

    @pytest.mark.parametrize("number", [errno.ENOLCK, errno.EPERM, errno.EACCES, errno.ENOSYS])
    def test_a_lock_of_a_computer_that_is_gone_names_the_way_out(self, tmp_path, monkeypatch, number):
        run = trained(tmp_path, stop_at=(1, 1))

        def refused(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("fcntl.flock", refused)
        record = {"pid": 4242, "host": "node07", "since": time.time()}
        (run.path / "owner.json").write_text(json.dumps(record))
        with pytest.raises(RunError) as caught:
            RunWriter.reopen(run)
        assert "process 4242 on node07" in str(caught.value)
        assert f"if that process is gone, delete {run.path / 'owner.json'}" in str(caught.value)
        (run.path / "owner.json").unlink()
        RunWriter.reopen(run).close()

    def test_newest_live_run(self, tmp_path):
        first, second = (RunWriter.create(tmp_path, name, QUICK, {}) for name in ("a", "b"))
        assert newest_live_run(tmp_path).name == second.folder.name
        second.close()
        assert newest_live_run(tmp_path).name == first.folder.name
        first.close()
        with pytest.raises(RunError, match="is being trained"):
            newest_live_run(tmp_path)

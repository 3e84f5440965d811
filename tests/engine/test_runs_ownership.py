"""Which process is writing a run."""

import fcntl
import signal
import subprocess
import sys

from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.summaries import summarise
from tests.engine.stored_runs import EPOCHS, make_run
from tests.helpers import HANG, ROOT


class TestLive:
    def test_while_the_writer_is_open(self, writer):
        assert writer.folder.is_live()
        assert summarise(writer.folder).status == "running"
        assert summarise(writer.folder).live
        writer.close()
        assert not writer.folder.is_live()
        assert summarise(writer.folder).status == "died"

    def test_seen_from_another_process(self, writer):
        code = "import sys; from pathlib import Path; from mnist_tui.engine.runs.folder import RunFolder; "
        code += "print(RunFolder(Path(sys.argv[1])).is_live())"

        def asked():
            arguments = [sys.executable, "-c", code, str(writer.folder.path)]
            return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=True).stdout

        assert asked() == "True\n"
        writer.close()
        assert asked() == "False\n"

    def test_a_killed_process_is_no_writer(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        code = "import fcntl, sys, time; file = open(sys.argv[1], 'ab'); fcntl.flock(file, fcntl.LOCK_EX); "
        code += "print('locked', flush=True); time.sleep(60)"
        arguments = [sys.executable, "-c", code, str(run.path / "events.jsonl")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "locked\n"
            assert run.is_live()
            process.send_signal(signal.SIGKILL)
        assert not run.is_live()

    def test_readers_are_not_writers(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        with (run.path / "events.jsonl").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            assert not run.is_live()

    def test_the_check_does_not_disturb_the_writer(self, writer):
        for event in EPOCHS:
            assert writer.folder.is_live()
            writer.append(event)
        assert list(writer.folder.events()) == EPOCHS

    def test_missing(self, tmp_path):
        assert not RunFolder(tmp_path / "missing").is_live()

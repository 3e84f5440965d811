"""The command in a process of its own: signals, a kill, a closed pipe."""

import json
import signal

import pytest

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import RunFinished, Test
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from tests.helpers import HANG, command, of_kind
from tests.tui.cli_helpers import QUICKLY, spawn

pytestmark = pytest.mark.usefixtures("here")


def until_an_epoch(process):
    """Return the lines up to the first epoch's event."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if json.loads(line)["event"] == "epoch":
            return lines
    raise AssertionError(f"the training ended: {process.stderr.read()}")


class TestProcesses:
    """Tests that need a process of their own."""

    def test_an_internal_error_is_one_line(self):
        # In a test's process pytest captures the log; in a user's terminal nothing does.
        code = """
from mnist_tui.tui.cli import plain
def fail(*_, **__):
    raise ZeroDivisionError("no\\nwonder")
plain.list_runs = fail
from mnist_tui.tui.cli.commands import main
main()
"""
        with spawn("runs", code=code) as process:
            out, err = process.communicate(timeout=HANG)
        assert (process.returncode, out) == (1, "")
        (line,) = err.splitlines()
        assert "ZeroDivisionError: no wonder" in line

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
    def test_a_signal_stops_and_stores_the_run(self, here, number, status):
        with spawn("train", *QUICKLY, "--epochs", "100000", "--json") as process:
            lines = until_an_epoch(process)
            (run,) = stored_runs(here / "runs")
            assert run.is_live()
            assert summarise(run).status == "running"
            process.send_signal(number)
            out, err = process.communicate(timeout=HANG)
        assert process.returncode == status
        events = [json.loads(line) for line in (*lines, *out.splitlines())]
        assert [event["event"] for event in events[-2:]] == ["test", "run_finished"]
        assert events[-1]["status"] == "stopped"
        assert "Traceback" not in err
        assert len([line for line in err.splitlines() if line]) <= 1
        # The run is complete: the weights of the epochs, and the test of the best of them.
        assert not run.is_live()
        assert summarise(run).status == "stopped"
        (test,) = of_kind(run.events(), Test)
        assert test.epoch in run.epochs()

    def test_killed_during_an_epoch(self, here):
        with spawn("train", *QUICKLY, "--epochs", "100000", "--json") as process:
            until_an_epoch(process)
            (run,) = stored_runs(here / "runs")
            with pytest.raises(RunError, match="stop it first"):
                run.delete()
            process.kill()
            process.communicate(timeout=HANG)
        assert not run.is_live()
        assert of_kind(run.events(), RunFinished) == []
        assert summarise(run).status == "died"
        record = json.loads(command("evaluate", "latest", "--json").out)
        assert record["total"] == 297
        run.delete()
        assert stored_runs(here / "runs") == []

    def test_a_closed_pipe_stops_the_training(self, here):
        # As `mnist-tui train --json | head -1` does.
        with spawn("train", *QUICKLY, "--epochs", "100000", "--json") as process:
            assert json.loads(process.stdout.readline())["event"] == "phase"
            process.stdout.close()
            err = process.stderr.read()
            assert process.wait(timeout=HANG) == 128 + signal.SIGPIPE
        assert err == ""
        (run,) = stored_runs(here / "runs")
        assert not run.is_live()
        assert summarise(run).status == "stopped"

"""The command line: exit codes, one calm line for every mistake, events on stdout, and signals that keep the work."""

import json
import os
import signal
import subprocess
import sys
import tomllib

import pytest
import torch

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import RunFinished, Test
from mnist_tui.engine.runs.folder import find_run, stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.training import loop
from tests.helpers import HANG, ROOT, command, of_kind

QUICKLY = ("--dataset", "digits", "--hidden", "16", "--device", "cpu")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every test in a folder of its own, far from other people's data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_TUI_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")  # refuses at once; no test leaves the machine
    return tmp_path


def spawn(*arguments, code="from mnist_tui.tui.cli.commands import main; main()"):
    """The command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def complaint(*arguments, status):
    """The one line that the command says when it ends with `status`."""
    outcome = command(*arguments)
    assert outcome.status == status, outcome
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("mnist-tui: ")
    assert "Traceback" not in line
    assert line.isprintable()
    return line


class TestWrongOptions:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--frobnicate"], "--frobnicate"),
            (["--optimzer", "adam"], "--optimizer"),
            (["surplus"], "surplus"),
            (["--epochs"], "--epochs"),
            (["--epochs", "ten"], "--epochs must be a whole number from 1 to 100,000, not 'ten'"),
            (["--epochs", "0"], "--epochs must be a whole number from 1 to 100,000, not 0"),
            (["--epochs", "1.5"], "--epochs must be a whole number from 1 to 100,000, not '1.5'"),
            (["--batch-size", "0"], "--batch-size must be a whole number from 1 to 60,000, not 0"),
            (["--optimizer", "foo"], "--optimizer must be one of adam, adamw, sgd, rmsprop, not 'foo'"),
            (["--optimizer", "a\nb\x1b[31m"], "must be one of adam"),
            (["--dataset", "foo"], "must be one of auto, mnist"),
            (["--device", "foo"], "must be one of auto, cpu, cuda, mps"),
            (["--recipe", "foo"], "must be one of notebook"),
            (["--recipe", ""], "must be one of notebook"),
            (["--hidden", "0"], "--hidden must be sizes from 1 to 100,000, not 0"),
            (["--hidden", "250;100"], "such as 250,100"),
            (["--hidden", ""], "such as 250,100"),
            (["--hidden", "100000,100000"], "--hidden must make at most 50,000,000 parameters"),
            (["--lr", "nan"], "--lr must be a number above 0 and at most 100, not nan"),
            (["--lr", "inf"], "--lr"),
            (["--lr", "0"], "--lr"),
            (["--lr=-1"], "--lr"),
            (["--lr", "fast"], "--lr must be a number above 0 and at most 100, not 'fast'"),
            (["--rotation", "181"], "from 0 to 180"),
            (["--shift", "15"], "from 0 to 14"),
            (["--valid-fraction", "1"], "from 0.001 to 0.9"),
            (["--seed=-1"], "--seed"),
            (["--threads", "0"], "--threads must be auto or a whole number from 1 to 1,024"),
            (["--threads", "many"], "--threads"),
            (["--threads", "1025"], "--threads"),
            (["--name", "../../x"], "--name must be 1 to 64 letters"),
            (["--name", "\x1b[31m"], "--name"),
            (["--name", "x" * 65], "--name"),
        ],
    )
    def test_train(self, here, options, words):
        # `digits`, so that a mistake that is not noticed trains at once instead of asking for data.
        line = complaint("train", "--dataset", "digits", *options, status=2)
        assert words in line
        assert list(here.iterdir()) == []

    def test_all_at_once(self):
        options = ("--epochs", "0", "--lr", "0", "--optimizer", "foo", "--hidden", "a", "--threads", "0")
        line = complaint("train", *options, "--recipe", "foo", status=2)
        for option in ("--epochs", "--lr", "--optimizer", "--hidden", "--threads", "--recipe"):
            assert f"{option} " in line

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
    def test_device_that_is_not_there(self, here):
        line = complaint("train", "--dataset", "digits", "--device", "cuda", status=2)
        assert "--device cuda is not available here" in line

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["frobnicate"], "frobnicate"),
            (["--frobnicate"], "--frobnicate"),
            (["runs", "--frobnicate"], "--frobnicate"),
            (["runs", "surplus"], "surplus"),
            (["evaluate"], "RUN"),
        ],
    )
    def test_other_commands(self, arguments, words):
        assert words in complaint(*arguments, status=2)

    def test_debug_shows_the_traceback(self):
        outcome = command("train", "--epochs", "0", "--debug")
        assert outcome.status == 2
        assert "Traceback" in outcome.err
        assert outcome.err.splitlines()[-1].startswith("mnist-tui: --epochs")


class TestFolders:
    def test_data_folder_missing(self, here):
        line = complaint("train", "--dataset", "mnist", "--data-dir", str(here / "missing"), status=3)
        assert "does not exist" in line
        assert "--data-dir" in line

    def test_data_folder_missing_for_auto(self, here):
        complaint("train", "--data-dir", str(here / "missing"), status=3)

    def test_data_folder_is_a_file(self, here):
        (here / "file").touch()
        line = complaint("train", "--dataset", "mnist", "--data-dir", str(here / "file"), status=2)
        assert "is a file, not a folder" in line

    def test_data_that_can_not_be_had(self, here):
        outcome = command("train", "--dataset", "mnist")
        assert outcome.status == 3
        (line,) = outcome.err.splitlines()
        assert line.startswith("mnist-tui: MNIST could not be downloaded")
        assert stored_runs(here / "runs") == []

    @pytest.mark.parametrize("below", ["", "runs", "a/b"])
    def test_runs_folder_can_not_be_written(self, here, below):
        # Root may write everywhere, but not below a regular file.
        (here / "file").touch()
        line = complaint("train", *QUICKLY, "--runs-dir", str(here / "file" / below), status=2)
        assert "--runs-dir" in line

    @pytest.mark.parametrize("arguments", [["runs"], ["train", *QUICKLY], ["evaluate", "latest"]])
    def test_home_of_nobody(self, arguments):
        assert "--runs-dir" in complaint(*arguments, "--runs-dir", "~nobody-has-this-name", status=2)


class TestMissingRuns:
    @pytest.mark.parametrize("run", ["latest", "missing", "../..", "~nobody-has-this-name", "a\nb", "x" * 300])
    def test_no_such_run(self, run):
        complaint("evaluate", run, status=4)

    @pytest.fixture
    def trained(self):
        command("train", *QUICKLY, "--epochs", "1")

    @pytest.mark.usefixtures("trained")
    @pytest.mark.parametrize(
        ("options", "status", "words"),
        [
            (["--epoch", "99"], 4, "no weights of epoch 99; stored epochs: 0 to 1"),
            (["--epoch", "999999999"], 4, "no weights"),
            (["--epoch", "first"], 2, "--epoch must be best, last or a number, not 'first'"),
            (["--epoch", "-1"], 2, "--epoch must be best, last or a number"),
            (["--epoch", "1e3"], 2, "--epoch must be best, last or a number"),
            (["--epoch", "²"], 2, "--epoch must be best, last or a number"),
            (["--epoch", "9" * 5000], 2, "--epoch must be best, last or a number"),
            (["--split", "foo"], 2, "--split must be test, valid or train"),
            (["--split", ""], 2, "--split must be test, valid or train"),
        ],
    )
    def test_no_such_epoch_or_split(self, options, status, words):
        assert words in complaint("evaluate", "latest", *options, status=status)

    @pytest.mark.usefixtures("trained")
    def test_damaged_checkpoint(self, here):
        run = find_run(here / "runs", "latest")
        run.checkpoint(1).write_bytes(b"x" * 1000)
        assert "is damaged" in complaint("evaluate", "latest", "--epoch", "1", status=4)

    @pytest.mark.usefixtures("trained")
    def test_damaged_configuration(self, here):
        (find_run(here / "runs", "latest").path / "config.json").write_text("{")
        assert "config.json" in complaint("evaluate", "latest", status=4)
        assert command("runs").status == 0


class TestTrain:
    def test_json(self, here):
        outcome = command("train", *QUICKLY, "--epochs", "2", "--json")
        assert (outcome.status, outcome.err) == (0, "")
        events = [json.loads(line, parse_constant=pytest.fail) for line in outcome.out.splitlines()]
        kinds = [event["event"] for event in events]
        order = [kind for kind in kinds if kind not in ("phase", "progress")]
        assert order == ["run_started", "epoch", "epoch", "test", "run_finished"]
        assert [event["name"] for event in events if event["event"] == "phase"] == ["load", "warm-up", "train", "test"]
        (started,) = [event for event in events if event["event"] == "run_started"]
        assert (started["dataset"], started["train_examples"], started["valid_examples"]) == ("digits", 1350, 150)
        assert started["config"]["epochs"] == 2
        (test,) = [event for event in events if event["event"] == "test"]
        assert (started["test_examples"], test["total"]) == (297, 297)
        assert test["acc"] == test["correct"] / 297
        assert events[-1]["status"] == "completed"
        # What was printed is what is stored, but for getting the data, which came before there was a run.
        (run,) = stored_runs(here / "runs")
        stored = (run.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
        assert outcome.out.splitlines()[1:] == stored

    def test_plain(self):
        outcome = command("train", *QUICKLY, "--epochs", "1")
        assert (outcome.status, outcome.err) == (0, "")
        assert "test accuracy" in outcome.out
        assert "of 297" in outcome.out

    def test_every_option_arrives(self, here):
        options = {
            "--dataset": "digits",
            "--epochs": "1",
            "--batch-size": "100",
            "--hidden": "20,10",
            "--optimizer": "sgd",
            "--lr": "0.05",
            "--rotation": "3",
            "--shift": "1",
            "--valid-fraction": "0.2",
            "--seed": "7",
            "--device": "cpu",
            "--threads": "1",
            "--name": "a-name",
        }
        assert command("train", *(part for option in options.items() for part in option)).status == 0
        run = find_run(here / "runs", "a-name")
        assert run.config() == RunConfig(
            dataset="digits",
            epochs=1,
            batch_size=100,
            hidden=(20, 10),
            optimizer="sgd",
            lr=0.05,
            rotation=3.0,
            shift=1,
            valid_fraction=0.2,
            seed=7,
            device="cpu",
            threads=1,
        )

    def test_linear_classifier_and_automatic_threads(self, here):
        options = ("--dataset", "digits", "--epochs", "1", "--hidden", "none", "--threads", "auto")
        assert command("train", *options).status == 0
        config = find_run(here / "runs", "latest").config()
        assert (config.hidden, config.threads) == ((), 0)

    def test_options_before_the_command(self, here):
        assert command("--runs-dir", str(here / "other"), "train", *QUICKLY, "--epochs", "1").status == 0
        assert len(stored_runs(here / "other")) == 1
        assert "completed" in command("--runs-dir", str(here / "other"), "runs").out
        assert command("--runs-dir", str(here / "other"), "evaluate", "latest").status == 0

    def test_without_a_command_in_a_pipe_it_trains(self, here):
        outcome = command()
        assert outcome.status == 0
        (run,) = stored_runs(here / "runs")
        assert run.config() == RunConfig()
        assert "test accuracy" in outcome.out

    def test_failed_training(self):
        outcome = command(
            "train", "--dataset", "digits", "--hidden", "250,100", "--optimizer", "sgd", "--lr", "100", "--json"
        )
        last = json.loads(outcome.out.splitlines()[-1])
        assert outcome.status == 1
        assert (last["event"], last["status"]) == ("run_finished", "failed")
        assert "learning rate" in last["reason"]

    def test_a_fault_while_training(self, here, monkeypatch):
        def fail(*_):
            raise RuntimeError("out of memory\nin the second line")

        monkeypatch.setattr(loop, "measure", fail)
        outcome = command("train", *QUICKLY)
        assert outcome.status == 1
        (line,) = outcome.err.splitlines()
        assert "out of memory" in line
        assert summarise(stored_runs(here / "runs")[0]).status == "failed"

    def test_real_data(self, here, mnist_folder):
        outcome = command("train", "--epochs", "1", "--json", "--data-dir", str(mnist_folder), "--device", "cpu")
        assert (outcome.status, outcome.err) == (0, "")
        events = [json.loads(line) for line in outcome.out.splitlines()]
        (started,) = [event for event in events if event["event"] == "run_started"]
        assert (started["dataset"], started["note"]) == ("mnist", "")
        assert started["parameters"] == 222_360
        sizes = (started["train_examples"], started["valid_examples"], started["test_examples"])
        assert sizes == (54_000, 6_000, 10_000)
        assert (round(started["mean"], 5), round(started["std"], 5)) == (0.13066, 0.30811)
        (epoch,) = [event for event in events if event["event"] == "epoch"]
        assert epoch["valid_acc"] > 0.93
        (test,) = [event for event in events if event["event"] == "test"]
        assert test["total"] == 10_000
        # Measured again later, it is the same.
        record = json.loads(command("evaluate", "latest", "--json", "--data-dir", str(mnist_folder)).out)
        assert (record["correct"], record["acc"]) == (test["correct"], test["acc"])


class TestAbout:
    def test_version(self):
        with (ROOT / "pyproject.toml").open("rb") as file:
            version = tomllib.load(file)["project"]["version"]
        outcome = command("--version")
        assert (outcome.status, outcome.out, outcome.err) == (0, f"mnist-tui {version}\n", "")

    @pytest.mark.parametrize("arguments", [(), ("train",), ("runs",), ("evaluate",)])
    def test_help(self, arguments):
        outcome = command(*arguments, "--help")
        assert (outcome.status, outcome.err) == (0, "")
        assert "Usage" in outcome.out

    def test_import_is_light(self):
        code = "import sys, mnist_tui.tui.cli.commands; print(*sorted(m for m in sys.modules if '.' not in m))"
        with spawn(code=code) as process:
            out, err = process.communicate(timeout=HANG)
        assert (process.returncode, err) == (0, "")
        loaded = set(out.split())
        assert "typer" in loaded
        assert not loaded & {"torch", "torchvision", "textual", "matplotlib", "plotext", "sklearn", "scipy"}


def until_an_epoch(process):
    """The lines up to the first epoch's event."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if json.loads(line)["event"] == "epoch":
            return lines
    raise AssertionError(f"the training ended: {process.stderr.read()}")


class TestProcesses:
    """What only a process of its own can show."""

    def test_a_fault_of_ours_is_one_line(self):
        # In a test's process pytest takes the log; in a user's terminal nobody does.
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
    def test_signal_stops_and_keeps_the_work(self, here, number, status):
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
        # Everything is there: the weights of the epochs, and the test of the best of them.
        assert not run.is_live()
        assert summarise(run).status == "stopped"
        (test,) = of_kind(run.events(), Test)
        assert test.epoch in run.epochs()

    def test_killed_in_the_middle(self, here):
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

    def test_reader_goes_away(self, here):
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

"""`mnist-tui train` in a pipe: events on stdout, options, real data; and the help."""

import json
import tomllib

import pytest

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import find_run, stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.training import loop
from tests.helpers import HANG, ROOT, command
from tests.tui.cli_helpers import QUICKLY, spawn

pytestmark = pytest.mark.usefixtures("here")


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

    def test_an_internal_error_while_training(self, here, monkeypatch):
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

"""The commands' output for people: lines in a pipe, a bar on a terminal, the list of runs and an evaluation."""

import contextlib
import io
import json
import math
import re
import time

import pytest

from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.tui.cli import plain
from tests.helpers import QUICK, Screen, command, of_kind

QUICKLY = ("--dataset", "digits", "--hidden", "16", "--device", "cpu")
LOSS, PERCENT, TIME = r"\d+\.\d{4}", r"\d+\.\d\d %", r"\d+ ms|\d+\.\d s|\d+ s"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Run every test in its own folder, offline."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_TUI_RUNS", "runs")
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:9/")  # refuses at once; no test leaves the machine
    return tmp_path


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with one finished run of two epochs, made once."""
    folder = tmp_path_factory.mktemp("stored")
    outcome = command("train", *QUICKLY, "--epochs", "2", "--runs-dir", str(folder), "--name", "first")
    assert (outcome.status, outcome.err) == (0, "")
    return folder, outcome.out


def printed(events):
    """Return the lines that the plain command prints for these events."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        plain._lines(iter(events), plain.History())
    return out.getvalue().splitlines()


class TestLines:
    def test_a_whole_run(self, stored):
        folder, out = stored
        lines = out.splitlines()
        (run,) = stored_runs(folder)
        assert lines[0].startswith(f"{run.name}: digits, 1,350 train, 150 validation, 297 test; 784-16-10")
        assert "12,730 parameters" in lines[0]
        assert " ".join(lines[1].split()) == "epoch train loss train acc valid loss valid acc time"
        assert re.fullmatch(rf" +1 +{LOSS} +{PERCENT} +{LOSS} +{PERCENT} +({TIME})( \*)?", lines[2])
        assert lines[3].split()[0] == "2"
        assert lines[4].startswith("test accuracy")
        assert re.fullmatch(r"completed in .+", lines[5])
        assert len(lines) == 6

    def test_numbers_are_the_events(self, stored):
        folder, out = stored
        events = list(stored_runs(folder)[0].events())
        for epoch in of_kind(events, Epoch):
            assert f"{epoch.train_loss:.4f}" in out
            assert f"{epoch.train_acc * 100:.2f} %" in out
            assert f"{epoch.valid_loss:.4f}" in out
            assert f"{epoch.valid_acc * 100:.2f} %" in out
        (test,) = of_kind(events, Test)
        assert f"{test.acc * 100:.2f} % ({test.correct} of 297;" in out
        assert f"loss {test.loss:.4f}" in out

    def test_columns_are_aligned_with_their_headings(self, stored):
        _, out = stored
        heading, row = out.splitlines()[1:3]
        for title in ("train loss", "train acc", "valid loss", "valid acc", "time"):
            end = heading.index(title) + len(title)
            assert row[end - 1] != " "
            assert row[end : end + 1] in ("", " ")

    def test_epochs_are_marked(self):
        lines = printed(
            [
                Epoch(1, 0.5, 0.8, 0.4, 0.85, 1.0, best=True),
                Epoch(2, 0.5, 0.8, 0.5, 0.85, 1.0, best=False),
                Epoch(3, 0.5, 0.8, 0.5, 0.85, 1.0, best=False, complete=False),
            ]
        )
        assert lines[0].endswith("1.0 s *")
        assert lines[1].endswith("1.0 s")
        assert "(partial)" in lines[2]

    def test_a_partial_epoch_that_is_the_best_has_both_marks(self):
        # A stop within the first epoch: its figures are of a part of the images.
        (line,) = printed([Epoch(1, 0.5, 0.8, 0.4, 0.85, 1.0, best=True, complete=False)])
        assert "*" in line
        assert "(partial)" in line

    def test_note_comes_first(self):
        config = QUICK.to_json()
        lines = printed([RunStarted("a", config, "digits", "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0, note="stands in")])
        assert lines[0] == "note: stands in"

    def test_downloads_take_one_line_a_file(self):
        steps = [Phase("download", name, done, 100) for name in ("a.gz", "b.gz") for done in range(0, 101, 10)]
        lines = printed([*steps, Phase("verify", "a"), Phase("verify", "b"), Phase("load", "MNIST"), Phase("train")])
        assert [line.split()[-1] for line in lines] == ["a.gz", "b.gz", "a", "b"]

    def test_numbers_that_are_not_finite(self):
        lines = printed(
            [Epoch(1, math.nan, 0.1, math.nan, 0.1, 1.0, best=False), RunFinished("a", "failed", 1.0, "why")]
        )
        assert "nan" in lines[0]
        assert lines[1] == "failed in 1.0 s: why"


class TestFallback:
    def test_a_fallback_to_digits_is_reported(self):
        outcome = command("train", "--hidden", "16", "--epochs", "1")
        assert outcome.status == 0
        (note,) = [line for line in outcome.out.splitlines() if line.startswith("note: ")]
        assert "digits" in note
        # Beside the result too: it must not be mistaken for MNIST's.
        (result,) = [line for line in outcome.out.splitlines() if "accuracy" in line]
        assert "digits" in result

    def test_with_json_the_fallback_is_reported_on_stderr(self):
        outcome = command("train", "--hidden", "16", "--epochs", "1", "--json")
        started = next(event for event in map(json.loads, outcome.out.splitlines()) if event["event"] == "run_started")
        assert started["dataset"] == "digits"
        assert started["note"] in outcome.err


class TestBar:
    @pytest.fixture(autouse=True)
    def a_terminal(self, monkeypatch):
        monkeypatch.setenv("TERM", "xterm-256color")

    def test_a_whole_run(self, here):
        outcome = command("train", *QUICKLY, "--epochs", "2", terminal=True)
        assert outcome.status == 0
        shown = outcome.out + outcome.err
        (run,) = stored_runs(here / "runs")
        (test,) = of_kind(run.events(), Test)
        assert f"{test.correct} of 297" in shown
        assert "completed in" in shown

    def test_shows_where_the_training_is(self):
        screen = Screen()

        def events():
            yield RunStarted("a", QUICK.to_json(), "digits", "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0)
            yield Progress(2, 21, 42, 0.25, 0.9, 12_345.0)
            # The bar is drawn ten times a second; this blocks the training until it is.
            limit = time.monotonic() + 30
            while "epoch 2/3" not in screen.getvalue():
                assert time.monotonic() < limit
                time.sleep(0.01)

        history = plain.History()
        with contextlib.redirect_stderr(screen):
            plain._bar(plain._folded(events(), history), history)
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
        # One and a half of three epochs.
        assert re.search(r"epoch 2/3 .* 50 % loss 0\.250 +12,345 images/s", shown)

    def test_json_stays_json_on_a_terminal(self):
        outcome = command("train", *QUICKLY, "--epochs", "1", "--json", terminal=True)
        assert [json.loads(line)["event"] for line in outcome.out.splitlines()][-1] == "run_finished"
        assert outcome.err == ""


class TestRuns:
    def test_table(self, stored):
        folder, _ = stored
        outcome = command("runs", "--runs-dir", str(folder))
        assert outcome.status == 0
        heading, row = outcome.out.splitlines()
        (run,) = stored_runs(folder)
        summary = summarise(run)
        assert heading.split()[:4] == ["run", "test", "valid", "epochs"]
        assert row.startswith(run.name)
        for words in (f"{summary.test_acc * 100:.2f} %", "2/2", "completed", "digits", "16", "adam", "0.001", "64"):
            assert words in row

    def test_long_rows_are_whole_in_a_pipe(self):
        name = "n" * 64
        command("train", *QUICKLY, "--epochs", "1", "--name", name)
        row = command("runs").out.splitlines()[1]
        assert name in row
        assert "completed" in row

    def test_json(self, stored):
        folder, _ = stored
        outcome = command("runs", "--runs-dir", str(folder), "--json")
        assert outcome.status == 0
        (record,) = [json.loads(line, parse_constant=pytest.fail) for line in outcome.out.splitlines()]
        (run,) = stored_runs(folder)
        summary = summarise(run)
        assert (record["run"], record["folder"], record["status"]) == (run.name, str(run.path), "completed")
        assert record["config"] == run.config().to_json()
        assert (record["test_acc"], record["valid_acc"]) == (summary.test_acc, summary.valid_acc)
        assert (record["epochs"], record["best_epoch"]) == (2, summary.best_epoch)

    def test_json_of_a_run_with_few_facts(self, here):
        (here / "runs" / "20260101-120000-a").mkdir(parents=True)
        (here / "runs" / "20260101-120000-a" / "events.jsonl").touch()
        outcome = command("runs", "--json")
        record = json.loads(outcome.out, parse_constant=pytest.fail)
        assert (record["status"], record["config"], record["test_acc"]) == ("unreadable", None, None)
        assert command("runs").status == 0

    @pytest.mark.parametrize("options", [(), ("--json",)])
    @pytest.mark.parametrize(
        "changed", [{"time": None}, {"time": 1e300}, {"dataset": "\ud800"}, {"dataset": "\n\x1b[31m"}], ids=ascii
    )
    def test_a_hostile_run_hides_no_other(self, here, changed, options):
        # A time of null or of the far future has no date; half a surrogate pair is no letter that can be printed.
        command("train", *QUICKLY, "--epochs", "1", "--name", "good")
        (run,) = stored_runs(here / "runs")
        started = json.loads((run.path / "events.jsonl").read_text(encoding="utf-8").splitlines()[1])
        folder = here / "runs" / "20260101-120000-bad"
        folder.mkdir()
        (folder / "events.jsonl").write_text(json.dumps(started | changed) + "\n")
        outcome = command("runs", *options)
        assert outcome.status == 0
        outcome.out.encode()
        assert "\x1b" not in outcome.out
        good, bad = outcome.out.splitlines()[-2:]
        assert "good" in good
        assert "bad" in bad

    @pytest.mark.parametrize("options", [(), ("--json",)])
    def test_none(self, options):
        outcome = command("runs", *options)
        assert (outcome.status, outcome.out) == (0, "")
        assert len(outcome.err.splitlines()) == (0 if options else 1)


class TestEvaluate:
    def test_is_the_runs_own_test(self, stored):
        folder, _ = stored
        (test,) = of_kind(stored_runs(folder)[0].events(), Test)
        outcome = command("evaluate", "latest", "--runs-dir", str(folder), "--json")
        record = json.loads(outcome.out)
        assert (record["dataset"], record["epoch"], record["split"]) == ("digits", test.epoch, "test")
        assert (record["acc"], record["correct"], record["total"]) == (test.acc, test.correct, test.total)
        assert record["loss"] == pytest.approx(test.loss, rel=1e-5)
        low, high = record["interval"]
        assert low < test.acc < high

    @pytest.mark.parametrize("epoch", ["1", "2", "01"])
    def test_validation_of_an_epoch(self, stored, epoch):
        folder, _ = stored
        told = of_kind(stored_runs(folder)[0].events(), Epoch)[int(epoch) - 1]
        options = ("--runs-dir", str(folder), "--json", "--epoch", epoch, "--split", "valid")
        outcome = command("evaluate", "first", *options)
        record = json.loads(outcome.out)
        assert (record["epoch"], record["acc"], record["total"]) == (told.epoch, told.valid_acc, 150)
        assert record["loss"] == pytest.approx(told.valid_loss, rel=1e-5)

    def test_last_and_untrained(self, stored):
        folder, _ = stored

        def measured(epoch):
            options = ("--runs-dir", str(folder), "--json", "--epoch", epoch, "--split", "train")
            return json.loads(command("evaluate", "latest", *options).out)

        assert measured("last") == measured("2")
        untrained = measured("0")
        assert (untrained["epoch"], untrained["total"]) == (0, 1350)
        assert untrained["loss"] > measured("2")["loss"]

    def test_for_people(self, stored):
        folder, _ = stored
        (run,) = stored_runs(folder)
        (test,) = of_kind(run.events(), Test)
        outcome = command("evaluate", "latest", "--runs-dir", str(folder))
        (line,) = outcome.out.splitlines()
        assert line.startswith(f"{run.name}, epoch {test.epoch}, test of digits: ")
        assert f"{test.acc * 100:.2f} % ({test.correct} of 297; 95 % interval " in line
        assert f"loss {test.loss:.4f}" in line
        assert outcome.err == ""

    def test_json_of_weights_that_are_not_finite(self):
        options = ("--optimizer", "sgd", "--lr", "100", "--hidden", "250,100", "--name", "bad")
        assert command("train", *QUICKLY, *options).status == 1
        outcome = command("evaluate", "bad", "--epoch", "last", "--json")
        assert outcome.status == 0
        assert json.loads(outcome.out, parse_constant=pytest.fail)["loss"] is None

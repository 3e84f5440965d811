"""Errors of usage: the exit code and one line for each, without a traceback."""

import pytest
import torch

from mnist_tui.engine.runs.folder import find_run, stored_runs
from tests.helpers import command
from tests.tui.cli_helpers import QUICKLY, complaint

pytestmark = pytest.mark.usefixtures("here")


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
        # `digits`, so that a mistake that is not detected trains immediately instead of asking for data.
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
    def test_home_of_an_unknown_user(self, arguments):
        assert "--runs-dir" in complaint(*arguments, "--runs-dir", "~nobody-has-this-name", status=2)


class TestMissingRuns:
    @pytest.mark.parametrize("run", ["latest", "missing", "../..", "~nobody-has-this-name", "a\nb", "x" * 300])
    def test_no_such_run(self, run):
        complaint("evaluate", run, status=4)

    @pytest.fixture
    def trained(self, here):
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

"""Environments that were made for another program, another terminal or nobody."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_tui.tui.terminal import environment
from tests.helpers import HANG, QUICK, ROOT, Screen, command
from tests.tui.cli_helpers import QUICKLY

MODULE = (sys.executable, "-m", "mnist_tui")


def mnist_tui(*arguments, stdout=subprocess.PIPE, cwd=None, **variables):
    """Run the command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")} | variables
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [*MODULE, *map(str, arguments)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
        cwd=cwd,
        timeout=HANG,
        check=False,
    )


@pytest.fixture
def variables(monkeypatch):
    """Set variables, adapt the environment, and return it."""

    def make(*, terminal=True, **values):
        for name in ("COLUMNS", "LINES", "COLORTERM", "STY", "TERM", "SOURCE_DATE_EPOCH"):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"MPLBACKEND": "", "MATPLOTLIBRC": ""} | values).items():
            monkeypatch.setenv(name, value)
        if terminal:
            monkeypatch.setattr(sys, "stdout", Screen())
        environment.prepare()
        return os.environ

    return make


class TestPrepare:
    def test_the_size_is_the_terminals_own(self, variables):
        adapted = variables(COLUMNS="60", LINES="20")
        assert not {"COLUMNS", "LINES"} & set(adapted)

    def test_without_a_terminal_the_size_holds(self, variables):
        assert variables(terminal=False, COLUMNS="60")["COLUMNS"] == "60"

    @pytest.mark.parametrize(
        ("values", "colours"),
        [
            ({"STY": "1.pts", "TERM": "screen-256color"}, None),
            ({"STY": "1.pts", "TERM": "tmux-256color"}, "truecolor"),
            ({"TMUX": "/tmp/x", "TERM": "screen-256color"}, "truecolor"),
        ],
    )
    def test_gnu_screen_gets_no_24_bit_colours(self, variables, values, colours):
        assert variables(COLORTERM="truecolor", **values).get("COLORTERM") == colours

    @pytest.mark.parametrize(
        ("value", "kept"), [("1700000000", "1700000000"), ("yesterday", None), ("", None), ("-1", None)]
    )
    def test_a_build_time_that_is_none_is_ignored(self, variables, value, kept):
        assert variables(SOURCE_DATE_EPOCH=value).get("SOURCE_DATE_EPOCH") == kept


class TestFigures:
    @pytest.fixture
    def run(self, stored_run):
        return stored_run(QUICK).path

    @pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
    @pytest.mark.parametrize(
        "hostile",
        [
            {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
            {"MPLBACKEND": "nonsense", "SOURCE_DATE_EPOCH": "yesterday"},
            {"MATPLOTLIBRC": "broken"},
            {"MPLCONFIGDIR": "/dev/null/x", "HOME": "/dev/null"},
        ],
        ids="+".join,
    )
    def test_are_exported_whatever_matplotlib_is_told(self, run, tmp_path, suffix, hostile):
        if "MATPLOTLIBRC" in hostile:
            (tmp_path / "broken").write_bytes(b"axes.grid: \xff\xfe maybe\nbackend: none\n")
            hostile = {"MATPLOTLIBRC": str(tmp_path / "broken")}
        done = mnist_tui("export", run, "curves", "--format", suffix, "--out", tmp_path, **hostile)
        assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'curves'}.{suffix}\n"), done.stderr
        assert (tmp_path / f"curves.{suffix}").stat().st_size > 1000


class TestFolders:
    @pytest.mark.parametrize("arguments", [["runs"], ["train", *QUICKLY, "--epochs", "1"]], ids=["runs", "train"])
    def test_a_deleted_current_folder_needs_full_paths(self, tmp_path, arguments):
        gone = tmp_path / "gone"
        gone.mkdir()
        code = f"import os, runpy; os.rmdir({str(gone)!r}); runpy.run_module('mnist_tui', run_name='__main__')"

        def run(runs):
            gone.mkdir(exist_ok=True)
            return subprocess.run(
                [sys.executable, "-c", code, *arguments, "--runs-dir", runs],
                cwd=gone,
                env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
                capture_output=True,
                text=True,
                timeout=HANG,
                check=False,
            )

        relative = run("runs")
        assert relative.returncode == 2
        assert relative.stderr == (
            "mnist-tui: --runs-dir (or MNIST_TUI_RUNS) 'runs' is relative to the current folder, which was deleted; "
            "write out the full path\n"
        )
        whole = run(str(tmp_path / "runs"))
        assert whole.returncode == 0, whole.stderr

    def test_names_that_are_not_utf8_survive(self, tmp_path):
        data, runs, out = (
            Path(os.fsdecode(os.fsencode(tmp_path) + name)) for name in (b"/d\xe9", b"/r\xe9", b"/o\xe9")
        )
        data.mkdir()
        done = mnist_tui("train", *QUICKLY, "--epochs", "1", "--data-dir", data, "--runs-dir", runs)
        assert done.returncode == 0, done.stderr
        (run,) = (path for path in runs.iterdir() if not path.name.startswith("."))
        listed = mnist_tui("runs", "--json", "--runs-dir", runs)
        assert listed.returncode == 0
        done = mnist_tui("export", "latest", "curves", "confusion", "--data", "--out", out, "--runs-dir", runs)
        assert done.returncode == 0, done.stderr
        assert (out / "curves.png").is_file()
        assert done.stdout.isascii(), "bytes that are no text are escaped"
        for again in (
            ["evaluate", run, "--data-dir", data],
            ["train", "--resume", "latest", "--epochs", "2", "--runs-dir", runs],
        ):
            done = mnist_tui(*again)
            assert done.returncode == 0, done.stderr


class TestOutput:
    @pytest.fixture
    def full(self):
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        with open("/dev/full", "w") as stream:
            yield stream

    def test_a_training_goes_on_without_its_output(self, tmp_path, full):
        done = mnist_tui("train", *QUICKLY, "--epochs", "2", "--runs-dir", tmp_path, stdout=full)
        assert done.returncode == 1
        assert "the output can't be written (no space left on device)" in done.stderr
        assert len(list(tmp_path.glob("2*/checkpoints/epoch-0002.pt"))) == 1
        assert '"status": "completed"' in next(tmp_path.glob("2*/events.jsonl")).read_text().splitlines()[-1]

    @pytest.mark.parametrize("json", [[], ["--json"]], ids=["text", "json"])
    @pytest.mark.parametrize("name", ["runs", "evaluate"])
    def test_a_lost_result_is_a_failure(self, stored_run, full, name, json):
        run = stored_run(QUICK).path
        arguments = [run] if name == "evaluate" else ["--runs-dir", run.parent]
        done = mnist_tui(name, *arguments, *json, stdout=full)
        assert (done.returncode, done.stderr) == (
            1,
            "mnist-tui: the output can't be written (no space left on device)\n",
        )


def test_names_of_folders_do_not_control_the_terminal(stored_run, tmp_path):
    """Fails where a control sequence in the name of a run, of its folder or of an output folder is printed."""
    evil = "20990101-\x1b]2;OWNED\x07\x9b\u202e"
    run = stored_run(QUICK).path
    runs = run.parent
    run.rename(runs / evil)
    outcomes = [
        command(*arguments, "--runs-dir", str(runs))
        for arguments in (
            ["runs"],
            ["runs", "--json"],
            ["evaluate", "latest"],
            ["evaluate", "latest", "--epoch", "99"],
            ["evaluate", evil, "--json"],
            ["attach", "latest"],
            ["export", "latest", "curves", "--data", "--out", str(tmp_path / evil)],
            ["export", "latest", "confusion", "--epoch", "99"],
            ["train", "--resume", "latest", "--epochs", "1"],
            ["train", "--resume", "latest", "--epochs", str(QUICK.epochs + 1)],
            ["evaluate", f"none{evil}"],
        )
    ]
    (runs / evil / "config.json").write_text('{"format": 1, "config": {"recipe": "\x1b[2J"}}')
    outcomes.append(command("train", "--resume", "latest", "--runs-dir", str(runs)))
    assert [outcome.status for outcome in outcomes] == [0, 0, 0, 4, 0, 0, 0, 4, 2, 0, 4, 4]
    for outcome in outcomes:
        text = (outcome.out + outcome.err).replace("\n", "")
        assert text.isprintable(), ascii(text)


def test_an_interrupt_during_an_import_is_silent(tmp_path):
    code = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "mnist_tui.tui.cli.commands":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
runpy.run_module("mnist_tui", run_name="__main__", alter_sys=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "train", *QUICKLY],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")

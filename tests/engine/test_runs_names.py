"""Names of runs and the folder that holds them."""

import contextlib
from pathlib import Path

import pytest

from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.runs.folder import check_runs_folder
from mnist_tui.engine.runs.names import check_name, runs_folder


class TestNames:
    @pytest.mark.parametrize("name", ["a", "notebook", "lr-0.1_b", "Über", "7", "a" * 64, "v1..2"])
    def test_allowed(self, name):
        check_name(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "../../x",
            "..",
            ".",
            ".hidden",
            "-rf",
            "a/b",
            "a\\b",
            "/tmp/x",
            "a b",
            "a\nb",
            "a\n",
            "\x1b[31mred",
            "a\x00",
            "a" * 65,
            "a:b",
            "~",
            "😀",
        ],
    )
    def test_refused(self, name):
        with pytest.raises(ConfigError, match="--name must be 1 to 64 letters") as caught:
            check_name(name)
        assert set(caught.value.problems) == {"name"}
        assert "\x1b" not in str(caught.value)

    def test_allowed_names_fit_into_a_folders_name(self):
        # A file system counts bytes, 255 of them, and 16 are for the time; a Gothic letter takes four.
        name = "\N{GOTHIC LETTER AHSA}" * 64
        with contextlib.suppress(ConfigError):
            check_name(name)
            assert len(f"20260101-120000-{name}".encode()) <= 255


class TestRunsFolder:
    def test_option_before_variable_before_the_current_folder(self, monkeypatch):
        monkeypatch.setenv("MNIST_TUI_RUNS", "elsewhere")
        assert runs_folder("given") == Path("given")
        assert runs_folder(None) == runs_folder("") == Path("elsewhere")
        monkeypatch.delenv("MNIST_TUI_RUNS")
        assert runs_folder(None) == Path("runs")
        assert runs_folder("~/x") == Path.home() / "x"

    def test_home_of_an_unknown_user(self):
        with pytest.raises(ConfigError, match="--runs-dir"):
            runs_folder("~nobody-has-this-name/runs")

    def test_is_made(self, tmp_path):
        check_runs_folder(tmp_path / "a" / "b")
        assert list((tmp_path / "a" / "b").iterdir()) == []

    @pytest.mark.parametrize("below", [".", "runs", "a/b/c"])
    def test_below_a_file(self, tmp_path, below):
        # Root may write everywhere, but not below a regular file.
        (tmp_path / "file").write_text("x")
        with pytest.raises(ConfigError, match="choose another folder with --runs-dir") as caught:
            check_runs_folder(tmp_path / "file" / below)
        assert set(caught.value.problems) == {"runs_dir"}
        assert caught.value.exit_code == 2

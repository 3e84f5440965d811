"""`mnist-tui export`: its files, its output, and its exit code after an error."""

from __future__ import annotations

import io
import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine.figures import imagine
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.engine.runs.folder import RunFolder
from tests.figures import finished_run, pixels
from tests.helpers import Outcome, Screen, command


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return finished_run(tmp_path_factory.mktemp("stored") / "runs")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with few noise images."""
    monkeypatch.delenv("MNIST_TUI_DATA", raising=False)
    monkeypatch.delenv("MNIST_TUI_RUNS", raising=False)
    monkeypatch.setattr(imagine, "NOISE_IMAGES", 2000)
    monkeypatch.chdir(tmp_path)


def export(*words: str) -> Outcome:
    return command("export", *words)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_views_with_their_numbers_and_the_commands_that_make_them_again(run: RunFolder, tmp_path: Path) -> None:
    outcome = export(str(run.path), "--data", "--out", "figs")
    assert outcome.status == 0, outcome.err
    views = [view for view in KINDS if view != "compare"]
    written = [Path(line) for line in outcome.out.splitlines()]
    assert {path.parent for path in written} == {tmp_path / "figs"}
    assert {path.stem for path in written} == set(views)
    assert len(written) == 2 * len(views) == len(names(tmp_path / "figs"))
    commands = [line.removeprefix("  made again by: ") for line in outcome.err.splitlines()]
    assert [shlex.split(line)[3] for line in commands] == views


@pytest.mark.parametrize(
    "words",
    [
        "curves --log --smooth 0.6 --last 2",
        "data --first 3 --count 4 --draw 2 --split test",
        "confusion --percent --both --epoch last --split valid",
        "mistakes --which all --sort margin --reverse --filter 'true:3 conf>0.1' --first 2 --count 6 --index 1",
        "image --index 5 --epoch 1",
        "pca-hidden --axes 2,-1 --window -1,-2,3,4 --classes 0,3 --wrong --points 100",
        "weights --order structure --reverse --each --count 3",
        "weights --layer 2 --size 7x5 --dpi 80",
        "weights --unit 3 --split train",
    ],
)
def test_the_printed_command_makes_equal_pixels_in_an_empty_folder(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Fails where a setting does not reach the command, or a figure depends on where or when it is made."""
    outcome = export(str(run.path), *shlex.split(words), "--out", "figs")
    assert outcome.status == 0, outcome.err
    again = shlex.split(outcome.err.strip().removeprefix("made again by: "))
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert command(*again[1:]).status == 0
    view = shlex.split(words)[0]
    assert names(empty) == [f"{view}.png"]
    np.testing.assert_array_equal(pixels(empty / f"{view}.png"), pixels(tmp_path / "figs" / f"{view}.png"))


def test_a_tsne_is_made_once_and_used_again(run: RunFolder, tmp_path: Path) -> None:
    """Fails where the second export arranges the points anew: the stored picture is another one by then."""
    assert export(str(run.path), "tsne-output", "--out", "figs", "--epoch", "1").status == 0
    (stored,) = run.path.glob("projections/tsne-output-test-1-*.npz")
    with np.load(stored) as file:
        content = dict(file)
    content["points"] = content["points"][::-1]
    np.savez(stored, **content)
    assert export(str(run.path), "tsne-output", "--out", "figs", "--epoch", "1").status == 0
    assert not np.array_equal(pixels(tmp_path / "figs/tsne-output.png"), pixels(tmp_path / "figs/tsne-output-2.png"))


def test_by_default_the_files_lie_with_the_run(run: RunFolder) -> None:
    assert export(str(run.path), "confusion", "--format", "svg").status == 0
    assert (run.path / "figures" / "confusion.svg").is_file()


def test_paths_go_into_the_pipe_and_the_progress_bar_to_the_terminal(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where the bar takes stdout along: `export … > paths` would be empty."""
    out, err = io.StringIO(), Screen()
    monkeypatch.setattr("sys.argv", ["mnist-tui", "export", str(run.path), "confusion", "--out", "figs"])
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    from mnist_tui.tui.cli.commands import main

    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert out.getvalue() == f"{tmp_path}/figs/confusion.png\n"
    assert "made again by" in err.getvalue()


def test_the_list_names_every_view_and_its_options() -> None:
    outcome = export("--list")
    assert outcome.status == 0
    for view, kind in KINDS.items():
        assert f"{view} " in outcome.out
        assert kind.description in outcome.out
    assert "--filter" in outcome.out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("bogus", 2, "not 'bogus'"),
        ("confusion --format gif", 2, "not 'gif'"),
        ("confusion --split all", 2, "--split must be one of"),
        ("confusion --epoch first", 2, "--epoch must be best, last or a number, not 'first'"),
        ("confusion --epoch 99", 4, "no weights of epoch 99"),
        ("confusion --dpi 5", 2, "--dpi"),
        ("confusion --size 7", 2, "--size"),
        ("confusion --size 40x40 --dpi 1200", 2, "pixels"),
        ("confusion --unit 3", 2, "--unit applies only to weights"),
        ("mistakes --filter tru:3", 2, "tru:3"),
        ("mistakes --count 0", 2, "--count"),
        ("compare", 2, "--with"),
        ("compare --with nobody", 4, "nobody"),
        ("confusion --out blocked/figs", 2, "figures can't be written"),
    ],
)
def test_an_error_is_one_line_and_leaves_no_files(
    run: RunFolder, tmp_path: Path, words: str, status: int, said: str
) -> None:
    (tmp_path / "blocked").write_text("a file where a folder should be")
    outcome = export(str(run.path), "--out", "figs", *shlex.split(words))
    assert outcome.status == status, outcome.err
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("mnist-tui: ")
    assert said in line
    assert [name for name in names(tmp_path) if name != "blocked" and names(tmp_path / name)] == []


def test_a_run_without_weights_has_curves_and_data(run: RunFolder, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(run.path, bare, ignore=shutil.ignore_patterns("checkpoints", "figures"))
    outcome = export(str(bare), "--out", "figs")
    assert outcome.status == 4
    assert "only the views curves and data" in outcome.err
    assert not (tmp_path / "figs").exists()
    assert export(str(bare), "curves", "data", "--out", "figs").status == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    outcome = export(str(run.path), "confusion", "--out", "shut")
    assert outcome.status == 2
    assert "permission denied" in outcome.err

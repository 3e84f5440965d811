"""What the console remembers between two starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_tui.engine import files
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.state.preferences import LAST, MAX_PLACES, Last, Place, load_last, save_last
from tests.helpers import plant
from tests.tui.conftest import until
from tests.tui.stored_run import write_run


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_theme_view_and_run_are_kept_for_each_runs_folder(tmp_path: Path) -> None:
    assert load_last() == Last()
    first, second = tmp_path / "a", tmp_path / "b"
    save_last(load_last().updated("mnist-light", first, Place("confusion", "x")))
    save_last(load_last().updated("mnist-dark", second, Place("runs")))
    last = load_last()
    assert last.theme == "mnist-dark"
    assert last.place(first) == Place("confusion", "x")
    assert last.place(second) == Place("runs", "")
    assert last.place(tmp_path / "c") == Place()


def test_only_the_latest_folders_are_kept(tmp_path: Path) -> None:
    last = Last()
    for i in range(MAX_PLACES + 5):
        last = last.updated("t", tmp_path / str(i), Place("runs"))
    assert len(last.places) == MAX_PLACES
    assert last.place(tmp_path / str(MAX_PLACES + 4)) == Place("runs")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"theme": 3, "places": 4}', '{"places": {"a": 1, "b": {"view": []}}}', "\xff", "[" * 60_000]
)
def test_a_damaged_file_is_no_failure(text: str) -> None:
    save_last(Last("t"))
    (files.user_folder("config") / LAST).write_text(text, encoding="latin-1")
    assert load_last().theme == ""
    assert load_last().place(Path("b")) == Place()


@pytest.mark.timeout(60)  # reading a pipe would wait for ever
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_no_failure(kind: str) -> None:
    path = files.user_folder("config") / LAST
    path.parent.mkdir(parents=True)
    plant(path, kind)
    assert load_last() == Last()


async def test_the_console_opens_where_it_was_left(console) -> None:
    folder = write_run(Path("runs"))
    app = MnistTui(runs_dir=Path("runs"), attached=folder, view="confusion", theme="mnist-light")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.current_mode == "confusion" and app.screen.data is not None)
        assert app.theme == "mnist-light"
        assert app.scrubber.folder == folder.path


async def test_a_run_that_cannot_be_read_leaves_the_form_open(console) -> None:
    folder = write_run(Path("runs"))
    (folder.path / "events.jsonl").unlink()
    app = MnistTui(runs_dir=Path("runs"), attached=folder, view="confusion", theme="no such theme")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: any("can't be read" in note.message for note in app._notifications))
        assert app.current_mode == "setup"

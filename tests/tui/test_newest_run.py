"""The console begins with the newest run, or the one in training, and with what to do next."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.run import _stored_run
from mnist_tui.tui.state.newest_run import StoredRuns, find
from mnist_tui.tui.views.setup.newest import newest_text
from tests.tui.conftest import ENDLESS, QUICK, screen_text, shows, until
from tests.tui.stored_run import MOMENT, NAME, write_run
from tests.walk_states import trained_elsewhere

SIZES = [(160, 45), (80, 24), (60, 20)]
COLOURS = dict.fromkeys(("foreground", "secondary", "accent", "success", "warning", "error"), "white")


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_run_is_shown_with_its_result_and_the_next_steps(console, size: tuple[int, int]) -> None:
    write_run(Path("runs"))
    record = json.loads(Path("runs", NAME, "config.json").read_text()) | {"created": MOMENT}
    Path("runs", NAME, "config.json").write_text(json.dumps(record))
    app = console()
    async with app.run_test(size=size) as pilot:
        await shows(pilot, NAME, "84.85 %", "digits test images", "★2", "of 3", "2026-01-02 03:04", "completed")
        first = "\n".join(screen_text(app).splitlines()[:6])
        assert all(f"{key} " in first for key in ("o open", "g resume", "enter", "9")), first
        assert "no " not in first


@pytest.mark.parametrize("size", SIZES)
async def test_without_runs_it_says_what_the_console_is_and_which_key_starts(console, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "trains a first neural network", "no runs yet", "enter start the training")


@pytest.mark.parametrize("mode", ["training", "confusion", "mistakes", "projection", "imagine", "weights"])
async def test_every_view_without_a_run_offers_the_newest_one_and_opens_it(console, mode: str) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.action_view(mode)
        await shows(pilot, "no run is open", f"o  open the newest run, {NAME}")
        await pilot.press("o")
        await until(pilot, lambda: app.scrubber.folder == folder.path and app.current_mode == mode)
        await until(pilot, lambda: "no run is open" not in screen_text(app))


async def test_o_on_the_start_screen_opens_the_run_and_g_offers_to_resume_it(console) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await shows(pilot, NAME)
        await pilot.press("g")
        await shows(pilot, "resume?", f"{NAME} has 3 of 3 epochs")
        await pilot.press("escape", "o")
        await until(pilot, lambda: app.current_mode == "training" and app.scrubber.folder == folder.path)


async def test_the_run_in_training_comes_before_a_newer_one_and_can_be_followed(console) -> None:
    with trained_elsewhere(Path("runs")) as folder:
        newer = Path("runs", "20991231-000000-newer")
        shutil.copytree(write_run(Path("runs")).path, newer)
        record = json.loads((newer / "config.json").read_text()) | {"created": 4e9}
        (newer / "config.json").write_text(json.dumps(record))
        app = console()
        async with app.run_test(size=(120, 40)) as pilot:
            await shows(pilot, folder.name, "in training", "o follow, pause or stop it")
            assert "g resume" not in screen_text(app)
            await pilot.press("o")
            await until(pilot, lambda: app.training.is_following and app.scrubber.folder == folder.path)


async def test_runs_that_cannot_be_read_are_passed_over(console) -> None:
    write_run(Path("runs"))
    for i, content in enumerate((b"\x00\xff{", b"", b"[]\n")):
        broken = Path("runs", f"2099010{i + 1}-000000-broken")
        broken.mkdir()
        (broken / "events.jsonl").write_bytes(content)
    found = find(Path("runs"))
    assert found.count == 4
    assert found.newest is not None
    assert found.newest.name == NAME
    shutil.rmtree(Path("runs", NAME))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "none of the 3 stored runs can be read", "9 runs")


async def test_a_hostile_name_is_printed_as_text(console) -> None:
    folder = write_run(Path("runs"))
    name = "20990101-000000-[red]\x1b[31m\n" + "x" * 150
    folder.path.rename(Path("runs", name))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "20990101-000000-[red]", "84.85 %")
        assert "\x1b" not in screen_text(app)
        await pilot.press("4")
        await shows(pilot, "open the newest run, 20990101-000000-[red]")


def test_a_run_without_a_test_result_names_the_validation_images(console) -> None:
    folder = write_run(Path("runs"))
    log = folder.path / "events.jsonl"
    kept = [line for line in log.read_text().splitlines(True) if '"test"' not in line and "run_finished" not in line]
    log.write_text("".join(kept))
    newest = find(Path("runs")).newest
    assert newest is not None
    assert math.isnan(newest.test_acc)
    text = newest_text(StoredRuns(1, newest), COLOURS, 120).plain
    assert "85.00 % on the digits validation images, epoch ★2, 3 of 3 trained" in text
    assert "died" in text


def test_the_newest_of_many_runs_is_found_and_never_wider_than_the_terminal(console) -> None:
    source = write_run(Path("runs")).path
    record = json.loads((source / "config.json").read_text())
    for i in range(200):
        copy = Path("runs", f"run-{i}")
        copy.mkdir()
        os.link(source / "events.jsonl", copy / "events.jsonl")
        (copy / "config.json").write_text(json.dumps(record | {"created": 2e9 + (i * 7) % 200}))
    found = find(Path("runs"))
    assert found.count == 201
    assert found.newest is not None
    assert found.newest.name == f"run-{next(i for i in range(200) if i * 7 % 200 == 199)}"
    wide = StoredRuns(201, replace(found.newest, folder=RunFolder(Path("runs", "手書き数字" * 20))))
    for width in range(56, 200, 9):
        for shown in (found, wide):
            lines = newest_text(shown, COLOURS, width).plain.split("\n")
            assert len(lines) == 3
            assert max(map(cell_len, lines)) <= width
            assert "2033-05-18" in lines[0]


async def test_the_runs_folder_is_not_read_before_the_first_frame(
    console: Callable[..., MnistTui], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(Path("runs"))
    order: list[str] = []
    monkeypatch.setattr("mnist_tui.tui.state.newest_run.find", lambda path: order.append("looked") or find(path))
    app = console()
    frame = app._display

    def display(*arguments: object) -> None:
        order.append("frame")
        frame(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(app, "_display", display)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, NAME)
    assert order.index("frame") < order.index("looked")


async def test_its_own_training_is_the_one_that_is_followed(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        await pilot.press("n")
        assert app.training.folder is not None
        await shows(pilot, app.training.folder.name, "in training")
        await pilot.press("o")
        await until(pilot, lambda: app.current_mode == "training" and app.training.shown is None)
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


def test_the_remembered_run_is_found_by_its_exact_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path / "runs")
    odd = folder.path.rename(tmp_path / "runs" / "20990101-000000-\x1b[31m")
    monkeypatch.setattr("mnist_tui.engine.runs.folder.stored_runs", lambda path: pytest.fail("the folder was listed"))
    found = _stored_run(tmp_path / "runs", odd.name)
    assert found is not None
    assert found.path == odd
    for name in ("", "no such run", "..", "../runs/" + odd.name, str(odd), "a\0b"):
        assert _stored_run(tmp_path / "runs", name) is None


def test_a_live_run_is_read_though_it_has_no_epoch_yet(tmp_path: Path) -> None:
    control = Control()
    events = start(QUICK, tmp_path, control=control, data_dir=str(tmp_path))
    folder = RunFolder(tmp_path / next(event.run for event in events if hasattr(event, "run")))
    newest = find(tmp_path).newest
    assert newest is not None
    assert newest.live
    assert newest.name == folder.name
    assert "no epoch of 3 is complete yet" in newest_text(StoredRuns(1, newest), COLOURS, 80).plain
    control.stop()
    list(events)


async def test_a_remembered_view_says_that_another_run_is_in_training(console) -> None:
    remembered = write_run(Path("runs"))
    with trained_elsewhere(Path("runs")) as folder:
        app = MnistTui(runs_dir=Path("runs"), attached=remembered, view="confusion")
        async with app.run_test(size=(120, 40)) as pilot:
            words = f"{folder.name} is in training: press n to see it, then o to follow"
            await until(pilot, lambda: any(words in note.message for note in app._notifications))
            await until(pilot, lambda: app.current_mode == "confusion")
            assert app.scrubber.folder == remembered.path
            await pilot.press("n", "o")
            await until(pilot, lambda: app.scrubber.folder == folder.path)

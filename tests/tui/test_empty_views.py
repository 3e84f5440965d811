"""A view without anything to show says why, what it will show, and which keys get there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.render.empty_texts import empty_text, run_steps
from mnist_tui.tui.render.explanations import EXPLANATIONS
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.scatter import Scatter
from tests.tui.conftest import screen_text, shows, until
from tests.tui.stored_run import NAME, write_run

SIZES = [(160, 45), (80, 24), (60, 20)]
ON_A_RUN = ["confusion", "mistakes", "projection", "imagine", "weights"]


def words(app) -> str:
    """Return the words on the screen, independent of where its lines break."""
    return " ".join(screen_text(app).split())


async def explains(pilot, mode: str, *more: str) -> None:
    about = EXPLANATIONS[mode].about
    await until(pilot, lambda: about in words(pilot.app) and all(text in words(pilot.app) for text in more))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["training", *ON_A_RUN])
async def test_without_a_run(console, mode: str, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await app.action_view(mode)
        await explains(pilot, mode, "no run is open", "n new run")
        assert "o  open" not in screen_text(app)


@pytest.mark.parametrize("size", SIZES)
async def test_without_any_run_or_data(console, size: tuple[int, int]) -> None:
    app = console(RunConfig())
    async with app.run_test(size=size) as pilot:
        await pilot.press("9")
        await explains(pilot, "runs", "no runs in", "n new run")
        await pilot.press("2")
        await explains(pilot, "data", "is not ready", "d download it")


@pytest.mark.parametrize("mode", ON_A_RUN)
async def test_a_run_without_weights(console, mode: str) -> None:
    folder = write_run(Path("runs"))
    shutil.rmtree(folder.checkpoints)
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show_run(folder)
        await app.action_view(mode)
        await explains(pilot, mode, f"{NAME} has no stored weights", "3 its curves and its state", "9 stored runs")


async def test_a_run_without_an_epoch(console) -> None:
    folder = write_run(Path("runs"))
    log = folder.path / "events.jsonl"
    log.write_text(log.read_text().splitlines(True)[0])
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.show_run(folder)
        await shows(pilot, "no epoch of this run is stored", "the run died")
        text = str(app.screen.query_one("#no-curves", Empty).content)
        assert EXPLANATIONS["training"].about in text  # beside the panel, so that its lines are not joined above


@pytest.mark.parametrize("mode", ON_A_RUN)
async def test_computing_and_failed(console, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show_run(folder)
        await app.action_view(mode)
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        view.data = None
        view._show_busy(view.subject)
        await explains(pilot, mode, "computing epoch 2 …")
        view._computed(view.subject, view.compute(view.subject))
        assert not view.query_one("#message", Empty).display

        def fail(subject: object) -> None:
            raise ZeroDivisionError("out of the blue")

        monkeypatch.setattr(view, "compute", fail)
        await pilot.press("left_square_bracket")
        await explains(pilot, mode, "out of the blue", "[ ] another epoch", "L log")


@pytest.mark.parametrize("size", SIZES)
async def test_analyses_that_are_not_computed_yet(console, size: tuple[int, int]) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=size) as pilot:
        await app.show_run(folder)
        await app.action_view("imagine")
        await explains(pilot, "imagine", "3: no image yet", "r imagine this class", "a imagine all classes")
        await app.action_view("projection")
        await until(pilot, lambda: app.screen.data is not None)
        await pilot.press("t")
        await shows(pilot, "press r to run it", "What the network makes")
        assert EXPLANATIONS["projection"].about in app.screen.query_one(Scatter).empty


async def test_a_filter_that_nothing_matches(console) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show_run(folder)
        await app.open_images("true:3 index:100000")
        await explains(pilot, "mistakes", "esc clears the filter")
        await app.action_view("runs")
        await until(pilot, lambda: app.screen.query_one("#run-table").row_count == 1)
        await pilot.press("slash", *"nothing")
        await shows(pilot, "no run matches: esc clears the filter")


def test_the_steps_depend_on_what_is_stored() -> None:
    assert run_steps("", 0, live=False) == (("n", "new run"),)
    assert run_steps("", 3, live=False) == (("9", "stored runs"), ("n", "new run"))
    assert run_steps("a", 3000, live=False)[:2] == (("o", "open the newest run, a"), ("9", "all 3,000 stored runs"))
    assert run_steps("a\x1b", 1, live=True)[0][1] == "follow a\\x1b, which is in training"
    colours = dict.fromkeys(("foreground", "secondary", "accent"), "white")
    text = empty_text("why", "weights", (("k", "a step"),), colours).plain
    assert text == f"why\n\n{EXPLANATIONS['weights'].about}\n\nk  a step"

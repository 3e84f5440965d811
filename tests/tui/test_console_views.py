"""The console's views, forms and help under Pilot: opened by keys, at every size."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from mnist_tui.engine.config import RunConfig
from mnist_tui.tui.keys import VIEWS
from mnist_tui.tui.widgets.dialogs import Help, Log
from mnist_tui.tui.widgets.fields import Choice
from mnist_tui.tui.widgets.form import Form
from tests.tui.conftest import QUICK, screen_text, until


async def test_every_view_opens_by_its_digit(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        for view in VIEWS:
            await pilot.press(view.digit)
            await until(pilot, lambda view=view: app.current_mode == view.mode)
            assert view.title == app.screen.HELP_TITLE


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("epochs", "0"),
        ("epochs", "ten"),
        ("epochs", ""),
        ("hidden", "0"),
        ("hidden", "250;100"),
        ("lr", "nan"),
        ("lr", "-1"),
        ("batch_size", "70000"),
        ("seed", "-3"),
        ("threads", "0.5"),
        ("rotation", "181"),
        ("shift", "15"),
        ("name", "../../x"),
    ],
)
async def test_a_wrong_value_is_marked_and_does_not_start(console, field: str, text: str) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.query_one(f"#{field}", Input).value = text
        await pilot.pause()
        complaint = app.screen.query_one(Form).error(field)
        assert complaint
        beside = " ".join(line.rpartition("││")[2].strip(" │") for line in screen_text(app).splitlines())
        assert complaint in beside  # whole, in as many lines as it takes
        await pilot.press("enter")
        await until(pilot, lambda: app.focused.id == field)
        assert not app.training.is_running
        assert app.current_mode == "setup"


async def test_the_parameter_count_follows_the_layers(console) -> None:
    app = console(RunConfig(dataset="digits"))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "222,360 parameters" in screen_text(app)
        app.screen.query_one("#hidden", Input).value = "none"
        await pilot.pause()
        assert "7,850 parameters" in screen_text(app)  # 784 · 10 + 10


async def test_help_lists_the_views_keys_and_the_log_opens(console) -> None:
    app = console()
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("3", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        shown = screen_text(app)
        assert "logarithmic loss axis" in shown
        assert "pause or resume the training" in shown
        await pilot.press("escape", "L")
        await until(pilot, lambda: isinstance(app.screen, Log))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Log))


async def test_data_view_shows_both_grids_and_steps_through_them(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        left, right = (app.screen.query_one(name) for name in ("#data-left", "#data-right"))
        await until(pilot, lambda: right.pictures)
        first = [picture.image.copy() for picture in right.pictures]
        assert len(first) == len(left.pictures) > 4
        await pilot.press("r")
        await until(pilot, lambda: any((a != b.image).any() for a, b in zip(first, right.pictures, strict=True)))
        stored = left.pictures[0].caption
        await pilot.press("right")
        await until(pilot, lambda: left.pictures[0].caption != stored)
        await pilot.press("left")
        await until(pilot, lambda: left.pictures[0].caption == stored)
        assert "training 1,350" in screen_text(app)
        await pilot.press("v", "v")
        await until(pilot, lambda: left.pictures[0].caption.endswith("#0"))
        assert "test 297" in screen_text(app)


async def test_data_view_says_what_is_missing(console) -> None:
    app = console(RunConfig())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "is not ready" in screen_text(app))
        await pilot.press("d")
        await until(pilot, lambda: "could not be downloaded" in screen_text(app))


@pytest.mark.parametrize("size", [(200, 60), (160, 45), (80, 24), (60, 20), (40, 12), (20, 5), (1, 1)])
async def test_no_size_breaks_any_view(console, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        app.training.start(QUICK)
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        for view in VIEWS:
            await pilot.press(view.digit)
            await until(pilot, lambda view=view: app.current_mode == view.mode)
            await pilot.pause(0.3)
            words = screen_text(app)
            small = size[0] < 60 or size[1] < 20
            if size[0] >= 40:
                assert ("needs 60×20" in words) == small


async def test_choices_step_and_stay_within_their_ends(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        choice = app.screen.query_one("#optimizer", Choice)
        choice.focus()
        await pilot.press("right", "right", "right", "right", "right")
        assert choice.value == choice.options[-1]
        await pilot.press("left")
        assert choice.value == choice.options[-2]
        await pilot.pause()
        assert app.screen.config.optimizer == choice.value


async def test_help_is_shown_once_the_terminal_is_large_enough(console) -> None:
    app = console()
    async with app.run_test(size=(20, 5)) as pilot:
        await app.action_view("training")
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.resize_terminal(100, 40)
        await until(pilot, lambda: "logarithmic loss axis" in screen_text(app))

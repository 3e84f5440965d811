"""Keys in the form for a new run: they are the console's until a field is edited, and the footer names them."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.setup.view import IN_FORM, LABELS
from mnist_tui.tui.widgets.dialogs import Help
from mnist_tui.tui.widgets.fields import Choice, Start, TextField
from tests.tui.conftest import QUICK, screen_text, until

TEXTS = [name for name in LABELS if name not in IN_FORM or not IN_FORM[name].kind.choices]


def footer(app: MnistTui) -> str:
    return screen_text(app).splitlines()[-1]


def field(app: MnistTui, name: str) -> TextField:
    return app.screen.query_one(f"#{name}", TextField)


async def on_start(app: MnistTui, pilot: Pilot[int]) -> None:
    """Wait until the button that starts has the focus."""
    await until(pilot, lambda: isinstance(app.focused, Start))


@pytest.mark.parametrize("downs", range(1, len(LABELS) + 1))
async def test_view_keys_are_never_typed_into_a_field_that_only_has_the_focus(console, downs: int) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await on_start(app, pilot)
        values = {name: field(app, name).value for name in TEXTS}
        await pilot.press(*["down"] * downs)
        assert app.focused.id == list(LABELS)[downs - 1]
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.is_modal)
        await pilot.press("backspace", "delete", "x", "9")
        await until(pilot, lambda: app.current_mode == "runs")
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "setup")
        assert {name: field(app, name).value for name in TEXTS} == values


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 20)])
async def test_the_footer_says_what_enter_and_esc_do(console, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: " enter start " in footer(app))
        assert " q quit" in footer(app)
        await pilot.press(*["down"] * 4)
        await until(pilot, lambda: " enter edit " in footer(app))
        assert " q quit" in footer(app)
        await pilot.press("enter")
        await until(pilot, lambda: " enter esc done " in footer(app))
        assert "quit" not in footer(app)
        await pilot.press("escape", "up", "up")
        await until(pilot, lambda: " ← → choose " in footer(app))


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_enter_edits_and_enter_or_esc_keep_the_text(console, key: str) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await on_start(app, pilot)
        await pilot.press(*["down"] * 4, "enter", "2", "9", key)
        await until(pilot, lambda: app.screen.config.epochs == 29)
        assert app.current_mode == "setup"
        assert app.focused.id == "epochs"
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "data")
        assert app.config.epochs == 29


async def test_the_first_enter_starts_and_esc_enter_starts_from_any_field(console) -> None:
    app = console(QUICK)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_start(app, pilot)
        await pilot.press("up", "enter", "escape", "escape")
        await until(pilot, lambda: isinstance(app.focused, Start))
        assert not app.training.is_running
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished)


@pytest.mark.parametrize("size", [(160, 45), (120, 40), (80, 24), (60, 20)])
async def test_a_wrong_value_is_said_while_it_is_typed(console, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await on_start(app, pilot)
        await pilot.press(*["down"] * 4, "enter", "0")
        await until(pilot, lambda: "must be a whole number from 1 to 100,000" in screen_text(app))
        assert field(app, "epochs").is_editing
        line = next(line for line in screen_text(app).splitlines() if line.lstrip("│ ").startswith("Epochs "))
        assert "must be" in line
        await pilot.press("backspace", "7")
        await until(pilot, lambda: "must be" not in screen_text(app))


async def test_a_paste_begins_editing(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await on_start(app, pilot)
        await pilot.press("down", "down", "down")
        app.post_message(Paste("/some/folder"))
        await until(pilot, lambda: field(app, "data_dir").value == "/some/folder")
        assert field(app, "data_dir").is_editing


async def test_editing_ends_with_the_focus_but_not_with_that_of_the_terminal(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.click("#epochs")
        await until(pilot, lambda: field(app, "epochs").is_editing)
        app.app_focus = False
        await until(pilot, lambda: app.focused is None)
        app.app_focus = True
        await until(pilot, lambda: app.focused is field(app, "epochs"))
        assert field(app, "epochs").is_editing
        await pilot.press("down")
        await until(pilot, lambda: not field(app, "epochs").is_editing)


async def test_enter_steps_through_choices(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        choice = app.screen.query_one("#schedule", Choice)
        choice.focus()
        seen = []
        for _ in choice.options:
            await pilot.press("enter")
            seen.append(choice.value)
        assert seen == [*choice.options[1:], choice.options[0]]
        assert not app.training.is_running


@pytest.mark.parametrize("size", [(160, 45), (120, 40)])
async def test_the_focused_setting_is_explained_with_its_range(console, size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await on_start(app, pilot)
        pane = app.screen.query_one("#setting")
        for name in LABELS:
            await pilot.press("down")
            await pilot.pause()
            lines = screen_text(app).splitlines()[pane.region.y : pane.region.bottom]
            words = " ".join(line[pane.region.x : pane.region.right].strip() for line in lines)
            assert LABELS[name] in words
            if name in IN_FORM:
                assert IN_FORM[name].full_help in words  # whole: the pane has room for it
            assert "back to Start" in words  # the last line


async def test_a_field_takes_no_megabyte(console) -> None:
    """Each check and each message repeats the text: it would occupy the console for minutes."""
    app = console()
    async with app.run_test(size=(120, 36)) as pilot:
        await on_start(app, pilot)
        await pilot.press("down", "down", "down", "down", "enter")
        name = app.focused.id
        before = field(app, name).value
        app.post_message(Paste("7" * 1_000_000))
        await pilot.pause()
        assert field(app, name).value == before
        app.post_message(Paste("12"))
        await until(pilot, lambda: field(app, name).value == "12")

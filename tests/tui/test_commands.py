"""The command palette: it lists what the screen offers, and does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandList
from textual.widgets import Button, Input

from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.keys import TABLE, VIEWS
from mnist_tui.tui.render.themes import THEMES
from mnist_tui.tui.views.registry import CLASSES
from mnist_tui.tui.widgets.commands import Commands
from mnist_tui.tui.widgets.dialogs import Help, Question
from mnist_tui.tui.widgets.export_dialog import ExportDialog
from tests.tui.conftest import until
from tests.tui.stored_run import write_run


def titles(app: MnistTui) -> list[str]:
    commands = app.screen.query_one(CommandList)
    return [str(commands.get_option_at_index(i).hit.text) for i in range(commands.option_count)]


async def choose(app: MnistTui, pilot, text: str) -> None:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(app.screen, Commands) and app.screen.query_one(CommandList).option_count)
    app.screen.query_one("CommandInput").value = text
    await until(pilot, lambda: titles(app) and all(text[:3].lower() in title.lower() for title in titles(app)[:1]))
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, Commands))


@pytest.mark.parametrize("mode", CLASSES)
async def test_every_key_that_is_active_is_listed(console, mode: str) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.show_run(folder)
        await app.action_view(mode)
        await until(pilot, lambda: mode == app.screen.MODE and getattr(app.screen, "data", True) is not None)
        if mode == "runs":
            await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
        active = {(key, each.binding.action) for key, each in app.screen.active_bindings.items() if each.enabled}
        scopes = (mode, *app.screen.MORE_SCOPES, "everywhere")
        table = {(name, key.action): key for scope in scopes for key in TABLE[scope] for name in key.keys.split(",")}
        helps = {key.help for each, key in table.items() if key.help and each in active}
        assert len(helps) > 15
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(titles(app)) > len(helps))
        found = [title[0].lower() + title[1:] for title in titles(app)]
        assert not [text for text in helps if text not in found and text[0].lower() + text[1:] not in found]
        assert {f"Open {view.title}" for view in VIEWS} <= set(titles(app))
        assert {f"Theme {theme.name}" for theme in THEMES} <= set(titles(app))
        assert f"Open run {folder.name}" in titles(app)
        assert not {"Keys", "Maximize", "Minimize"} & set(titles(app))  # they would crush the view


async def test_commands_do_what_they_say(console) -> None:
    folder = write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await choose(app, pilot, "Open Runs")
        await until(pilot, lambda: app.current_mode == "runs")
        await choose(app, pilot, f"Open run {folder.name}")
        await until(pilot, lambda: app.current_mode == "training" and app.training.shown is not None)
        await choose(app, pilot, "Theme mnist-light")
        await until(pilot, lambda: app.theme == "mnist-light")
        await choose(app, pilot, "Export this view")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.press("escape")
        await choose(app, pilot, "Show this help")
        await until(pilot, lambda: isinstance(app.screen, Help))


async def test_a_command_chosen_twice_is_done_once(console) -> None:
    write_run(Path("runs"))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.action_view("training")
        before = app.theme
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Commands) and app.screen.query_one(CommandList).option_count)
        palette, field = app.screen, app.screen.query_one(Input)
        field.value = "Theme mnist-light"
        await until(pilot, lambda: titles(app) == ["Theme mnist-light"])
        for _ in range(6):  # the first ones highlight and choose it
            field.post_message(Input.Submitted(field, field.value))
        await until(pilot, lambda: app.theme != before)
        await until(pilot, lambda: not palette.is_attached)
        assert app.screen_stack == [app.screen]
        assert app.current_mode == "training"


async def test_a_dialog_answered_twice_is_closed_once(console) -> None:
    app, answers = console(), []
    async with app.run_test(size=(120, 40)) as pilot:
        question = Question("a title", "a question", {"yes": "Yes", "no": "No"})
        await app.push_screen(question, answers.append)
        for button in question.query(Button):
            button.post_message(Button.Pressed(button))
        await until(pilot, lambda: answers and not question.is_attached)
        await pilot.pause()
        assert len(answers) == 1
        assert app.screen_stack == [app.screen]

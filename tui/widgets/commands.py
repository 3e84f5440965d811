"""The command palette: every key that is active, the recent runs and the themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import App
from textual.command import CommandList, CommandListItem, CommandPalette, SimpleProvider
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, OptionList
from textual.worker import Worker

from mnist_tui.tui.keys import TABLE, Key
from mnist_tui.tui.render.texts import printable

if TYPE_CHECKING:
    from mnist_tui.tui.contract import Console

RECENT_RUNS = 9


class Commands(CommandPalette):
    """Textual's command palette with the commands of this app.

    With workarounds for three crashes: a page key without room for any command, closing it during a search, and a
    second choice before the first one has closed it.
    """

    def __init__(self, app: App[Any], screen: Screen[Any]) -> None:
        """`screen`: the one whose keys are listed, while no dialog covers it."""
        provider: Any = SimpleProvider(screen, list(_commands(app, screen)))  # it is its own factory
        super().__init__([provider], id="--command-palette")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command_list":  # it fails if the list has no visible lines
            return any(commands.scrollable_content_region.area for commands in self.query(CommandList))
        return super().check_action(action, parameters)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _ignore_if_closed(self, event: Message) -> None:
        if self.app.screen is not self:
            event.prevent_default().stop()

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        return super().run_worker(*arguments, **options | {"exit_on_error": False})


def _commands(app: App[Any], screen: Screen[Any]) -> Iterator[CommandListItem]:
    scopes = (getattr(screen, "MODE", ""), *getattr(screen, "MORE_SCOPES", ()), "everywhere")
    table = [key for scope in scopes for key in TABLE.get(scope, ()) if key.help]
    keys = {(name, key.action): key for key in table for name in key.keys.split(",")}
    listed: set[Key] = set()
    for name, active in screen.active_bindings.items():
        action = active.binding.action
        key = keys.get((name, action))
        if key is not None and active.enabled and key not in listed:
            listed.add(key)
            shown = key.shown_as or app.get_key_display(active.binding)
            yield key.help[0].upper() + key.help[1:], partial(app.run_action, action, active.node), f"key {shown}"
    yield from _runs(cast("Console", app))
    for theme in app.available_themes:
        yield f"Theme {theme}", partial(setattr, app, "theme", theme), "colours of the console"
    # Later, when the palette is no longer on the screen.
    yield "Save a screenshot", partial(app.set_timer, 0.1, app.deliver_screenshot), "the whole screen as SVG"


def _runs(console: Console) -> Iterator[CommandListItem]:
    from mnist_tui.engine.runs.folder import stored_runs

    for folder in stored_runs(console.runs_dir)[:RECENT_RUNS]:
        yield f"Open run {printable(folder.name)}", partial(console.show_run, folder), "a recent run, in every view"

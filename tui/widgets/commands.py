"""The command palette."""

from __future__ import annotations

from typing import Any

from textual.command import CommandList, CommandPalette
from textual.worker import Worker


class Commands(CommandPalette):
    """Textual's own, without two ways in which it ends the app: a page key where there is no room for any command, and
    a search that is still under way when it is closed."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command_list":  # which looks up lines of a list that has none
            return any(commands.scrollable_content_region.area for commands in self.query(CommandList))
        return super().check_action(action, parameters)

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        return super().run_worker(*arguments, **options | {"exit_on_error": False})

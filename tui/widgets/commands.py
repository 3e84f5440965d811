"""The command palette."""

from __future__ import annotations

from typing import Any

from textual.command import CommandList, CommandPalette
from textual.worker import Worker


class Commands(CommandPalette):
    """Textual's command palette with workarounds for two crashes: a page key without room for any command, and closing
    it during a search."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "command_list":  # it fails if the list has no visible lines
            return any(commands.scrollable_content_region.area for commands in self.query(CommandList))
        return super().check_action(action, parameters)

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        return super().run_worker(*arguments, **options | {"exit_on_error": False})

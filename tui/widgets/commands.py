"""The command palette."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual.command import CommandPalette
from textual.worker import Worker


class Commands(CommandPalette):
    """Textual's own, without two ways in which it ends the app: a page key where there is no room for any command, and
    a search that is still under way when it is closed."""

    def _action_command_list(self, action: str) -> None:
        with suppress(LookupError):
            super()._action_command_list(action)

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        return super().run_worker(*arguments, **options | {"exit_on_error": False})

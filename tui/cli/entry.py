"""The `mnist-tui` command's first step: the console alone needs none of what reads the other commands' options."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mnist_tui.engine.runs.names import runs_folder
from mnist_tui.tui.cli.exit_codes import end_with
from mnist_tui.tui.terminal.capabilities import is_interactive

PLAIN = ("--data-dir", "--runs-dir")
"""Options of the console itself; anything else is the command line's."""
COMPLETION = "_MNIST_TUI_COMPLETE"
"""Set by a shell that asks for completions."""


def main() -> NoReturn:
    """Run the command and end the process with the contract's exit code."""
    gc.disable()  # what is imported stays, and there is a lot of it
    options = console_options(sys.argv[1:])
    if options is not None and COMPLETION not in os.environ and is_interactive():
        end_with(lambda: _console(options))
    from mnist_tui.tui.cli.commands import main as command

    gc.freeze()
    gc.enable()
    command()


def console_options(arguments: Sequence[str]) -> dict[str, str] | None:
    """What the arguments say by option; None where they are more than the console's plain options."""
    options: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        value = value if equals else next(rest, "")
        if name not in PLAIN or not value or value.startswith("-"):
            return None
        options[name] = value
    return options


def _console(options: dict[str, str]) -> NoReturn:
    gc.disable()  # until the first frame is there: nothing of what starts up is garbage
    from mnist_tui.tui.run import show

    show(options.get("--data-dir"), runs_folder(options.get("--runs-dir")))

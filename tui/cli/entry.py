"""Entry point of `mnist-tui`, which opens the console without importing the parser of the other commands."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mnist_tui.engine.runs.names import runs_folder
from mnist_tui.tui.cli.exit_codes import run_and_exit
from mnist_tui.tui.terminal.capabilities import is_interactive

CONSOLE_OPTIONS = ("--data-dir", "--runs-dir")
"""Options of the console itself; any other argument needs the full command line parser."""
COMPLETION = "_MNIST_TUI_COMPLETE"
"""Environment variable that a shell sets to request completions."""


def main() -> NoReturn:
    """Run the command and exit with its documented exit code."""
    gc.disable()  # imports allocate many long-lived objects
    options = console_options(sys.argv[1:])
    if options is not None and COMPLETION not in os.environ and is_interactive():
        run_and_exit(lambda: _console(options))
    from mnist_tui.tui.cli.commands import main as command

    gc.freeze()
    gc.enable()
    command()


def console_options(arguments: Sequence[str]) -> dict[str, str] | None:
    """Parse the console's options by name; return None if there are any other arguments."""
    options: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        value = value if equals else next(rest, "")
        if name not in CONSOLE_OPTIONS or not value or value.startswith("-"):
            return None
        options[name] = value
    return options


def _console(options: dict[str, str]) -> NoReturn:
    gc.disable()  # until the first frame: nothing that startup allocates is garbage
    from mnist_tui.tui.run import show

    show(options.get("--data-dir"), runs_folder(options.get("--runs-dir")))

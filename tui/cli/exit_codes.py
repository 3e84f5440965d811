"""Exit codes and one-line error messages of the command."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import NoReturn

from mnist_tui.engine.errors import MnistTuiError, RunError
from mnist_tui.engine.hardware.failures import known_cause
from mnist_tui.tui.cli import output
from mnist_tui.tui.terminal import ascii_fallback, environment, hangup, logs


class OptionsError(MnistTuiError):
    """Invalid command-line options."""

    exit_code = 2


def run_and_exit(command: Callable[[], object]) -> NoReturn:
    """Run the command and exit with the code that it returns or that its exception maps to."""
    debug = "--debug" in sys.argv
    environment.prepare()
    hangup.open_missing_std_streams()
    logs.set_up()
    ascii_fallback.set_up()
    status: object = 0
    try:
        status = command()
    except MnistTuiError as error:
        _print_error(str(error), debug)
        status = error.exit_code
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        if output.is_of_stdout(error):
            sys.exit(output.give_up(error))
        _print_error(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", debug)
        status = RunError.exit_code
    except Exception as error:
        logging.getLogger(__name__).exception("unexpected error")
        bug = f"{type(error).__name__}: {error} (a bug in mnist-tui; --debug shows the traceback)"
        _print_error(known_cause(error) or bug, debug)
        status = 1
    sys.exit(output.finish(status if isinstance(status, int) else 0))


def _print_error(message: str, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()
    output.say_error(f"mnist-tui: {message.replace(chr(10), ' ')}")

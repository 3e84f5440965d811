"""How the process ends: the contract's exit codes, and one calm line for whatever went wrong."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import NoReturn

from mnist_tui.engine.errors import MnistTuiError, RunError
from mnist_tui.tui.terminal import ascii_fallback, hangup, logs


class OptionsError(MnistTuiError):
    """What the command line does not understand."""

    exit_code = 2


def end_with(command: Callable[[], object]) -> NoReturn:
    """Run the command and end the process with the exit code that it returns, or that its failure stands for."""
    debug = "--debug" in sys.argv
    hangup.fill_gaps()
    logs.set_up()
    ascii_fallback.set_up()
    status: object = 0
    try:
        status = command()
    except MnistTuiError as error:
        _complain(str(error), debug)
        status = error.exit_code
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", debug)
        status = RunError.exit_code
    except Exception as error:
        logging.getLogger(__name__).exception("unexpected")
        _complain(f"{type(error).__name__}: {error} (this is a fault of mnist-tui; --debug shows where)", debug)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()
    line = " ".join(message.split())
    print(f"mnist-tui: {line}", file=sys.stderr)

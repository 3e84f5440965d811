"""Removes from the process's environment what would break the command: it was set for another program or terminal."""

from __future__ import annotations

import os
import sys

from mnist_tui.engine import files


def prepare() -> None:
    """Adapt the environment of this process, before libraries read it."""
    files.leave_deleted_folder()
    if sys.stdout is not None and sys.stdout.isatty():
        # Exported by `resize` or `docker -e`, they hold for a terminal of another time; Textual and Rich believe them.
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)
    if "STY" in os.environ and os.environ.get("TERM", "").startswith("screen"):
        # GNU screen before version 5 takes 24-bit colours apart; the variable is inherited from the terminal around it.
        os.environ.pop("COLORTERM", None)
    # Figures are drawn without a window and look the same everywhere: neither a notebook's backend nor a user's
    # settings, which may be unreadable, apply to them.
    os.environ["MPLBACKEND"] = "agg"
    os.environ["MATPLOTLIBRC"] = os.devnull
    if not os.environ.get("SOURCE_DATE_EPOCH", "0").isdecimal():  # matplotlib fails on it
        os.environ.pop("SOURCE_DATE_EPOCH")

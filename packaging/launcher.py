"""What an installed wheel starts: `tui` and `engine` lie inside this package, so their folder goes on the path."""

import contextlib
import logging
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the `mnist-tui` command and end the process."""
    sys.path.insert(0, str(Path(__file__).parent))
    from tui.cli.entry import main as command

    status = 0
    try:
        command()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    # By now everything is written and closed. Python would still take torch apart, up to a second in which the shell
    # is not back.
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # whoever read it went away
            stream.flush()
    os._exit(status)

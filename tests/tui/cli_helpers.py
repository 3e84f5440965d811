"""What the tests of the command line share."""

import os
import subprocess
import sys

from tests.helpers import ROOT, command

QUICKLY = ("--dataset", "digits", "--hidden", "16", "--device", "cpu")


def spawn(*arguments, code="from mnist_tui.tui.cli.commands import main; main()"):
    """Start the command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def complaint(*arguments, status):
    """Return the one line that the command prints when it ends with `status`."""
    outcome = command(*arguments)
    assert outcome.status == status, outcome
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("mnist-tui: ")
    assert "Traceback" not in line
    assert line.isprintable()
    return line

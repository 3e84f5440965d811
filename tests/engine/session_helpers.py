"""What the tests of a whole run share."""

from dataclasses import replace

from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.session import start
from tests.helpers import QUICK

BRIEF = replace(QUICK, epochs=2)


def run_session(runs_dir, config=BRIEF, **options):
    events = list(start(config, runs_dir, **options))
    return events, RunFolder(runs_dir / events[-1].run)

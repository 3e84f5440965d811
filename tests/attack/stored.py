"""The run that is attacked: stopped in its second epoch, with a stored t-SNE and an imagined digit."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from mnist_tui.engine.events import Progress
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.session import start
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from tests.attack import process
from tests.attack.place import environment
from tests.helpers import QUICK

EPOCH = 1
"""The epoch with stored answers."""


def store_run(folder: Path) -> Path:
    """Make it in a process of its own; return its folder."""
    folder.mkdir()
    runs, user = folder / "runs", folder / "user"
    user.mkdir()

    def work() -> None:
        control = Control()
        with patch.object(loop, "REPORT_SECONDS", 0.0):
            for event in start(QUICK, runs, name="stopped", control=control):
                if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 20):
                    control.stop()
        (run,) = stored_runs(runs)
        store_answers(run.path)

    child = process.fork(work, folder, environment(user), (folder / "out", folder / "err"))
    outcome = child.wait(120)
    assert outcome.status == 0, outcome.err
    return stored_runs(runs)[0].path


def store_answers(run: Path) -> None:
    """Compute and store what the console would: t-SNE of the hidden layer and an imagined zero."""
    from mnist_tui.engine.analysis.subject import Analyst, Subject
    from mnist_tui.engine.figures import imagine
    from mnist_tui.engine.figures.context import Context
    from mnist_tui.engine.figures.registry import KINDS
    from mnist_tui.engine.figures.settings import parse

    imagine.NOISE_IMAGES = 10_000
    subject, context = Subject(run, EPOCH, "test"), Context(Analyst())
    for view, given in (("projection", {"points": "100"}), ("imagine", {"digits": "0"})):
        KINDS[view].compute(context, subject, parse(given))
    assert any((run / "projections").iterdir())
    assert any((run / "imagined").iterdir())

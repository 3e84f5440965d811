"""Runs that are stopped and resumed."""

from dataclasses import replace

import numpy as np

from mnist_tui.engine.events import Progress
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.session import start
from mnist_tui.engine.training.control import Control
from tests.helpers import QUICK, checksums, timeless

CONFIG = replace(QUICK, epochs=4)


def trained(runs_dir, config=CONFIG, stop_at=None, name="run"):
    """Train a run, and stop it directly after a batch (epoch, batch)."""
    control = Control()
    for event in start(config, runs_dir, name=name, control=control):
        if isinstance(event, Progress) and (event.epoch, event.batch) == stop_at:
            control.stop()
    return RunFolder(runs_dir / event.run)


def assert_equal(run, whole):
    """Check that two runs have the same results, except for the times."""
    assert checksums(run.checkpoints) == checksums(whole.checkpoints)
    history, expected = History.of(run.events()), History.of(whole.events())
    assert timeless(history.epochs) == timeless(expected.epochs)
    assert history.test == expected.test
    assert (history.finished.status, history.finished.reason) == ("completed", "")
    for curve, wanted in zip(history.fine_curve(), expected.fine_curve(), strict=True):
        assert np.array_equal(curve, wanted)

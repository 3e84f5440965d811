"""The spread over seeds stands beside the runs for which it was measured, and beside no other."""

from dataclasses import replace

import pytest

from mnist_tui.engine.analysis.seed_spread import seed_spread
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import RunFinished, RunStarted
from mnist_tui.engine.runs.history import History


def history(config, dataset="mnist", status="completed"):
    started = RunStarted("a", config.to_json(), dataset, "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0)
    return History.of([started, RunFinished("a", status, 1.0)])


@pytest.mark.parametrize("changes", [{}, {"seed": 7}, {"device": "cpu", "threads": 1}, {"dataset": "mnist"}])
def test_beside_the_settings_it_was_measured_for(changes):
    spread = seed_spread(history(replace(RunConfig(), **changes)))
    assert spread.label == "98.14 ± 0.13 % over 21 seeds"


@pytest.mark.parametrize(
    "other",
    [
        history(RunConfig(epochs=11)),
        history(RunConfig(lr=2e-3)),
        history(RunConfig.from_recipe("fast")),
        history(RunConfig(), dataset="digits"),
        history(RunConfig(), status="stopped"),
        History.of([RunStarted("a", {"lr": "x"}, "mnist", "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0)]),
        History(),
    ],
)
def test_beside_no_other(other):
    assert seed_spread(other) is None

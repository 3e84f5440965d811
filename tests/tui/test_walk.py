"""A short walk through every state; `make walk` is the long one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.walk import Walk, ground, stretch, table, watched
from tests.walk_states import STATES
from tests.walk_steps import plan

STEPS = 20
SEED = 20
"""Of the first state's stretch."""


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Path, Path]]:
    with ground() as (folder, stored):
        yield folder, stored


@pytest.mark.parametrize("number", range(len(STATES)), ids=STATES)
async def test_random_keys_clicks_and_sizes(place: tuple[Path, Path], number: int) -> None:
    walk = Walk()
    with watched(walk):
        await stretch(SEED + number, *place, STEPS, walk)
    assert sum(steps for (state, _), steps in walk.counts.items() if state == STATES[number]) > 0
    assert "all" in table(walk.counts)


async def test_exceptions_in_the_background_are_faults(
    place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    for view in ("confusion.ConfusionView", "mistakes.view.MistakesView", "weights.view.WeightsView"):
        monkeypatch.setattr(f"mnist_tui.tui.views.{view}.compute", fail)
    walk = Walk()
    with (
        watched(walk),
        pytest.raises(AssertionError, match=r"ZeroDivisionError: .*\nafter [0-9]+ steps, the last: seed"),
    ):
        await stretch(SEED + len(STATES) + STATES.index("finished"), *place, 100, walk)


def test_equal_seeds_give_equal_walks() -> None:
    assert plan(random.Random(7), 50) == plan(random.Random(7), 50)
    assert plan(random.Random(7), 50) != plan(random.Random(8), 50)

"""The Data view when what it shows changes under it: the configuration, the data set, a load that is stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.analysis.grids import split_indices
from engine.data.digits import load_digits_dataset
from tests.tui.conftest import QUICK, until


async def test_another_configuration_is_drawn_anew(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        await pilot.press("1")
        app.config = changed = replace(QUICK, rotation=40.0, seed=QUICK.seed + 1)
        await pilot.press("2")
        await until(pilot, lambda: view.data.config == changed)
        expected = split_indices(load_digits_dataset(), changed, "train")
        np.testing.assert_array_equal(view.data.indices, expected[: len(view.data.indices)])
        np.testing.assert_array_equal(view._indices["train"], expected)
        assert changed.augmentation in str(view.query_one("#data-right").border_title)

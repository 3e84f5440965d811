"""One unit in the Weights view: its numbers against NumPy, its neighbours, and other epochs and runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.views.weights.texts import number, signed
from mnist_tui.tui.widgets.image import ImageGrid
from tests.helpers import QUICK
from tests.tui.conftest import ENDLESS, screen_text, until
from tests.tui.weights_helpers import DEEP, FLAT, activations, detailed, look, matrices, words


@pytest.mark.parametrize("split", ["test", "valid"])
async def test_one_unit_in_numbers(console, stored_run, split: str) -> None:
    app = console()
    run = stored_run(DEEP)
    async with app.run_test(size=(160, 45)) as pilot:
        view = await look(app, pilot, run)
        if split == "valid":
            await pilot.press("v")
        await pilot.press("right", "right", "enter")
        assert view.unit == 2
        await until(pilot, lambda: view.data.detail and (view.data.detail.unit, view.data.detail.split) == (2, split))
        epoch = app.scrubber.subject.epoch
        hidden, labels = activations(run, epoch, split)
        mine = hidden[:, 2]
        detail = view.data.detail
        grid = view.query_one("#unit-image-grid", ImageGrid)
        analyst = Analyst()
        images = analyst.images(run.path, split).images
        strongest = np.argsort(-mine, kind="stable")[:10]
        assert np.array_equal(np.array([p.image for p in grid.pictures[:10]]), images[strongest])
        assert grid.pictures[0].caption.startswith(f"{labels[np.argmax(mine)]} #")
        assert number(mine.max()) in grid.pictures[0].caption
        means = [mine[labels == label].mean() for label in range(10)]
        assert detail.neuron.class_means == pytest.approx(means, abs=1e-4)
        facts = words(view, "unit-facts").splitlines()
        for label in range(10):
            assert facts[1 + label].split()[0] == str(label)
            assert facts[1 + label].split()[-1] == number(detail.neuron.class_means[label])
        assert f"active {(mine > 0).mean() * 100:.1f} %" in "\n".join(facts)
        outgoing = matrices(run, epoch)["hidden_fc.weight"][:, 2]
        bars = words(view, "unit-strongest").splitlines()
        assert [line.split()[-1] for line in bars] == [signed(value) for value in outgoing]


async def test_steps_in_and_back_and_to_the_neighbours(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        assert view.data.detail is None  # it is not visible
        assert not view.query_one("#weights-unit").display
        await pilot.press("o", "o", "enter")
        await detailed(pilot, view)
        assert view.query_one("#weights-unit").display
        assert not view.query_one("#weights-grid").display
        order = view.data.layers.order("structure", reverse=False)
        await pilot.press("right", "right", "left", "right")
        await detailed(pilot, view)
        assert view.unit == order[2]
        assert f"unit {order[2]}, 3 of 40 by structure" in screen_text(app)
        await pilot.press("O")  # an opened unit stays
        assert f"unit {order[2]}, 38 of 40 by structure, ascending" in screen_text(app)
        await pilot.press("escape")
        assert view.query_one("#weights-grid").display
        assert view.unit == order[2]
        assert app.current_mode == "weights"


async def test_scrubbing_keeps_order_unit_and_step(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        await pilot.press("o", "o", "right", "enter")
        unit = view.unit
        await detailed(pilot, view)
        for epoch in range(app.scrubber.subject.epoch - 1, -1, -1):
            await pilot.press("left_square_bracket")
            assert app.scrubber.subject.epoch == epoch
            expected = matrices(run, app.scrubber.subject.epoch)["input_fc.weight"][unit].reshape(28, 28)
            await until(pilot, lambda e=expected: np.array_equal(view.data.layers.first.pictures[unit], e))
            await detailed(pilot, view)
            assert (view.unit, view.by, view.opened) == (unit, "structure", True)
            place = int(np.flatnonzero(view.data.layers.order("structure", reverse=False) == unit)[0])
            assert f"unit {unit}, {place + 1} of 40 by structure" in screen_text(app)


async def test_follows_a_run_that_trains(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        await pilot.press("space", "8")
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        await pilot.press("o", "right", "right")
        unit, epoch = view.unit, app.scrubber.subject.epoch
        await pilot.press("space")
        await until(pilot, lambda: app.scrubber.subject.epoch > epoch)
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)
        newest = matrices(RunFolder(app.scrubber.folder), app.scrubber.subject.epoch)["input_fc.weight"]
        await until(pilot, lambda: np.array_equal(view.data.layers.first.pictures.reshape(-1, 784), newest))
        assert (view.unit, view.by) == (unit, "norm")


async def test_another_run_with_fewer_units(console, stored_run) -> None:
    app = console()
    large, small = stored_run(DEEP), stored_run(FLAT)
    async with app.run_test(size=(120, 40)) as pilot:
        view = await look(app, pilot, large)
        await pilot.press("pagedown", "pagedown", "d", "d")
        assert view.unit == 39
        await app.show_run(small, History.of(small.events()))
        await pilot.press("8")
        await until(pilot, lambda: view.data.layers.units == 10)
        await detailed(pilot, view)
        assert view.unit < 10
        assert view.depth == 0


async def test_an_untrained_run_and_a_dead_unit(console, stored_run) -> None:
    app = console()
    run = stored_run(QUICK)
    for epoch in (1, 2, 3):
        run.checkpoint(epoch).unlink()
    state = run.weights(0)
    state["input_fc.bias"][0] = -1e4
    torch.save(state, run.checkpoint(0))
    async with app.run_test(size=(120, 40)) as pilot:
        view = await look(app, pilot, run)
        await detailed(pilot, view)
        assert app.scrubber.subject.epoch == 0
        assert view.data.detail.neuron.active == 0
        assert "no test image activates it" in screen_text(app)
        assert view.query_one("#unit-image-grid", ImageGrid).pictures == []


async def test_a_diverged_run_is_drawn_too(console, stored_run) -> None:
    app = console()
    run = stored_run(QUICK)
    state = run.weights(3)
    for tensor in state.values():
        tensor[:] = float("nan")
    for epoch in (1, 2, 3):
        torch.save(state, run.checkpoint(epoch))
    async with app.run_test(size=(120, 40)) as pilot:
        view = await look(app, pilot, run)
        await detailed(pilot, view)
        await pilot.press("o", "o", "enter", "d", "i")
        assert "output_fc 10 × 16" in screen_text(app)


async def test_unreadable_weights_are_one_line(console, stored_run) -> None:
    app = console()
    run = stored_run(QUICK)
    for epoch in (0, 1, 2, 3):
        run.checkpoint(epoch).write_bytes(b"no weights")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        await app.show_run(run, History.of(run.events()))
        await pilot.press("8")
        await until(pilot, lambda: str(run.checkpoint(0))[:20] in screen_text(app))
        await pilot.press("enter", "o", "d", "down", "pagedown", "i", "b", "g", "escape")
        assert app.is_running

"""The Weights view under Pilot: what it draws equals the state dict and numpy's own answers, at any step and size."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.text import Text
from textual.widgets import Static

from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.session import start
from mnist_tui.tui.render.signed_cells import LEVELS, largest, shrink, signed_levels
from mnist_tui.tui.views.weights.layout import grid_layout, unit_layout
from mnist_tui.tui.views.weights.texts import bar, number, signed
from mnist_tui.tui.views.weights.view import WeightsView
from mnist_tui.tui.widgets.image import ImageGrid
from mnist_tui.tui.widgets.signed_image import SignedImage
from tests.helpers import QUICK
from tests.tui.conftest import ENDLESS, screen_text, until

DEEP = RunConfig(dataset="digits", epochs=2, batch_size=32, hidden=(40, 12), device="cpu", threads=1)
FLAT = RunConfig(dataset="digits", epochs=1, batch_size=32, hidden=(), device="cpu", threads=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[RunConfig, Path]:
    """Runs that were trained once for all tests."""
    runs = tmp_path_factory.mktemp("runs")
    return {config: train(config, runs, name) for config, name in ((QUICK, "quick"), (DEEP, "deep"), (FLAT, "flat"))}


def train(config: RunConfig, runs: Path, name: str) -> Path:
    events = list(start(config, runs, name=name))
    return runs / events[-1].run


@pytest.fixture
def stored(console, trained: dict[RunConfig, Path]) -> Callable[[RunConfig], RunFolder]:
    """Puts a copy of such a run into the console's folder."""

    def copy(config: RunConfig) -> RunFolder:
        path = Path("runs") / trained[config].name
        shutil.copytree(trained[config], path)
        return RunFolder(path)

    return copy


async def look(app, pilot, run: RunFolder) -> WeightsView:
    """The view on a stored run, drawn."""
    await until(pilot, lambda: app.devices.found is not None)
    await app.show_run(run, History.of(run.events()))
    await pilot.press("8")
    await until(pilot, lambda: isinstance(app.screen, WeightsView) and app.screen.data is not None)
    view = app.screen
    if view.size.width >= 60 and view.size.height >= 20:
        await until(pilot, lambda: view.query_one("#weights-grid", SignedImage).block is not None)
    return view


async def detailed(pilot, view: WeightsView) -> None:
    """Wait for the details of the unit under the cursor."""
    await until(pilot, lambda: view.data.detail is not None and view.data.detail.unit == view.unit)


def words(view: WeightsView, name: str) -> str:
    shown = view.query_one(f"#{name}", Static).content
    return shown.plain if isinstance(shown, Text) else str(shown)


def shown_levels(view: WeightsView, place: int, columns: int = 5) -> np.ndarray:
    """The levels of a small picture on the page, as they stand on the screen."""
    block = view.query_one("#weights-grid", SignedImage).block
    row, column = place // columns * 8, place % columns * 15
    part = slice(row, row + 7), slice(column, column + 14)
    return np.stack([block.ink[part], block.paper[part]], axis=1).reshape(14, 14) - LEVELS


def matrices(run: RunFolder, epoch: int) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in run.weights(epoch).items()}


def activations(run: RunFolder, epoch: int, split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """relu(W·x + b) of the first layer in double precision, and the labels."""
    analyst = Analyst()
    _, dataset = analyst.run(run.path)
    chosen = analyst.images(run.path, split)
    weights = matrices(run, epoch)
    x = (chosen.images.reshape(len(chosen.images), -1) / 255.0 - dataset.mean) / dataset.std
    hidden = x @ weights["input_fc.weight"].astype(np.float64).T + weights["input_fc.bias"]
    return np.maximum(hidden, 0), chosen.labels


async def test_pictures_are_the_rows_the_right_way_up(console, stored) -> None:
    """Catches transposed or flipped pictures, and captions that name another unit than the one drawn."""
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(160, 45)) as pilot:
        view = await look(app, pilot, run)
        view.style = "half"
        view.draw(view.data)
        rows = matrices(run, view.console.scrubber.subject.epoch)["input_fc.weight"].reshape(-1, 28, 28)
        scale = largest(rows[:25])
        for unit in range(25):
            assert np.array_equal(shown_levels(view, unit), signed_levels(shrink(rows[unit]), scale))
        assert "unit 0, 1 of 40 by index  page 1/2" in words(view, "weights-head")
        assert signed(scale) in words(view, "weights-head")
        await detailed(pilot, view)
        large = view.query_one("#unit-picture", SignedImage).block
        pixels = np.stack([large.ink, large.paper], axis=1).reshape(28, 28) - LEVELS
        assert np.array_equal(pixels, signed_levels(rows[0], scale))
        await pilot.press("g")  # a scale for each
        assert np.array_equal(shown_levels(view, 7), signed_levels(shrink(rows[7]), largest(rows[7])))


async def test_orders_are_numpys_and_can_be_turned(console, stored) -> None:
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(160, 45)) as pilot:
        view = await look(app, pilot, run)
        view.style = "half"
        rows = matrices(run, app.scrubber.subject.epoch)["input_fc.weight"]
        norms = np.linalg.norm(rows.astype(np.float64), axis=1)
        order = np.argsort(-norms, kind="stable")
        await pilot.press("o")
        scale = largest(rows[order[:25]])
        for place, unit in enumerate(order[:25]):
            expected = signed_levels(shrink(rows[unit].reshape(28, 28)), scale)
            assert np.array_equal(shown_levels(view, place), expected)
        assert view.unit == order[0]
        assert f"{order[1]}  {number(norms[order[1]])}" in screen_text(app)
        await pilot.press("O")
        assert view.unit == order[-1]
        assert f"unit {order[-1]}, 1 of 40 by norm, ascending" in words(view, "weights-head")
        await pilot.press("o")
        assert view.unit == np.argmax(view.data.layers.first.morans_i)
        await pilot.press("o")
        assert view.unit == 0


@pytest.mark.parametrize("split", ["test", "valid"])
async def test_one_unit_in_numbers(console, stored, split: str) -> None:
    app = console()
    run = stored(DEEP)
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


async def test_steps_in_and_back_and_to_the_neighbours(console, stored) -> None:
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        assert view.data.detail is None  # nobody sees it
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


async def test_cursor_turns_the_pages_and_stops_at_the_ends(console, stored) -> None:
    app = console()
    run = stored(DEEP)  # 40 units, ten a page
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        await pilot.press("left", "up", "pageup")
        assert view.unit == 0
        await pilot.press("down", "right")
        assert view.unit == 6
        await pilot.press("down")
        assert view.unit == 11
        assert "page 2/4" in words(view, "weights-head")
        await pilot.press("up")
        assert "page 1/4" in words(view, "weights-head")
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert view.unit == 39
        await pilot.press("right", "down")
        assert view.unit == 39
        await pilot.press("up", "pageup")
        assert view.unit == 24


async def test_a_click_moves_the_cursor_and_a_second_one_opens(console, stored) -> None:
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        await pilot.click("#weights-grid", offset=(32, 9))
        assert view.unit == 7
        await pilot.click("#weights-grid", offset=(32, 9))
        assert view.opened
        assert view.unit == 7


async def test_scrubbing_keeps_order_unit_and_step(console, stored) -> None:
    app = console()
    run = stored(DEEP)
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


async def test_deeper_layers_as_matrices(console, stored) -> None:
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(160, 45)) as pilot:
        view = await look(app, pilot, run)
        view.style = "half"
        await pilot.press("d")
        weights = matrices(run, app.scrubber.subject.epoch)
        hidden = weights["hidden_fc.weight"]
        assert f"hidden_fc 12 × 40, {signed(hidden.min())} … {signed(hidden.max())}" in words(view, "weights-head")
        await pilot.press("d")
        output = weights["output_fc.weight"]
        assert f"output_fc 10 × 12, {signed(output.min())}" in words(view, "weights-head")
        block = view.query_one("#weights-matrix", SignedImage).block
        tall, wide = 4, 8
        levels = block.paper[: 10 * tall : tall, 2 : 2 + 12 * wide : wide] - LEVELS
        assert np.array_equal(levels, signed_levels(output, largest(output)))
        assert [row[0] for row in ("".join(line) for line in block.chars[: 10 * tall : tall])] == list("0123456789")
        await pilot.press("escape")
        assert view.query_one("#weights-grid").display
        await pilot.press("d", "d", "d")
        assert view.depth == 0


async def test_without_hidden_layers_the_pictures_are_the_classes(console, stored) -> None:
    app = console()
    run = stored(FLAT)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        view.style = "half"
        view.draw(view.data)
        rows = matrices(run, 1)["output_fc.weight"].reshape(10, 28, 28)
        assert np.array_equal(shown_levels(view, 9), signed_levels(shrink(rows[9]), largest(rows)))
        assert "class 0, 1 of 10 by index" in words(view, "weights-head")
        await pilot.press("d")
        assert view.depth == 0
        await pilot.press("right", "right", "right", "enter")
        await detailed(pilot, view)
        assert "class 3, 4 of 10" in screen_text(app)
        assert "−" in words(view, "unit-facts")  # the other classes' scores are below zero
        assert not view.query_one("#unit-outgoing").display


async def test_few_colours_get_signs_and_a_key_changes_the_look(console, stored) -> None:
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(120, 40)) as pilot:  # its terminal has few colours
        view = await look(app, pilot, run)
        await detailed(pilot, view)
        picture, images = view.query_one("#unit-picture", SignedImage), view.query_one("#unit-image-grid", ImageGrid)
        row = matrices(run, app.scrubber.subject.epoch)["input_fc.weight"][0].reshape(14, 2, 28).mean(axis=1)
        chars = picture.block.chars
        assert set("- +") <= set(np.unique(chars)) <= set("=- +#")
        assert (row[np.isin(chars, ["-", "="])] < 0).all()
        assert (row[np.isin(chars, ["+", "#"])] > 0).all()
        assert images.style == "braille"
        await pilot.press("i")
        assert set(np.unique(picture.block.chars)) <= {" ", "▀"}
        assert images.style == "half"
        await pilot.press("i", "b")
        assert images.style == "braille"
        assert view.query_one("#weights-grid", SignedImage).block.shape[1] == 2 * 28 + 1


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


async def test_another_run_with_fewer_units(console, stored) -> None:
    app = console()
    large, small = stored(DEEP), stored(FLAT)
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


async def test_an_untrained_run_and_a_dead_unit(console, stored) -> None:
    app = console()
    run = stored(QUICK)
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


async def test_a_diverged_run_is_drawn_too(console, stored) -> None:
    app = console()
    run = stored(QUICK)
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


async def test_unreadable_weights_are_one_calm_line(console, stored) -> None:
    app = console()
    run = stored(QUICK)
    for epoch in (0, 1, 2, 3):
        run.checkpoint(epoch).write_bytes(b"no weights")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        await app.show_run(run, History.of(run.events()))
        await pilot.press("8")
        await until(pilot, lambda: str(run.checkpoint(0))[:20] in screen_text(app))
        await pilot.press("enter", "o", "d", "down", "pagedown", "i", "b", "g", "escape")
        assert app.is_running


async def test_no_size_theme_or_look_breaks_it(console, stored) -> None:
    app = console()
    run = stored(DEEP)
    async with app.run_test(size=(160, 45)) as pilot:
        view = await look(app, pilot, run)
        for key in ("i", "enter", "b", "d"):
            await pilot.press(key)
            for size in ((60, 20), (119, 23), (120, 24), (200, 60), (1, 1)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                if size[0] >= 60:
                    assert "40 by index" in screen_text(app) or "_fc" in screen_text(app)
        for theme in ("mnist-light", *(name for name in app.available_themes if "ansi" in name)):
            app.theme = theme
            await pilot.pause()
        assert view.data is not None


class TestWords:
    def test_numbers(self):
        values = (0.3124, -1.251, 0, 12.345, 123.45, 1234.5, float("nan"))
        assert [number(value) for value in values] == ["0.312", "−1.25", "0.000", "12.35", "123.5", "1234", "–"]
        assert [signed(value) for value in (0.3124, -1.251, float("nan"))] == ["+0.312", "−1.25", "–"]

    def test_bars(self):
        assert bar(1, 4, plain=False) == "████"
        assert bar(0.5, 3, plain=False) == "█▌"
        assert bar(0, 4, plain=False) == ""
        assert bar(0.5, 4, plain=True) == "##"


class TestLayout:
    @pytest.mark.parametrize(
        ("space", "panel", "page"),
        [((160, 41), True, (5, 5)), ((80, 20), False, (5, 2)), ((60, 16), False, (4, 2)), ((120, 36), True, (5, 4))],
    )
    def test_pages(self, space, panel, page):
        layout = grid_layout(*space, small=True, panel=panel)
        assert (layout.columns, layout.rows) == page
        assert layout.page <= 25

    @pytest.mark.parametrize("small", [True, False])
    def test_nothing_is_cut_off(self, small):
        for width in range(60, 260):
            for height in range(16, 80, 3):
                panel = width >= 120
                page = grid_layout(width, height, small=small, panel=panel)
                one = 15 if page.small else 29
                high = 8 if page.small else 15
                assert page.columns * one - 1 <= page.width <= width
                assert page.rows * high <= height
                for room in (width, width - page.width - 2) if panel else (width,):
                    unit = unit_layout(room, height, small=small)
                    assert unit.bars >= 15
                    if unit.arrangement == "below":
                        assert 14 + 1 + unit.images[1] + unit.outgoing[1] <= height
                    else:
                        assert 28 + 1 + unit.bars + 1 + unit.images[0] == room
                    wanted = (14, 8) if unit.small else (28, 15)
                    assert unit.images[1] == 0 or (unit.images[0] >= wanted[0] and unit.images[1] >= wanted[1])

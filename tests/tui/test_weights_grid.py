"""The grid of the Weights view under Pilot: what it draws equals the state dict, in every order and at every size."""

from __future__ import annotations

import numpy as np

from mnist_tui.tui.render.signed_cells import LEVELS, largest, shrink, signed_levels
from mnist_tui.tui.views.weights.texts import number, signed
from mnist_tui.tui.widgets.image import ImageGrid
from mnist_tui.tui.widgets.signed_image import SignedImage
from tests.tui.conftest import screen_text
from tests.tui.weights_helpers import DEEP, FLAT, detailed, look, matrices, shown_levels, words


async def test_pictures_are_the_rows_of_the_weight_matrix(console, stored_run) -> None:
    """Catches transposed or flipped pictures, and captions that name another unit than the one drawn."""
    app = console()
    run = stored_run(DEEP)
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


async def test_orders_are_numpys_and_can_be_reversed(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
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


async def test_the_cursor_changes_pages_and_stops_at_the_ends(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)  # 40 units, ten a page
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


async def test_a_click_moves_the_cursor_and_a_second_one_opens(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await look(app, pilot, run)
        await pilot.click("#weights-grid", offset=(32, 9))
        assert view.unit == 7
        await pilot.click("#weights-grid", offset=(32, 9))
        assert view.opened
        assert view.unit == 7


async def test_deeper_layers_as_matrices(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
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


async def test_without_hidden_layers_the_pictures_are_the_classes(console, stored_run) -> None:
    app = console()
    run = stored_run(FLAT)
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


async def test_with_few_colours_signs_are_drawn_and_a_key_changes_the_style(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
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


async def test_every_size_theme_and_style_draws(console, stored_run) -> None:
    app = console()
    run = stored_run(DEEP)
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

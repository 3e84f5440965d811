"""The Mistakes view on unusual runs and terminals: perfect, untrained, diverged, training, every size and theme."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.tui.views.mistakes.detail import Detail
from mnist_tui.tui.widgets.cursor_grid import CursorGrid
from tests.tui.conftest import ENDLESS, QUICK, screen_text, until
from tests.tui.mistakes_helpers import answers, history_seed, indices, open_view


async def test_a_run_without_mistakes_explains_it_and_offers_all_images(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        # The network's own answers as the true classes: then every one is right.
        config, dataset = app.analyst.run(run.path)
        predicted = answers(run, history.best.epoch).logits.argmax(1).astype(np.uint8)
        app.analyst._runs[run.path] = config, replace(dataset, test_labels=predicted)
        view = await open_view(app, pilot, run, history)
        words = "all 297 images are correct – w shows the least confident ones"
        await until(pilot, lambda: words in screen_text(app))
        await pilot.press("down", "enter", "o", "O", "b", "i", "end", "pagedown")
        await until(pilot, lambda: words in screen_text(app))
        await pilot.press("w")
        await until(pilot, lambda: "297 of 297 right" in screen_text(app) and view.query_one(CursorGrid).pictures)
        assert "✓" in view.query_one(CursorGrid).pictures[0].caption


async def test_an_untrained_network_and_one_without_hidden_layers(console, stored) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=1, hidden=()))
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: view.data.subject.epoch == 0)
        assert len(indices(view)) == 297 - answers(run, 0).correct > 200
        await until(pilot, lambda: "nearest training images in the pixels" in screen_text(app))
        dataset = load_digits_dataset()
        train, _ = dataset.split(history_seed(run), QUICK.valid_fraction)
        pixels = dataset.images[train].reshape(len(train), -1) / (255 * dataset.std)
        query = dataset.test_images[indices(view)[0]].reshape(1, -1) / (255 * dataset.std)
        distances, nearest = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(pixels).kneighbors(query)
        found = view.query_one(Detail)._details.neighbours
        assert [neighbour.index for neighbour in found] == train[nearest[0]].tolist()
        assert np.allclose([neighbour.distance for neighbour in found], distances[0], rtol=1e-4)


async def test_a_click_moves_the_cursor_and_a_second_one_opens(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.click(CursorGrid, offset=(20, 3))
        assert view.cursor == 1
        await pilot.click(CursorGrid, offset=(20, 3))
        await until(pilot, lambda: view.query_one(Detail).display)
        assert view.cursor == 1


async def test_a_diverged_run_and_damaged_weights_do_not_break_it(console, stored) -> None:
    run, history = stored()
    path = run.checkpoint(3)
    weights = torch.load(path, weights_only=True)
    torch.save({name: torch.full_like(value, float("nan")) for name, value in weights.items()}, path)
    run.checkpoint(1).write_bytes(b"torn")
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        app.scrubber.select_run(run.path, history, growing=False)
        await app.show_run(run, history)
        app.scrubber.choose(3)
        await pilot.press("5")
        await until(pilot, lambda: "no neighbours: values are not finite" in screen_text(app))
        view = app.screen
        detail = view.query_one(Detail)
        assert [verdict.epoch for verdict in detail._details.predictions] == [0, 2, 3]
        assert view.query_one(CursorGrid).pictures[0].caption.endswith("→ 0 –")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: view.data.subject.epoch == 2)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "epoch-0001.pt" in screen_text(app))


async def test_it_follows_a_run_that_trains(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        app.training.start(ENDLESS)
        await until(pilot, lambda: len(app.training.history.epochs) > 1)
        await app.action_view("mistakes")
        await until(pilot, lambda: app.screen.data is not None)
        view, detail = app.screen, app.screen.query_one(Detail)
        epoch = view.data.subject.epoch
        await until(pilot, lambda: view.data.subject.epoch > epoch + 3)
        app.scrubber.step(-1)
        view.action_which()
        chosen = app.scrubber.subject.epoch
        await until(pilot, lambda: view.data.subject.epoch == chosen and detail._details is not None)
        last = detail._details.predictions[-1].epoch
        await until(pilot, lambda: detail._details is not None and detail._details.predictions[-1].epoch > last)
        assert view.data.subject.epoch == chosen
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_every_theme_style_and_size_draws(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(120, 30)) as pilot:
        view = await open_view(app, pilot, run, history)
        for theme in ("ansi-dark", "mnist-light", "mnist-dark"):
            app.theme = theme
            await pilot.press("i", "b")
            assert "of 297 wrong" in screen_text(app)
        for size in ((200, 60), (61, 21), (10, 3), (119, 50), (120, 20), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("enter", "right", "escape", "left")
        await until(pilot, lambda: "of 297 wrong" in screen_text(app) and view.query_one(CursorGrid).display)

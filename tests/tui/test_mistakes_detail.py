"""The details of one image in the Mistakes view: its history, its neighbours, its bars and their layout."""

from __future__ import annotations

import re
import threading
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import softmax

from mnist_tui.engine.analysis.image_details import inspect_image, sample_epochs
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.tui.views.mistakes.detail import Detail, arrange
from mnist_tui.tui.views.mistakes.texts import bar, bars_text, caption, caption_lines
from mnist_tui.tui.widgets.cursor_grid import CursorGrid
from tests.helpers import HANG
from tests.tui.conftest import QUICK, screen_text, until
from tests.tui.mistakes_helpers import answers, history_seed, indices, open_view

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def answered(detail: Detail, split: str, place: int) -> bool:
    """Whether all details of the image at a position of the list are known."""
    found, data = detail._details, detail._data
    return (
        found is not None
        and bool(found.neighbours)
        and (found.query.subject.split, found.query.position) == (split, data.positions[place])
    )


async def test_history_and_neighbours_of_an_image(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        view = await open_view(app, pilot, run, history)
        detail = view.query_one(Detail)
        for split in ("test", "train"):
            await until(pilot, lambda split=split: view.data.subject.split == split)
            await pilot.press("right")
            await until(pilot, lambda split=split: answered(detail, split, view.cursor))
            await pilot.pause()
            findings, position = detail._details, view.data.positions[1]
            assert findings.query.position == position

            assert [verdict.epoch for verdict in findings.predictions] == [0, 1, 2, 3]
            shown = screen_text(app).splitlines()
            (history_line,) = [line for line in shown if re.search(r"pred {2,}[✓✗]", line)]
            marks = re.findall(r"[✓✗]\d", history_line)
            for verdict, mark in zip(findings.predictions, marks, strict=True):
                answer = answers(run, verdict.epoch, split)
                probabilities = softmax(answer.logits[position].astype(float))
                predicted = int(probabilities.argmax())
                assert mark == f"{'✓' if predicted == answer.labels[position] else '✗'}{predicted}"
                assert verdict.confidence == pytest.approx(probabilities.max(), abs=1e-5)

            epoch = view.data.subject.epoch
            train, query = answers(run, epoch, "train"), answers(run, epoch, split).hidden[position]
            distances = np.linalg.norm(train.hidden.astype(float) - query, axis=1)
            if split == "train":
                distances[position] = np.inf
            places = np.argsort(distances, kind="stable")[:10]
            dataset = load_digits_dataset()
            file_indices = dataset.split(history_seed(run), QUICK.valid_fraction)[0][places]
            assert [neighbour.index for neighbour in findings.neighbours] == file_indices.tolist()
            captions = [picture.caption for picture in view.query_one("#detail-neighbours").pictures]
            assert captions == [f"{dataset.labels[i]} #{i}" for i in file_indices]
            for index, picture in zip(file_indices, view.query_one("#detail-neighbours").pictures, strict=True):
                assert (picture.image == dataset.images[index]).all()
            await pilot.press("v", "v")


async def test_the_grid_does_not_wait_for_the_details(console, stored, monkeypatch: pytest.MonkeyPatch) -> None:
    run, history = stored()
    gate = threading.Event()

    def slow(analyst, question, cancelled):
        assert gate.wait(HANG)
        yield from inspect_image(analyst, question, cancelled)

    monkeypatch.setattr("mnist_tui.tui.views.mistakes.detail.inspect_image", slow)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await open_view(app, pilot, run, history)
        await until(pilot, lambda: "computing nearest neighbours" in screen_text(app))
        for epoch in (2, 1, 0):
            await pilot.press("left_square_bracket")
            await until(pilot, lambda epoch=epoch: view.data.subject.epoch == epoch)
        await pilot.press("right")
        assert view.cursor == 1
        gate.set()
        await until(pilot, lambda: "nearest in the hidden layer" in screen_text(app))
        assert view.query_one(Detail)._details.query.position == view.data.positions[1]


async def test_enter_opens_the_image_over_a_narrow_grid_and_escape_goes_back(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await open_view(app, pilot, run, history)
        detail, grid = view.query_one(Detail), view.query_one(CursorGrid)
        assert grid.display
        assert not detail.display
        await pilot.press("right", "enter")
        await until(pilot, lambda: detail.display and f"image {indices(view)[1]} " in screen_text(app))
        assert not grid.display
        await until(pilot, lambda: "nearest in the hidden layer" in screen_text(app))
        await pilot.press("down")  # over the grid there is one image, so the next one
        await until(pilot, lambda: f"image {indices(view)[2]} " in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: grid.display and not detail.display)
        assert view.cursor == 2
        assert grid.cursor == 2
        await pilot.resize_terminal(140, 45)
        await until(pilot, lambda: grid.display and detail.display and detail.size.width)
        await until(pilot, lambda: f"image {indices(view)[2]} " in screen_text(app))
        assert grid.capacity()[0] == 5


def test_captions_fit_and_keep_their_numbers() -> None:
    """A long name must not push a probability out of the caption."""
    data = _Judged()
    assert caption(data, 0, "0123456789", 14) == "5 12% → 3 88%"
    assert caption(data, 1, "0123456789", 14) == "7 100% ✓"
    assert caption_lines("0123456789", 14) == 1
    assert caption_lines(FASHION, 14) == 2
    assert caption(data, 0, FASHION, 14) == "Sandal 12%\n→Dress 88%"
    assert caption(data, 2, FASHION, 14) == "T-shirt/to 10%\n→Ankle boo 90%"
    assert caption_lines(FASHION, 40) == 1


class _Judged:
    """Predictions of three images."""

    labels = np.array([5, 7, 0])
    predictions = np.array([3, 7, 9])
    correct = np.array([False, True, False])
    true_probability = np.array([0.12, 1.0, 0.1])
    confidence = np.array([0.88, 1.0, 0.9])


def test_bars_are_as_long_as_the_probabilities() -> None:
    assert bar(0.0, 8) == " " * 8
    assert bar(1.0, 8) == "█" * 8
    assert bar(0.5, 3) == "█▌ "
    assert bar(float("nan"), 4) == "    "
    colours = dict.fromkeys(("success", "error", "primary", "foreground", "secondary"), "white")
    probabilities = np.array([0.05, 0.25, 0.7] + [0.0] * 7)
    for size, columns in (((40, 10), 1), ((44, 5), 2)):
        lines = bars_text(probabilities, 1, 2, "0123456789", colours, size).plain.splitlines()
        assert len(lines) == 10 // columns
        assert {len(line) for line in lines} == {size[0]}
    assert lines[1].startswith("✓ 1")
    assert lines[2].startswith("✗ 2")


def test_the_parts_of_the_panel_are_inside_it_and_do_not_overlap() -> None:
    """From 60×20's panel up, no part hides another or is cut."""
    for width in range(40, 200):
        for height in range(16, 60):
            places = arrange(width, height)
            regions = [places.image, places.facts, places.bars, places.heading, places.neighbours, places.history]
            shown = [region for region in regions if region.area]
            for region in shown:
                assert 0 <= region.x <= region.right <= width
                assert 0 <= region.y <= region.bottom <= height, (width, height, places)
            for i, region in enumerate(shown):
                assert not any(region.overlaps(other) for other in shown[:i])
            assert len(shown) >= 5


def test_many_epochs_are_thinned_out_and_keep_the_ends_and_the_current_one() -> None:
    for count in (1, 2, 10, 11, 12, 100, 999):
        epochs = list(range(count))
        for room in (3, 10, 37):
            for current in (0, count // 3, count - 1):
                chosen = sample_epochs(epochs, current, room)
                assert len(chosen) <= room
                assert {0, count - 1, current} <= set(chosen)
                assert all(a < b for a, b in pairwise(chosen))


@pytest.mark.parametrize("size", [(120, 40), (132, 40), (160, 45)])
async def test_the_detail_beside_the_grid_is_shown_with_the_first_page(console, size) -> None:
    app = console(QUICK)
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished and not app.training.is_running)
        await pilot.press("4", "5")
        await until(pilot, lambda: app.current_mode == "mistakes" and "margin" in screen_text(app))

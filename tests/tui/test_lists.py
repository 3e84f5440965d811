"""Lists are entered: the item under the cursor opens, the right one by its data, and esc leads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.keys import TABLE
from mnist_tui.tui.views.data.enlarged import Enlarged
from mnist_tui.tui.views.mistakes.detail import Detail
from mnist_tui.tui.views.mistakes.view import MistakesView
from mnist_tui.tui.widgets.epoch_table import EpochTable
from mnist_tui.tui.widgets.pick_grid import PickGrid
from mnist_tui.tui.widgets.pick_lines import PickLines
from tests.tui.conftest import screen_text, shows, until
from tests.tui.mistakes_helpers import answers, drawn, indices, open_view
from tests.tui.stored_run import write_run
from tests.tui.test_snapshots import store_imagined

SIZES = [(160, 45), (80, 24)]


async def opened(app, pilot, run: RunFolder, history: History, mode: str):
    await app.show_run(run, history)
    await app.action_view(mode)
    await until(pilot, lambda: app.current_mode == mode and app.screen.data is not None)
    await pilot.pause()
    return app.screen


def footer(app) -> str:
    return screen_text(app).splitlines()[-1]


@pytest.mark.parametrize("size", [*SIZES, (60, 20)])
@pytest.mark.parametrize("both", [False, True])
async def test_a_confused_pair_opens_its_images(console, stored, size: tuple[int, int], both: bool) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=1, hidden=(16,)))
    answer = answers(run, history.best.epoch)
    labels, predicted = answer.labels.astype(int), answer.logits.argmax(1)
    counts = confusion_matrix(labels, predicted, labels=range(10))
    np.fill_diagonal(counts, 0)
    cells = np.triu(counts + counts.T) if both else counts
    order = sorted(((i, j) for i in range(10) for j in range(10) if cells[i, j]), key=lambda cell: -cells[cell])
    a, b = order[4]
    wanted = (labels == a) & (predicted == b)
    if both:
        wanted |= (labels == b) & (predicted == a)
    app = console()
    async with app.run_test(size=size) as pilot:
        view = await opened(app, pilot, run, history, "confusion")
        assert "tab list" in footer(app)
        await pilot.press(*(["u"] if both else []), "tab", *["down"] * 4)
        assert view.cell == (a, b)
        assert "enter open" in footer(app)
        assert "esc back" in footer(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "mistakes" and app.screen.data is not None)
        assert sorted(indices(app.screen)) == np.flatnonzero(wanted).tolist()
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "confusion")
        assert view.query_one(PickLines).has_focus
        await pilot.press("escape", "down")
        assert view.cell == (min(9, a + 1), b)


async def test_all_pairs_are_reached_though_only_a_page_of_them_is_shown(console, stored) -> None:
    run, history = stored(RunConfig(dataset="digits", epochs=1, hidden=(16,)))
    app = console()
    async with app.run_test(size=(60, 20)) as pilot:
        view = await opened(app, pilot, run, history, "confusion")
        pairs = view.query_one(PickLines)
        await pilot.press("tab")
        seen = set()
        for _ in range(len(pairs.items)):
            assert pairs.items[pairs.cursor].plain.split()[0] in pairs.render().plain
            seen.add(view.cell)
            await pilot.press("down")
        assert len(seen) == len(pairs.items) > 6


@pytest.mark.parametrize("size", SIZES)
async def test_a_neighbour_opens_as_the_training_image_that_it_is(console, stored, size: tuple[int, int]) -> None:
    run, history = stored()
    dataset = load_digits_dataset()
    app = console()
    async with app.run_test(size=size) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("right", "right")
        start = indices(view)[2]
        before = screen_text(app)
        await pilot.press("enter")
        assert screen_text(app) != before
        detail = view.query_one(Detail)
        await until(pilot, lambda: detail.neighbours and "enter neighbours" in footer(app))
        wanted = detail.neighbours[1].index
        await pilot.press("enter", "right")
        assert "enter open" in footer(app)
        await pilot.press("enter")
        await until(pilot, lambda: view.data.subject.split == "train" and view.data.spec.filter == f"index:{wanted}")
        assert indices(view) == [wanted]
        large = view.query_one("#detail-image").pictures[0].image
        step = len(large) // 28  # doubled in braille
        assert (large[::step, ::step] == dataset.images[wanted]).all()
        assert view.has_class("-detail-open")
        await until(pilot, lambda: detail.neighbours)
        further = detail.neighbours[0].index
        await pilot.press("enter", "enter")  # neighbours of the neighbour
        await until(pilot, lambda: indices(view) == [further])
        await pilot.press("escape")
        await until(pilot, lambda: indices(view) == [wanted])
        await pilot.press("escape")
        await until(pilot, lambda: view.data.subject.split == "test" and view.data.spec.filter == "")
        assert indices(view)[view.cursor] == start
        assert view.has_class("-detail-open")
        await pilot.press("escape")
        assert not view.has_class("-detail-open")
        assert app.current_mode == "mistakes"


@pytest.mark.parametrize("size", SIZES)
async def test_an_image_that_excites_a_unit_opens(console, stored, size: tuple[int, int]) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=size) as pilot:
        view = await opened(app, pilot, run, history, "weights")
        await pilot.press("right", "right", "enter")
        await until(pilot, lambda: view.data.detail is not None and view.data.detail.unit == 2)
        await until(pilot, lambda: "enter images" in footer(app))
        await pilot.press("enter", "right")
        wanted = int(view.data.detail.indices[1])
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "mistakes" and app.screen.data is not None)
        assert indices(app.screen) == [wanted]
        assert app.screen.has_class("-detail-open")
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "weights")
        assert view.query_one("#unit-image-grid", PickGrid).has_focus
        assert view.unit == 2
        await pilot.press("escape", "escape")
        assert not view.opened


async def test_a_point_of_the_projection_opens_as_an_image_and_esc_returns(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, run, history, "projection")
        await until(pilot, lambda: view.data.points is not None)
        wanted = int(view.data.indices[view.query_one("#scatter").cursor])
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "mistakes" and app.screen.data is not None)
        assert indices(app.screen) == [wanted]
        assert app.screen.has_class("-detail-open")
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "projection")


async def test_the_training_image_nearest_to_an_imagined_one_opens(console) -> None:
    folder = write_run(Path("runs"))
    store_imagined(folder)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, folder, History.of(folder.events()), "imagine")
        assert "enter nearest" in footer(app)
        wanted = view.data.pictures["smooth", 3].nearest.index
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "mistakes" and app.screen.data is not None)
        await until(pilot, lambda: app.screen.data.subject.split == "train" and indices(app.screen) == [wanted])
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "imagine" and app.scrubber.split == "test")
        await pilot.press("right")
        assert "enter nearest" not in footer(app)


async def test_a_link_restores_the_filter_that_was_typed(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await open_view(app, pilot, run, history)
        await pilot.press("slash", *"true:3,5,8", "enter")
        await drawn(pilot, view, filter="true:3,5,8")
        listed = indices(view)
        await pilot.press("4")
        await until(pilot, lambda: app.current_mode == "confusion" and app.screen.data is not None)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "mistakes")
        await pilot.press("4", "down", "enter")  # a second link, without leaving the first one
        await until(pilot, lambda: app.current_mode == "mistakes")
        await drawn(pilot, view, filter="true:1 pred:0", which="all")
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "confusion")
        await pilot.press("5")
        await drawn(pilot, view, filter="true:3,5,8", which="wrong")
        assert indices(view) == listed
        assert view.query_one("#mistakes-filter").value == "true:3,5,8"


async def test_an_epoch_of_the_table_becomes_the_subject_of_the_views(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show_run(run, history)
        table = app.screen.query_one(EpochTable)
        await until(pilot, lambda: table.row_count == 3)
        assert "enter epoch" in footer(app)
        await pilot.press("enter", "up", "up")
        assert "esc back" in footer(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "confusion" and app.screen.data is not None)
        assert app.screen.subject.epoch == 1
        assert not app.scrubber.follows


async def test_an_epoch_without_weights_says_so(console, stored) -> None:
    run, history = stored()
    run.checkpoint(3).unlink()
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show_run(run, history)
        table = app.screen.query_one(EpochTable)
        await until(pilot, lambda: table.row_count == 3)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: any("weights of epoch 3" in note.message for note in app._notifications))
        assert app.current_mode == "training"
        await pilot.press("escape")
        assert table.cursor is None


@pytest.mark.parametrize("size", [*SIZES, (60, 20)])
async def test_an_image_of_the_data_set_is_enlarged(console, size: tuple[int, int]) -> None:
    dataset = load_digits_dataset()
    app = console()
    async with app.run_test(size=size) as pilot:
        await pilot.press("2")
        view = app.screen
        await until(pilot, lambda: view.data is not None)
        assert "enter images" in footer(app) or size[0] < 80
        await pilot.press("enter", "right", "enter")
        await until(pilot, lambda: isinstance(app.screen, Enlarged))
        index = int(view.data.indices[1])
        await shows(pilot, f"class {dataset.labels[index]}", f"index in the file {index}", "digits training images")
        stored, augmented = (app.screen.query_one(f"#enlarged-{name}").pictures[0] for name in ("stored", "augmented"))
        assert (stored.image == dataset.images[index]).all()
        assert (augmented.image == view.data.augmented[1]).all()
        await pilot.press("right")
        assert (app.screen.query_one("#enlarged-stored").pictures[0].image == view.data.stored[2]).all()
        await pilot.press("escape", "escape", "right")
        await until(pilot, lambda: view._page.first > 0)


async def test_a_compared_run_opens(console, stored) -> None:
    run, _ = stored()
    other, _ = stored(RunConfig(dataset="digits", epochs=1, hidden=(16,)))
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one("#run-table").row_count == 2)
        await pilot.press("home", "m", "m", "c")
        await until(pilot, lambda: app.screen.MODE == "compare")
        legend = app.screen.query_one(PickLines)
        await pilot.press("tab", "down")
        name = next(folder.name for folder in (run, other) if folder.name in legend.items[legend.cursor].plain)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "training" and app.scrubber.folder.name == name)
        assert len(app.screen_stack) == 1


def test_every_enter_key_of_a_view_is_named_in_the_footer() -> None:
    for scope, keys in TABLE.items():
        for key in keys:
            assert "enter" not in key.keys.split(",") or key.label, scope


async def test_a_click_and_a_double_click(console, stored) -> None:
    run, history = stored()
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, run, history, "confusion")
        pairs = view.query_one(PickLines)
        await pilot.click("#pairs", offset=(4, 3))
        assert pairs.cursor == 2
        assert app.current_mode == "confusion"
        await pilot.double_click("#pairs", offset=(4, 2))
        await until(pilot, lambda: app.current_mode == "mistakes")
        assert isinstance(app.screen, MistakesView)
        assert app.screen.spec.filter == f"true:{view.cell[0]} pred:{view.cell[1]}"

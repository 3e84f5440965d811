"""The Confusion view and the scrubber that all views follow."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.style import Style
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score
from textual.color import Color

from mnist_tui.engine.analysis.confusion import ConfusionData, confusion
from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.views.confusion import matrix_table, shade
from mnist_tui.tui.widgets.subject_bar import SubjectBar, shown_epochs
from tests.tui.conftest import ENDLESS, QUICK, screen_text, until


async def open_confusion(app, pilot) -> None:
    await pilot.press("9")
    await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
    await pilot.press("enter")
    await until(pilot, lambda: app.current_mode == "training")
    await pilot.press("4")
    await until(pilot, lambda: app.current_mode == "confusion" and app.screen.data is not None)


async def test_the_matrix_equals_scikit_learns(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=(160, 45)) as pilot:
        await open_confusion(app, pilot)
        subject = app.scrubber.subject
        evaluation = app.analyst.evaluation(subject)
        truth, predicted = evaluation.labels, evaluation.logits.argmax(axis=1)
        matrix = app.screen.data.matrix
        assert (matrix.counts == confusion_matrix(truth, predicted, labels=range(10))).all()
        options = {"average": None, "labels": range(10), "zero_division": np.nan}
        assert np.allclose(matrix.recall, recall_score(truth, predicted, **options), equal_nan=True)
        assert np.allclose(matrix.precision, precision_score(truth, predicted, **options), equal_nan=True)
        assert np.allclose(matrix.f1, f1_score(truth, predicted, **options), equal_nan=True)
        shown = screen_text(app)
        for count in matrix.counts.diagonal():
            assert f" {count} " in shown
        assert f"{matrix.correct} of 297" in shown


async def test_the_cursor_stays_in_the_matrix_and_its_cell_is_described(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_confusion(app, pilot)
        view = app.screen
        await pilot.press("up", "left")
        assert view.cell == (0, 0)
        await pilot.press(*["down"] * 12, "right")
        assert view.cell == (9, 1)
        count = view.data.matrix.counts[9, 1]
        assert f"9 → 1: {count}," in screen_text(app)
        await pilot.press("p")
        assert f"{view.data.matrix.shares[0, 0] * 100:.1f}" in screen_text(app)
        await pilot.press("u")
        assert "both directions" in screen_text(app)


async def test_scrubbing_steps_through_the_epochs_and_splits_and_follows_again(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_confusion(app, pilot)
        view, best = app.screen, app.scrubber.best
        assert app.scrubber.subject.epoch == best
        assert "digits test images" in screen_text(app)
        accuracies = {}
        for epoch in range(best, -1, -1):
            await until(pilot, lambda epoch=epoch: view.query_one(SubjectBar).subject.epoch == epoch)
            await until(pilot, lambda epoch=epoch: view._request_key[0].epoch == epoch and not view.is_computing)
            accuracies[epoch] = view.data.matrix.accuracy
            await pilot.press("left_square_bracket")
        assert app.scrubber.subject.epoch == 0
        assert accuracies[best] > accuracies[0] + 0.2
        await pilot.press("f")
        assert app.scrubber.subject.epoch == best
        await pilot.press("v")
        await until(pilot, lambda: view.data.matrix.total == 150)
        assert "digits validation images" in screen_text(app)
        await pilot.press("v")
        await until(pilot, lambda: view.data.matrix.total == 1350)


async def test_a_class_without_images_has_dashes(console) -> None:
    app = console()
    async with app.run_test():
        variables = app.theme_variables
    data = ConfusionData(confusion(np.array([1, 1, 2]), np.array([1, 3, 1]), 4), ("a", "b", "c", "d"))
    output = Console(width=100)
    with output.capture() as capture:
        output.print(matrix_table(data, (0, 0), (6, 1), True, variables))
    rows = {line.split()[0]: line.split()[1:] for line in capture.get().splitlines()}
    assert [rows[name][-1] for name in "ad"] == ["–", "–"]
    assert rows["precision"] == ["–", "50.0", "–", "0.0"]
    assert rows["F1"] == ["–", "50.0", "0.0", "0.0"]


async def test_a_growing_run_is_followed_until_the_user_scrubs(console) -> None:
    app = console(ENDLESS)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.epochs)
        await pilot.press("4")
        await until(pilot, lambda: app.screen.data is not None)
        first = app.scrubber.subject.epoch
        await until(pilot, lambda: app.scrubber.subject.epoch > first)
        await pilot.press("left_square_bracket")
        held = app.scrubber.subject.epoch
        seen = len(app.training.history.epochs)
        await until(pilot, lambda: len(app.training.history.epochs) > seen + 2)
        assert app.scrubber.subject.epoch == held
        await pilot.press("f")
        assert app.scrubber.subject.epoch > held
        app.training.thread.control.stop()
        await until(pilot, lambda: not app.training.is_running)


async def test_a_missing_checkpoint_is_one_line(console, stored_run) -> None:
    stored_run(QUICK)
    for epoch in range(4):
        stored_runs(Path("runs"))[0].checkpoint(epoch).write_bytes(b"broken")
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
        await pilot.press("enter", "4")
        await until(pilot, lambda: "is damaged" in screen_text(app))


async def test_without_a_run_every_view_explains_what_to_do(console) -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        for digit in "45678":
            await pilot.press(digit)
            await until(pilot, lambda: "no run is open" in screen_text(app))


@pytest.mark.parametrize("hidden", [(), (8,), (12, 8, 6)])
async def test_any_architecture_can_be_shown(console, stored_run, hidden: tuple[int, ...]) -> None:
    stored_run(RunConfig(dataset="digits", epochs=1, hidden=hidden))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_confusion(app, pilot)
        assert app.screen.data.matrix.total == 297


def test_the_scrubber_stays_within_the_stored_epochs(stored_run) -> None:
    stored_run(QUICK)
    folder = stored_runs(Path("runs"))[0]
    scrubber = Scrubber(lambda message: None)
    scrubber.step(1)
    assert scrubber.subject is None
    scrubber.select_run(folder.path, History.of(folder.events()), growing=False)
    scrubber.step(100)
    assert scrubber.subject.epoch == 3
    scrubber.step(-100)
    assert scrubber.subject.epoch == 0
    scrubber.select_run(folder.path.parent / "other", History(), growing=False)
    assert scrubber.subject is None
    assert scrubber.follows


def test_a_growing_run_is_scanned_at_its_end_and_not_all_the_time(stored_run, monkeypatch) -> None:
    stored_run(QUICK)
    folder = stored_runs(Path("runs"))[0]
    history, newest, hidden = History.of(folder.events()), folder.checkpoint(3), Path("hidden.pt")
    newest.rename(hidden)
    scrubber = Scrubber(lambda message: None)
    monkeypatch.setattr("mnist_tui.tui.state.scrubber.SCAN_SHARE", 1e-9)
    scrubber.select_run(folder.path, history, growing=True)
    hidden.rename(newest)
    scrubber.select_run(folder.path, history, growing=True)
    assert scrubber.subject.epoch == 2, "it was looked through just now"
    scrubber.select_run(folder.path, history, growing=False)
    assert scrubber.epochs == (0, 1, 2, 3)
    monkeypatch.setattr("mnist_tui.tui.state.scrubber.SCAN_SHARE", 1e9)
    newest.rename(hidden)
    scrubber.select_run(folder.path, history, growing=False)
    hidden.rename(newest)
    scrubber.select_run(folder.path, history, growing=True)
    assert scrubber.subject.epoch == 3


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("room", [8, 20, 40, 80])
@pytest.mark.parametrize(("count", "current"), [(1, 0), (11, 10), (201, 57), (2001, 1999)])
def test_the_shown_epochs_fit_and_include_the_current_one(count: int, current: int, room: int) -> None:
    shown = shown_epochs(tuple(range(count)), current, best=min(7, count - 1), room=room)
    numbers = [epoch for epoch in shown if epoch is not None]
    assert current in numbers
    assert numbers == sorted(set(numbers))
    for a, b in itertools.pairwise(shown):
        assert not (a is None and b is None)
        if a is not None and b is not None:
            assert b == a + 1
    if room >= 40:
        assert sum(len(str(epoch)) + 1 for epoch in numbers) <= room + 10


def test_a_deeper_shade_is_bluer_and_stays_readable() -> None:
    variables = {"background": "#000000", "primary": "#0000ff"}
    blues = [shade(depth, variables, "primary").bgcolor.triplet.blue for depth in (0.0, 0.3, 1.0)]
    assert blues == sorted(blues)
    assert blues[0] == 0
    assert blues[-1] == 255


def test_few_colours_have_three_levels() -> None:
    variables = {"background": "#000000", "error": "#ff5555"}
    none, small, large = (shade(depth, variables, "error", few=True) for depth in (0.0, 0.2, 1.0))
    assert none == Style()
    assert small.color == large.color != none.color
    assert not small.reverse
    assert large.reverse


def typical() -> ConfusionData:
    """1,000 images per class; of the second one 1 is taken for the first class and 16 for the third one."""
    labels = np.repeat([0, 1, 2], 1000)
    predictions = labels.copy()
    predictions[1000:1017] = [0] + [2] * 16
    return ConfusionData(confusion(labels, predictions, 3), ("a", "b", "c"))


def test_errors_have_a_scale_of_their_own() -> None:
    matrix = typical().matrix
    assert matrix.largest_error_share == pytest.approx(0.016)
    assert matrix.shades == pytest.approx(np.array([[1, 0, 0], [0.25, 0.983, 1], [0, 0, 1]]))


def test_without_errors_or_images_no_cell_is_an_error() -> None:
    for labels in ([0, 1, 2], []):
        matrix = confusion(np.array(labels, int), np.array(labels, int), 3).shades
        assert matrix.tolist() == np.diag([float(bool(labels))] * 3).tolist()


@pytest.mark.parametrize("theme", ["mnist-dark", "mnist-light", "nord", "solarized-light"])
async def test_a_single_error_is_visible_beside_the_diagonal(console, theme) -> None:
    app = console()
    async with app.run_test():
        app.theme = theme
        variables = app.theme_variables
    output = Console(width=100)
    table = matrix_table(typical(), (2, 2), (6, 1), False, variables)
    rows = [[segment for segment in line if segment.text.strip()] for line in output.render_lines(table)]
    (single,) = [segment for segment in rows[2] if segment.text.split()[-1:] == ["1"]]
    (hit,) = [segment for segment in rows[2] if segment.text.split()[-1:] == ["983"]]
    paper = Color.parse(variables["background"])
    single_ground, hit_ground = (Color.from_rich_color(each.style.bgcolor) for each in (single, hit))
    assert distance(single_ground, paper) > 15
    assert distance(single_ground, hit_ground) > 60


def distance(a: Color, b: Color) -> float:
    return math.dist(a.rgb, b.rgb)


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_the_legend_states_both_scales(console, stored_run, size) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=size) as pilot:
        await open_confusion(app, pilot)
        largest = app.screen.data.matrix.largest_error_share
        assert largest > 0
        assert "■ recall, to 100 %" in screen_text(app)
        assert f"■ errors, to {percent(largest, 1)} of the row" in screen_text(app)


async def test_no_confusion_is_reported_as_text_and_cannot_be_entered(console, stored_run) -> None:
    stored_run(QUICK)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_confusion(app, pilot)
        view = app.screen
        labels = np.repeat(np.arange(10), 3)
        view.data = replace(view.data, matrix=confusion(labels, labels, 10))
        view.draw(view.data)
        await until(pilot, lambda: "no confusions" in screen_text(app))
        await pilot.press("tab")
        assert app.focused is None

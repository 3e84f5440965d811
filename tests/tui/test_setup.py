"""The form of a new run: what a recipe sets, which changes are named, and what is offered after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.widgets import Input

from mnist_tui.engine import session
from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.engine.errors import DataError
from mnist_tui.engine.events import Event
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.state.resume import resume_offer
from mnist_tui.tui.state.shown_run import ShownRun
from mnist_tui.tui.state.training_thread import FollowingThread
from mnist_tui.tui.views.setup.view import LABELS
from mnist_tui.tui.widgets.dialogs import Question
from mnist_tui.tui.widgets.fields import Choice
from tests.tui.conftest import screen_text, until
from tests.tui.stored_run import write_run


def shown(app: MnistTui, name: str) -> str:
    """Return the value of a field of the form."""
    field = app.screen.query_one(f"#{name}")
    assert isinstance(field, Input | Choice)
    return field.value


async def test_a_recipe_sets_its_settings_and_keeps_data_seed_and_device(console) -> None:
    app = console(RunConfig(dataset="digits", seed=7, device="cpu", threads=1))
    async with app.run_test(size=(132, 44)) as pilot:
        app.screen.query_one("#recipe").focus()
        for recipe in list(RECIPES)[1:]:
            await pilot.press("right")
            await until(pilot, lambda name=recipe: app.screen.config is not None and app.screen.config.recipe == name)
            expected = RunConfig.from_recipe(recipe, dataset="digits", seed=7, device="cpu", threads=1)
            assert app.screen.config == expected
            assert RECIPES[recipe].title in screen_text(app)
            assert "changed:" not in screen_text(app)
        for name, setting in SETTINGS.items():
            if setting.in_form:
                assert setting.parse(shown(app, name) or setting.kind.placeholder) == getattr(expected, name)
        await pilot.press(*["left"] * (len(RECIPES) - 1))
        await until(pilot, lambda: app.screen.config.recipe == "notebook")
        assert app.screen.config == RunConfig(dataset="digits", seed=7, device="cpu", threads=1)


async def test_changed_settings_are_named(console) -> None:
    app = console(RunConfig.from_recipe("best", dataset="digits"))
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        app.screen.query_one("#epochs", Input).value = "7"
        app.screen.query_one("#elastic", Input).value = "0.25"
        app.screen.query_one("#schedule", Choice).value = "cosine"
        await until(pilot, lambda: "changed: Epochs, Schedule, Elastic distortion" in screen_text(app))
        config = app.screen.config
        assert (config.recipe, config.epochs, config.elastic, config.schedule) == ("best", 7, 0.25, "cosine")


async def test_a_wrong_number_is_marked_and_explained(console) -> None:
    app = console()
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        app.screen.query_one("#fade", Input).value = "1.5"
        await until(pilot, lambda: app.screen.config is None)
        assert "must be a number from 0 to 1" in screen_text(app)


async def test_the_forms_data_folder_applies_to_every_view(console, tmp_path: Path) -> None:
    app = console()
    async with app.run_test(size=(132, 44)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)  # by then the form has its first values
        folder = app.screen.query_one("#data_dir", Input)
        folder.value = str(tmp_path / "mine")
        await until(pilot, lambda: app.analyst.data_dir == str(tmp_path / "mine"))
        folder.value = "~no-such-user/data"
        await until(pilot, lambda: app.screen.config is None)
        assert "home folder not found" in screen_text(app)
        assert app.analyst.data_dir == str(tmp_path / "mine")
        folder.value = ""
        await until(pilot, lambda: app.screen.config is not None)
        assert app.analyst.data_dir is None


async def test_retrying_searches_for_devices_and_typing_a_folder_does_not(console, monkeypatch) -> None:
    app = console()
    async with app.run_test(size=(132, 44)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        looked = []
        monkeypatch.setattr(app.devices, "detect", lambda: looked.append(True))
        app.screen.query_one("#data_dir", Input).value = "elsewhere"
        await until(pilot, lambda: app.analyst.data_dir == "elsewhere")
        assert not looked
        await pilot.press("r")
        await until(pilot, lambda: looked)


async def test_a_resume_without_data_is_retried_as_a_resume(console, monkeypatch) -> None:
    folder = write_run(Path("runs"))
    tried = []

    def refused(run: RunFolder, *, epochs: int, **_: Any) -> Iterator[Event]:
        tried.append((run.name, epochs))
        raise DataError("the images are gone")

    monkeypatch.setattr(session, "resume", refused)
    app = console(RunConfig(dataset="digits", hidden=(16,), epochs=1))
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        history = History.of(folder.events())
        app.resumption.resume(resume_offer(folder, history), 5)
        for times in (1, 2):
            await until(pilot, lambda: isinstance(app.screen, Question))
            assert tried == [(folder.name, 5)] * times
            assert "the images are gone" in screen_text(app)
            assert not app.screen.query("#digits")
            await pilot.click("#retry")
            await until(pilot, lambda times=times: len(tried) > times)
    assert [run.name for run in stored_runs(Path("runs"))] == [folder.name]


async def test_an_old_failure_is_not_shown_for_a_followed_run(console) -> None:
    app = console()
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        app.training.failure = DataError("the images are gone")
        assert app.training.status == ("✕ failed", "error")
        folder = RunFolder(Path("runs") / "elsewhere")
        app.training.shown = ShownRun(folder, History(), FollowingThread(app.post_message, folder, 0))  # never started
        assert app.training.status == ("● starting", "accent")
        app.training.shown = None


async def test_nothing_of_the_form_is_cut_off_at_80_columns(console) -> None:
    app = console(RunConfig(dataset="fashion-mnist"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        await pilot.pause()
        form, summary = (app.screen.query_one(name) for name in ("#form", "#summary-pane"))
        rows = set()
        for scroll in (form.scroll_home, form.scroll_end):  # there may be more fields than rows
            scroll(animate=False)
            await pilot.pause()
            lines = screen_text(app).splitlines()[form.region.y + 1 : form.region.bottom - 1]
            rows |= {line[form.region.x + 1 : form.region.right - 1] for line in lines}
        for label in LABELS.values():
            assert any(row.startswith(label + "  ") for row in rows)
        assert not [row for row in rows if "…" in row]
        for recipe in RECIPES:
            await until(pilot, lambda name=recipe: app.screen.config.recipe == name)
            lines = [line[summary.region.x :] for line in screen_text(app).splitlines()[: summary.region.bottom]]
            assert any(line.startswith("│cpu: ") for line in lines)
            await pilot.press("right")

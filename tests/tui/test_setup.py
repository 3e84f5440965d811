"""The form of a new run: what a recipe fills in, what it leaves alone, and what the form says of it."""

from __future__ import annotations

from textual.widgets import Input

from engine.config import RunConfig
from engine.recipes import RECIPES
from tests.tui.conftest import screen_text, until
from tui.app import MnistTui
from tui.views.setup import LABELS, NUMBERS, WHOLE
from tui.widgets.fields import Choice


def shown(app: MnistTui, name: str) -> str:
    """What a field of the form holds."""
    field = app.screen.query_one(f"#{name}")
    assert isinstance(field, Input | Choice)
    return field.value


async def test_a_recipe_fills_in_its_settings_and_leaves_data_seed_and_machine(console) -> None:
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
        for name in (*WHOLE, *NUMBERS):
            assert float(shown(app, name)) == getattr(expected, name)
        await pilot.press(*["left"] * (len(RECIPES) - 1))
        await until(pilot, lambda: app.screen.config.recipe == "notebook")
        assert app.screen.config == RunConfig(dataset="digits", seed=7, device="cpu", threads=1)


async def test_what_was_changed_is_said(console) -> None:
    app = console(RunConfig.from_recipe("best", dataset="digits"))
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        app.screen.query_one("#epochs", Input).value = "7"
        app.screen.query_one("#elastic", Input).value = "0.25"
        app.screen.query_one("#schedule", Choice).value = "cosine"
        await until(
            pilot, lambda: f"changed: {LABELS['epochs']}, {LABELS['schedule']}, {LABELS['elastic']}" in screen_text(app)
        )
        config = app.screen.config
        assert (config.recipe, config.epochs, config.elastic, config.schedule) == ("best", 7, 0.25, "cosine")


async def test_a_wrong_number_is_marked_and_explained(console) -> None:
    app = console()
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        app.screen.query_one("#fade", Input).value = "1.5"
        await until(pilot, lambda: app.screen.config is None)
        assert "must be a number from 0 to 1" in screen_text(app)

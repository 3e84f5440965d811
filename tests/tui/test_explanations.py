"""The help says what a view shows and what its numbers mean."""

import re

import pytest

from mnist_tui.tui.keys import TABLE, VIEWS
from mnist_tui.tui.render.explanations import EXPLANATIONS
from tests.tui.conftest import screen_text, until


def test_every_view_is_explained_in_two_or_three_sentences() -> None:
    assert {view.mode for view in VIEWS} | {"compare"} == EXPLANATIONS.keys()
    assert EXPLANATIONS.keys() <= TABLE.keys()
    for explanation in EXPLANATIONS.values():
        assert 2 <= len(re.findall(r"[.!?](?: |$)", explanation.about)) <= 3, explanation.about
        assert all(term and meaning for term, meaning in explanation.terms)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 45)])
async def test_the_help_begins_with_the_explanation(console, size) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await pilot.press("escape", "4", "question_mark")
        await until(pilot, lambda: app.screen.is_modal)
        await until(pilot, lambda: "How often each class was predicted" in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: "command palette" in screen_text(app))
        if size[1] == 45:
            await pilot.press("home")
            await until(pilot, lambda: "harmonic mean" in screen_text(app))

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


def test_every_number_is_explained_in_two_or_three_sentences() -> None:
    for mode, explanation in EXPLANATIONS.items():
        assert explanation.terms, mode
        for term, meaning in explanation.terms:
            assert 2 <= len(re.findall(r"[.!?](?: |$)", meaning)) <= 3, (mode, term)


@pytest.mark.parametrize(
    ("mode", "labels"),
    [
        ("training", ("★", "loss", "accuracy", "95 % CI", "test")),
        ("confusion", ("recall", "precision", "F1", "95 % CI")),
        ("mistakes", ("confidence", "loss", "margin", "nearest", "pred", "conf", "distance")),
        (
            "projection",
            ("k-NN accuracy", "silhouette", "trustworthiness", "Procrustes R²", "variance", "KL"),
        ),
        ("imagine", ("probability", "nearest", "distance")),
        ("weights", ("norm", "I", "bias", "active", "activation", "outgoing")),
        ("runs", ("★", "test", "valid", "died")),
    ],
)
def test_the_numbers_on_a_view_are_among_the_explained_ones(mode: str, labels: tuple[str, ...]) -> None:
    explained = {part for term, _ in EXPLANATIONS[mode].terms for part in (term, *term.split(", "))}
    assert set(labels) <= explained

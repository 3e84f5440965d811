"""Search for imagined digits as a background job of the Imagine view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mnist_tui.engine.analysis.imagined import Imagined, Method
from mnist_tui.engine.analysis.stored_answers import search_digits
from mnist_tui.engine.analysis.subject import Analyst, Network, Subject
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import Version
from mnist_tui.tui.state.jobs import Job

Pictures: TypeAlias = dict[tuple[Method, int], Imagined]
Weights: TypeAlias = tuple[Network, Version]
"""A network and the version of its weights, which a resumed training may replace."""


@dataclass(frozen=True, slots=True)
class SearchResults:
    """Results of a search so far."""

    about: Weights
    pictures: Pictures
    problems: tuple[str, ...] = ()
    """Why some results could not be stored."""


def search(
    job: Job, analyst: Analyst, subject: Subject, about: Weights, digits: tuple[int, ...], budget: int
) -> SearchResults:
    """Imagine digits by all methods, report intermediate results, and return the stored ones.

    Raises `RunError` or `DataError` if the run or its data can't be read, or the weights are not finite.
    """
    pictures: Pictures = {}
    problems: dict[str, None] = {}
    try:
        for step in search_digits(analyst, subject, digits, images=budget, stopping=lambda: job.stopping):
            found = step.imagined
            pictures[found.method, found.digit] = found
            if step.stored is not None and step.stored.problem:
                problems[f"not stored ({step.stored.problem})"] = None
            job.report(SearchResults(about, dict(pictures)))
    except ValueError as error:
        raise RunError(str(error)) from error
    return SearchResults(about, pictures, tuple(problems))

"""The text of a view that has nothing to show: why, what it will show, and which keys get there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from rich.text import Text

from mnist_tui.tui.render.explanations import EXPLANATIONS
from mnist_tui.tui.render.texts import printable

Steps: TypeAlias = Sequence[tuple[str, str]]
"""Keys, and what they lead to."""
NEW_RUN = ("n", "new run")
RUNS = ("9", "stored runs")


def empty_text(state: str, mode: str, steps: Steps, colours: Mapping[str, str]) -> Text:
    """Return the text of an empty view.

    Args:
        state: why it is empty.
        mode: of the view, whose explanation says what it will show.
        steps: keys that lead out of the emptiness.
    """
    text = Text()
    text.append(state, f"bold {colours['foreground']}")
    text.append(f"\n\n{EXPLANATIONS[mode].about}", colours["secondary"])
    if steps:
        text.append("\n")
    for key, label in steps:
        text.append(f"\n{key}", f"bold {colours['accent']}")
        text.append(f"  {label}", colours["foreground"])
    return text


def run_steps(newest: str, count: int, *, live: bool) -> Steps:
    """Return the steps of a view without a run.

    Args:
        newest: name of the newest run, or empty if there is none.
        count: number of stored runs.
        live: whether the newest run is in training.
    """
    if not newest:
        return (NEW_RUN,) if not count else (RUNS, NEW_RUN)
    name = printable(newest, 40)
    opened = f"follow {name}, which is in training" if live else f"open the newest run, {name}"
    return ("o", opened), ("9", f"all {count:,} stored runs" if count > 1 else "stored runs"), NEW_RUN

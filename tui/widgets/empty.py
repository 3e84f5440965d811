"""Widget of a view that has nothing to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from mnist_tui.tui.render.empty_texts import NEW_RUN, RUNS, Steps, empty_text, run_steps
from mnist_tui.tui.render.palette import rich_colours

if TYPE_CHECKING:
    from mnist_tui.tui.state.newest_run import StoredRuns


class Empty(Static):
    """Says why a view is empty, what it will show and which keys get there; covers what lies below it.

    Covered widgets remain laid out, so that they have a size when they are drawn.
    """

    DEFAULT_CSS = """
    Empty { display: none; layer: above; height: 1fr; padding: 1 2; background: $background; }
    """

    def __init__(self, mode: str, *, id: str = "message") -> None:
        super().__init__(id=id, markup=False)
        self._mode = mode
        self._shown: tuple[str, Steps] = ("", ())

    def show(self, state: str, steps: Steps = ()) -> None:
        """Say why the view is empty and which keys help; an empty `state` hides the widget."""
        if (state, steps) != self._shown:  # an update triggers a layout
            self._shown = state, steps
            self.redraw()
        self.display = bool(state)

    def redraw(self) -> None:
        """Draw again, in the colours of the theme."""
        state, steps = self._shown
        colours = rich_colours(self.app.theme_variables)
        self.update(empty_text(state, self._mode, steps, colours) if state else Text())


def steps_without_run(stored: StoredRuns | None) -> Steps:
    """Return the steps of a view without a run; `stored` is None until the runs folder has been read."""
    if stored is None:
        return RUNS, NEW_RUN
    newest = stored.newest
    return run_steps(newest.name if newest else "", stored.count, live=newest is not None and newest.live)

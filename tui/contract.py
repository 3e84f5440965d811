"""What a view may ask of the console."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # for their names alone
    from mnist_tui.engine.analysis.subject import Analyst
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.state.devices import Devices
    from mnist_tui.tui.state.exports import Exports
    from mnist_tui.tui.state.scrubber import Scrubber
    from mnist_tui.tui.state.training import Trainings


class Register(Protocol):
    """The opened views: a view adds itself when it is mounted and removes itself when it is unmounted."""

    def add(self, view: Any) -> None:
        """Add a view that was mounted."""

    def remove(self, view: Any) -> None:
        """Remove a view that is unmounted."""


class Console(Protocol):
    """The app as a view sees it: the state objects, and what no view and no state object can do alone."""

    training: Trainings
    exports: Exports
    scrubber: Scrubber
    analyst: Analyst
    """Answers for trained networks; its `data_dir` is the whole console's."""
    runs_dir: Path
    config: RunConfig
    """The initial values of the form, then its last valid ones."""
    devices: Devices
    log_lines: deque[str]
    """The last lines that were logged."""
    picked: str
    """A filter that another view chose for the Mistakes view, which applies and empties it."""

    @property
    def views(self) -> Register:
        """The opened views."""

    @property
    def colours(self) -> dict[str, str]:
        """The theme's colours for Rich texts."""

    async def action_view(self, mode: str) -> None:
        """Open a view."""

    async def open_images(self, query: str) -> None:
        """Open those of the subject's images that a filter such as `true:3 pred:5` selects."""

    async def show_run(self, folder: RunFolder, history: History | None = None) -> None:
        """Show a stored run in every view and open its curves; follow it if another process trains it."""

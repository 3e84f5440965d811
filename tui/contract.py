"""Protocols that define what views may use of the app."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # only for annotations
    from mnist_tui.engine.analysis.subject import Analyst
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.engine.runs.history import History
    from mnist_tui.tui.state.devices import Devices
    from mnist_tui.tui.state.exports import Exports
    from mnist_tui.tui.state.newest_run import NewestRun
    from mnist_tui.tui.state.resumption import Resumption
    from mnist_tui.tui.state.scrubber import Scrubber
    from mnist_tui.tui.state.training import Trainings


class Register(Protocol):
    """Registry of mounted views, in which views register themselves."""

    def add(self, view: Any) -> None:
        """Add a mounted view."""

    def remove(self, view: Any) -> None:
        """Remove an unmounted view."""


class Console(Protocol):
    """The app as seen by a view: the state objects, and actions that involve several views."""

    training: Trainings
    resumption: Resumption
    exports: Exports
    newest: NewestRun
    scrubber: Scrubber
    analyst: Analyst
    """Analyses of trained networks; its `data_dir` applies to the whole console."""
    runs_dir: Path
    config: RunConfig
    """Last valid configuration of the form."""
    devices: Devices
    log_lines: deque[str]
    """Most recent lines of the log."""
    pending_filter: str
    """Filter set by another view for the Mistakes view, which applies and clears it."""
    pending_from: str
    """Mode of that view."""

    @property
    def views(self) -> Register:
        """Registry of mounted views."""

    @property
    def colours(self) -> dict[str, str]:
        """Colours of the theme, for Rich texts."""

    async def action_view(self, mode: str) -> None:
        """Open a view."""

    async def open_images(self, query: str) -> None:
        """Open Mistakes with a filter such as `true:3 pred:5`; `index:947` opens the image; esc leads back."""

    async def show_run(self, folder: RunFolder, history: History | None = None, view: str = "training") -> None:
        """Show a stored run in all views and open one; follow the run if another process trains it.

        A notification says why if the run can't be read.
        """

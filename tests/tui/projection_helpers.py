"""What the tests of the Projection view share."""

from __future__ import annotations

from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.views.projection.view import ProjectionView
from mnist_tui.tui.widgets.scatter import Scatter
from tests.tui.conftest import until

SIZE = (140, 44)


async def opened(app: MnistTui, pilot) -> ProjectionView:
    """Open the view on the stored run, with its picture and its numbers."""
    await pilot.press("9")
    await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
    await pilot.press("enter")
    await until(pilot, lambda: app.current_mode == "training")
    await pilot.press("6")
    await until(pilot, lambda: app.current_mode == "projection" and app.screen.data is not None)
    app.screen.query_one(Scatter).style = "dots"
    return app.screen

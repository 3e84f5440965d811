"""What the tests of the console share."""

from __future__ import annotations

from mnist_tui.tui.app import MnistTui


def epochs_shown(app: MnistTui) -> int:
    return int(app.screen.query_one("#epoch-table").row_count)

"""Status line of an export, over the lower edge of the view: progress, then the paths of the files."""

from __future__ import annotations

from textual.widgets import Static


class ExportLine(Static):
    """A line on a layer above the view, so that showing it does not change the view's layout."""

    DEFAULT_CSS = """
    ExportLine {
        display: none; dock: bottom; layer: over; height: auto; margin-bottom: 1; padding: 0 1;
        background: $panel; color: $foreground; text-wrap: wrap;
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, text: str) -> None:
        """Show the text; hide the line if it is empty."""
        if text == self.content:  # views call this whenever they are shown, and an update triggers a layout
            return
        self.display = bool(text)
        self.update(text)

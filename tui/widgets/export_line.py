"""How far an export is, and where its files are: a line over the view's lower edge."""

from __future__ import annotations

from textual.widgets import Static


class ExportLine(Static):
    """Lies over the view, so that nothing is laid out anew."""

    DEFAULT_CSS = """
    ExportLine {
        display: none; dock: bottom; layer: over; height: auto; margin-bottom: 1; padding: 0 1;
        background: $panel; color: $foreground; text-wrap: wrap;
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def say(self, words: str) -> None:
        """Show these words, or nothing."""
        if words == self.content:  # every view says it whenever it is shown, and other words lay the screen out anew
            return
        self.display = bool(words)
        self.update(words)

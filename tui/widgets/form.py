"""Fields below each other, with their labels and notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual.app import RenderResult
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.widget import Widget


class Form(Widget):
    """One-line fields as children; their labels and notes are what it draws itself.

    A widget for each would be three times as many, and the first frame waits for every one of them.
    """

    DEFAULT_CSS = """
    Form {
        height: auto;
        & > .form--label, & > .form--note { color: $text-muted; }
        & > .form--focused { color: $accent; text-style: bold; }
        & > .form--wrong { color: $error; }
    }
    """
    COMPONENT_CLASSES = {"form--label", "form--focused", "form--note", "form--wrong"}

    def __init__(self, labels: Mapping[str, str], *fields: Widget) -> None:
        """`labels`: by the fields' ids; a field stands so far from the left that there is room for them."""
        super().__init__(*fields)
        self._labels = labels
        self._notes: dict[str, str] = {}
        self._wrong: Collection[str] = ()

    def say(self, notes: Mapping[str, str], wrong: Collection[str]) -> None:
        """Write the notes behind their fields; those of `wrong` are complaints."""
        if (notes, wrong) != (self._notes, self._wrong):
            self._notes, self._wrong = dict(notes), tuple(wrong)
            self.refresh()

    def complaint(self, field: str) -> str:
        """What is said to be wrong with a field, or empty."""
        return self._notes.get(field, "") if field in self._wrong else ""

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.refresh()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        self.refresh()

    def render(self) -> RenderResult:
        lines = [Content()] * self.size.height
        width = self.size.width
        for field in self.children:
            place, name = field.virtual_region, str(field.id)
            if not 0 <= place.y < len(lines):  # not laid out yet
                continue
            note = Content(self._notes.get(name, "")).truncate(max(width - place.right - 1, 0), ellipsis=True)
            lines[place.y] = Content.assemble(
                self._styled(self._labels[name].ljust(place.right + 1), "focused" if field.has_focus else "label"),
                note.stylize(self.get_visual_style("form--wrong" if name in self._wrong else "form--note")),
            )
        return Content("\n").join(lines)

    def _styled(self, words: str, part: str) -> Content:
        return Content.styled(words, self.get_visual_style(f"form--{part}"))

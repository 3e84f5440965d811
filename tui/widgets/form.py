"""Form with labels and notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual.app import RenderResult
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.widget import Widget


class Form(Widget):
    """Form with one-line fields as children; it draws their labels and notes itself.

    Separate widgets would triple their number and delay the first frame.
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
        """`labels`: by the ids of the fields, whose left margin must leave room for them."""
        super().__init__(*fields)
        self._labels = labels
        self._notes: dict[str, str] = {}
        self._wrong: Collection[str] = ()

    def show_notes(self, notes: Mapping[str, str], wrong: Collection[str]) -> None:
        """Show notes to the right of the fields; those of the fields in `wrong` are errors."""
        if (notes, wrong) != (self._notes, self._wrong):
            self._notes, self._wrong = dict(notes), tuple(wrong)
            self.refresh()

    def error(self, field: str) -> str:
        """Return the error of a field, or an empty string."""
        return self._notes.get(field, "") if field in self._wrong else ""

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.refresh()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        self.refresh()

    def render(self) -> RenderResult:
        lines = [Content()] * self.size.height
        width = self.size.width
        for field in self.children:
            region, name = field.virtual_region, str(field.id)
            if not 0 <= region.y < len(lines):  # not laid out yet
                continue
            room = max(width - region.right - 1, 0)
            note = Content(fitted(self._notes.get(name, ""), room)).truncate(room, ellipsis=True)
            lines[region.y] = Content.assemble(
                self._styled(self._labels[name].ljust(region.right + 1), "focused" if field.has_focus else "label"),
                note.stylize(self.get_visual_style("form--wrong" if name in self._wrong else "form--note")),
            )
        return Content("\n").join(lines)

    def _styled(self, text: str, part: str) -> Content:
        return Content.styled(text, self.get_visual_style(f"form--{part}"))


def fitted(note: str, room: int) -> str:
    """Return the note, without its last clauses if it is longer than `room`; as it is if none of it fits."""
    shorter = note
    while len(shorter) > room and ", " in shorter:
        shorter = shorter.rpartition(", ")[0]
    return shorter if len(shorter) <= room else note

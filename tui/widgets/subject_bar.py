"""Bar with the subject of a view: data set, run, epoch and split."""

from __future__ import annotations

from rich.text import Text
from textual.app import RenderResult
from textual.events import Click
from textual.reactive import reactive
from textual.widget import Widget

from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.tui.render.palette import rich_colours
from mnist_tui.tui.render.texts import epoch_marks, printable

SPLIT_LABELS = {"test": "test images", "valid": "validation images", "train": "training images"}


class SubjectBar(Widget):
    """Epoch scrubber on the left, followed by data set and split; the status of the view on the right."""

    DEFAULT_CSS = """
    SubjectBar { height: 1; padding: 0 1; }
    """

    subject: reactive[Subject | None] = reactive(None)
    dataset: reactive[str] = reactive("")
    """Name of the data set; empty if unknown."""
    epochs: reactive[tuple[int, ...]] = reactive(())
    """Epochs with stored weights."""
    best: reactive[int] = reactive(0)
    partial: reactive[int | None] = reactive(None)
    """The epoch that was stopped early; None if there is none."""
    follows: reactive[bool] = reactive(True)
    """Whether the epoch follows the training."""
    note: reactive[str] = reactive("")

    def __init__(self) -> None:
        super().__init__()
        self._spots: list[tuple[int, int, int]] = []

    def render(self) -> RenderResult:
        colours = rich_colours(self.app.theme_variables)
        dim, accent = colours["secondary"], f"bold {colours['accent']}"
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        subject = self.subject
        if subject is None:
            return Text(self.note, dim)
        width = self.content_size.width
        text.append("epoch ", dim)
        self._spots = []
        images = f"{printable(self.dataset, 16)} {SPLIT_LABELS[subject.split]}".lstrip()
        room = min(width // 2 - 8, width - len("epoch following  ") - len(images) - 2)
        for epoch in shown_epochs(self.epochs, subject.epoch, self.best, room - (self.partial is not None)):
            if epoch is None:
                text.append("… ", dim)
                continue
            start = text.cell_len
            label = f"{epoch_marks(best=epoch == self.best, complete=epoch != self.partial)}{epoch}"
            text.append(label, f"{accent} reverse" if epoch == subject.epoch else colours["foreground"])
            self._spots.append((start, text.cell_len, epoch))
            text.append(" ")
        text.append("following  " if self.follows else " ", dim)
        text.append(images, colours["primary"])
        if width >= 100:
            text.append(f"  {printable(subject.folder.name)}", dim)
        room = width - text.cell_len
        if self.note and room > len(self.note) + 1:
            text.append(self.note.rjust(room), dim)
        return text

    async def on_click(self, event: Click) -> None:
        for start, end, epoch in self._spots:
            if start <= event.x - 1 < end:
                await self.run_action(f"screen.choose_epoch({epoch})")


def shown_epochs(epochs: tuple[int, ...], current: int, best: int, room: int) -> list[int | None]:
    """Return the epochs around the current one that fit into `room` columns; None marks a gap."""
    if sum(len(str(epoch)) + 1 for epoch in epochs) + 1 <= room:
        return list(epochs)
    anchors = [epoch for epoch in (epochs[0], epochs[-1], best, current) if epoch in epochs]
    keep = set(anchors)
    position = epochs.index(current) if current in epochs else 0
    for distance in range(1, len(epochs)):
        for neighbour in (position - distance, position + distance):
            if 0 <= neighbour < len(epochs):
                wider = keep | {epochs[neighbour]}
                if sum(len(str(epoch)) + 3 for epoch in wider) > room:
                    return _with_gaps(epochs, keep)
                keep = wider
    return _with_gaps(epochs, keep)


def _with_gaps(epochs: tuple[int, ...], keep: set[int]) -> list[int | None]:
    shown: list[int | None] = []
    for epoch in epochs:
        if epoch in keep:
            shown.append(epoch)
        elif shown and shown[-1] is not None:
            shown.append(None)
    return shown

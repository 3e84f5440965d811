"""Layout of the Imagine view: sizes of its pictures, and the texts that depend on them."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_tui.engine.analysis.imagined import METHODS, Imagined, ImagineData, Method
from mnist_tui.tui.render.grey_cells import Style, cell_size

NARROW, SHORT = 80, 24
"""Terminals below this width have no borders at the sides, those below this height none below the table."""
WIDE = 120
"""Terminals from this width on have room for long lines below a picture."""
BARS = 3
TABLE_ROWS = 1 + len(METHODS)


@dataclass(frozen=True, slots=True)
class Layout:
    """What fits into a terminal."""

    large: bool
    """Whether the imagined images are large."""
    nearest: str
    """Size of the nearest images beside them: `large` or `small`; or `panel`, where only that of one method fits."""
    captions: bool
    """Whether there is a line below these images."""
    rows: int
    """Rows and columns of the pictures of all classes; no rows if there is no room."""
    columns: int

    @property
    def capacity(self) -> int:
        """How many of the pictures of all classes fit."""
        return self.rows * self.columns


def layout(width: int, height: int, style: Style, classes: int) -> Layout:
    """Return the layout with the largest images that leaves room for those of all classes; otherwise the smallest."""
    narrow, short = width < NARROW, height < SHORT
    (small, small_rows), (large, large_rows) = (cell_size(style, small=small) for small in (True, False))
    room = width // len(METHODS) - (1 if narrow else 4)
    options = [
        (is_large, nearest)
        for is_large, nearest, needed in (
            (True, "large", 2 * large + 1),
            (True, "small", large + 1 + small),
            (False, "small", 2 * small + 1),
            (False, "panel", small),
        )
        if needed <= room or nearest == "panel"
    ]
    table = TABLE_ROWS + (1 if short else 2)
    found = []
    for is_large, nearest in options:
        for captions in (True, False):
            panels = (
                (1 if narrow else 2) + (large_rows if is_large else small_rows) + captions + text_rows(width, height)
            )
            left = height - BARS - panels - table
            rows = max(0, left // (small_rows + 1))
            candidate = Layout(is_large, nearest, captions, rows, max(1, (width - 3) // (small + 1)))
            if candidate.capacity >= classes:
                return candidate
            if left >= 0 and not is_large:
                found.append(candidate)
    return max(found, key=lambda each: each.capacity, default=Layout(False, options[-1][1], False, 0, 1))


def text_rows(width: int, height: int) -> int:
    """Return the number of lines below the images of a method."""
    return 3 if height < SHORT and width >= NARROW else 4


def window(count: int, capacity: int, current: int) -> range:
    """Return which of `count` pictures to show if only `capacity` of them fit, with the current one in the middle."""
    start = max(0, min(current - capacity // 2, count - capacity))
    return range(start, min(count, start + capacity))


def tried_label(found: Imagined, width: int) -> str:
    """Describe how many images or steps it took."""
    unit = "images" if found.method == "noise" else "steps"
    return f"{found.tried:,} {'tried' if width < NARROW else unit}" + ("" if found.done else " …")


def nearest_label(found: Imagined, data: ImagineData, width: int, height: int) -> str:
    """Describe the nearest training image and in which space it is, in one or two lines; empty if there is none yet."""
    nearest = found.nearest
    if nearest is None:
        return ""
    name, away = f"{data.classes[nearest.label]} #{nearest.index}", f"{nearest.distance:.1f}"
    if text_rows(width, height) == 3:
        return f"near {name} {away}"
    if width < NARROW:
        return f"near {name}\n{away} away"
    narrow = f"{away} in {data.space.removeprefix('the ')}"
    return f"nearest {name}\n" + (f"at distance {away} in {data.space}" if width >= WIDE else narrow)


def other_methods_label(method: Method, labels: dict[Method, str], width: int) -> str:
    """Say to which image the only nearest one belongs."""
    return f"to {labels[method].split()[0] if width < NARROW else labels[method]}\n↑ ↓ others"

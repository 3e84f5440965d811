"""One style for all figures: type, lines, the heading, the legend of the classes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D

from mnist_tui.engine.figures.colours import FAINT, GRID, INK

BASE = 9.0
"""Points of ordinary text in a figure of its natural size."""
MARGIN = 0.12
"""Inches of paper around everything, at the natural size."""
LINE = 1.35
"""Height of a line of text in its type's size."""


@contextlib.contextmanager
def applied(scale: float) -> Iterator[None]:
    """The style, with everything that is measured in points times `scale`."""
    base = BASE * scale
    settings: dict[Any, Any] = {
        "figure.facecolor": "white",
        "font.family": ["DejaVu Sans"],
        "font.size": base,
        "axes.titlesize": base * 1.05,
        "axes.labelsize": base,
        "axes.titlepad": 4 * scale,
        "axes.labelpad": 3 * scale,
        "axes.linewidth": 0.8 * scale,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.formatter.useoffset": False,
        "axes.unicode_minus": True,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelsize": base * 0.9,
        "ytick.labelsize": base * 0.9,
        "xtick.major.size": 3 * scale,
        "ytick.major.size": 3 * scale,
        "xtick.major.width": 0.8 * scale,
        "ytick.major.width": 0.8 * scale,
        "xtick.major.pad": 3 * scale,
        "ytick.major.pad": 3 * scale,
        "xtick.minor.visible": False,
        "ytick.minor.visible": False,
        "grid.color": GRID,
        "grid.linewidth": 0.6 * scale,
        "lines.linewidth": 1.6 * scale,
        "lines.markersize": 5 * scale,
        "patch.linewidth": 0.8 * scale,
        "legend.fontsize": base * 0.9,
        "legend.frameon": False,
        "image.interpolation": "nearest",
        "savefig.facecolor": "white",
        "svg.hashsalt": "mnist-tui",  # equal figures give equal bytes
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(settings)
        yield


@dataclass(frozen=True, slots=True)
class Size:
    """A figure's width and height in inches."""

    width: float
    height: float


class Page:
    """A figure with its heading; what is under it lays itself out."""

    def __init__(self, size: Size, scale: float, subject: str) -> None:
        """`subject`: run, epoch and split in words, for the heading's second line."""
        self.scale = scale
        self.size = size
        self._subject = subject
        self.figure = Figure(figsize=(size.width, size.height), layout="constrained")
        self._renderer = FigureCanvasAgg(self.figure).get_renderer()  # type: ignore[no-untyped-call]

    def head(self, title: str, facts: str = "") -> None:
        """Write the heading, which takes the room that it needs."""
        margin = MARGIN * self.scale
        room = self.size.width - 2 * margin
        top = margin
        for text, size, weight, colour in (
            (title, 1.35, "bold", INK),
            (self._subject, 1.0, "normal", INK),
            (facts, 0.95, "normal", FAINT),
        ):
            points = BASE * self.scale * size
            for line in self.wrap(text, room, points, weight):
                place = 1 - top / self.size.height
                self.figure.text(
                    margin / self.size.width, place, line, size=points, weight=weight, color=colour, va="top"
                )
                top += points * LINE / 72
        top += margin / 2
        engine = self.figure.get_layout_engine()
        assert engine is not None
        inner = (margin / 2 / self.size.width, margin / 2 / self.size.height)
        rect = (inner[0], inner[1], 1 - 2 * inner[0], 1 - top / self.size.height - inner[1])
        engine.set(rect=rect, w_pad=margin / 3, h_pad=margin / 3)  # type: ignore[call-arg]

    def settle(self, dpi: int) -> None:
        """Lay everything out, and round where it came to stand.

        The layout's last digits are not the same every time, and at a pixel's edge they would move a whole text.
        """
        self.figure.set_dpi(dpi)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")
        for axes in self.figure.axes:
            left, bottom, width, height = (round(side, 4) for side in axes.get_position(original=True).bounds)
            axes.set_position((left, bottom, width, height), which="original")

    def width(self, text: str, points: float, weight: str = "normal") -> float:
        """How wide a line of text is, in inches."""
        font = FontProperties(family=["DejaVu Sans"], size=points, weight=weight)
        width, _, _ = self._renderer.get_text_width_height_descent(text, font, False)
        return float(width) / self.figure.dpi

    def wrap(self, text: str, room: float, points: float, weight: str = "normal") -> list[str]:
        """The text in lines of at most `room` inches; a word that is longer is broken."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if self.width(longer, points, weight) <= room:
                line = longer
                continue
            lines += [line] if line else []
            line = word
            while len(line) > 1 and self.width(line, points, weight) > room:
                fits = len(line) - 1
                while fits > 1 and self.width(line[:fits], points, weight) > room:
                    fits -= 1
                lines.append(line[:fits])
                line = line[fits:]
        return [*lines, line] if line else lines

    def cut(self, text: str, room: float, points: float) -> str:
        """The text, shortened to `room` inches where it is longer."""
        while len(text) > 1 and self.width(text, points) > room:
            text = text[:-2].rstrip() + "…"
        return text

    def say(self, axes: Axes, words: str) -> None:
        """Words in the place of a picture that there is not."""
        axes.axis("off")
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=FAINT, wrap=True)

    def class_legend(self, classes: Sequence[tuple[str, str]]) -> None:
        """The classes' names and colours, at the right."""
        size = 6 * self.scale
        handles = [
            Line2D([], [], linestyle="", marker="o", markersize=size, color=colour, label=name)
            for name, colour in classes
        ]
        self.figure.legend(handles=handles, loc="outside right center", title="class", handletextpad=0.2)


def subject_words(run: str, epoch: int | None, split: str | None) -> str:
    """Run, epoch and split, as every heading says them."""
    splits = {"test": "test images", "valid": "validation images", "train": "training images"}
    parts = [f"run {run}"]
    if epoch is not None:
        parts.append(f"epoch {epoch}" + (" (untrained)" if epoch == 0 else ""))
    if split is not None:
        parts.append(splits[split])
    return ", ".join(parts)


def percent(fraction: float, digits: int = 2) -> str:
    """0.98371 as `98.37 %`; a dash where it is not a number; never 100 where something is missing to it."""
    if math.isnan(fraction):
        return "–"
    words = f"{fraction * 100:.{digits}f}"
    if fraction < 1 and words.startswith("100"):
        words = f"{100 - 10**-digits:.{digits}f}"
    return f"{words} %"

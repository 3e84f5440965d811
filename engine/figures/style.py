"""The common style of all figures: fonts, lines, headings and the class legend."""

from __future__ import annotations

import contextlib
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
"""Font size of ordinary text at a figure's natural size, in points."""
MARGIN = 0.12
"""Outer margin at the natural size, in inches."""
LINE = 1.35
"""Line height relative to the font size."""
SPLIT_LABELS = {"test": "test images", "valid": "validation images", "train": "training images"}


@contextlib.contextmanager
def apply_style(scale: float) -> Iterator[None]:
    """Apply the style within a context, with all sizes in points multiplied by `scale`."""
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
        "svg.hashsalt": "mnist-tui",  # makes equal figures byte-identical
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
    """A figure with a heading, under which the layout is automatic."""

    def __init__(self, size: Size, scale: float, subject: str) -> None:
        """`subject`: data set, run, epoch and split, shown in the second line of the heading."""
        self.scale = scale
        self.size = size
        self._subject = subject
        self.figure = Figure(figsize=(size.width, size.height), layout="constrained")
        self._renderer = FigureCanvasAgg(self.figure).get_renderer()  # type: ignore[no-untyped-call]

    def add_heading(self, title: str, facts: str = "") -> None:
        """Add the heading, wrapped to the width of the figure, and reserve its height."""
        margin = MARGIN * self.scale
        max_width = self.size.width - 2 * margin
        top = margin
        for text, size, weight, colour in (
            (title, 1.35, "bold", INK),
            (self._subject, 1.0, "normal", INK),
            (facts, 0.95, "normal", FAINT),
        ):
            points = BASE * self.scale * size
            for line in self.wrap(text, max_width, points, weight):
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

    def freeze_layout(self, dpi: int) -> None:
        """Compute the layout once, and fix it with rounded positions.

        The last digits of the computed layout vary, which could shift text by a pixel.
        """
        self.figure.set_dpi(dpi)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")
        for axes in self.figure.axes:
            left, bottom, width, height = (round(side, 4) for side in axes.get_position(original=True).bounds)
            axes.set_position((left, bottom, width, height), which="original")

    def width(self, text: str, points: float, weight: str = "normal") -> float:
        """Return the width of a line of text, in inches."""
        font = FontProperties(family=["DejaVu Sans"], size=points, weight=weight)
        width, _, _ = self._renderer.get_text_width_height_descent(text, font, False)
        return float(width) / self.figure.dpi

    def wrap(self, text: str, max_width: float, points: float, weight: str = "normal") -> list[str]:
        """Wrap the text to lines of at most `max_width` inches; longer words are broken."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            candidate = f"{line} {word}".strip()
            if self.width(candidate, points, weight) <= max_width:
                line = candidate
                continue
            lines += [line] if line else []
            line = word
            while len(line) > 1 and self.width(line, points, weight) > max_width:
                end = len(line) - 1
                while end > 1 and self.width(line[:end], points, weight) > max_width:
                    end -= 1
                lines.append(line[:end])
                line = line[end:]
        return [*lines, line] if line else lines

    def truncate(self, text: str, max_width: float, points: float) -> str:
        """Return the text, truncated with an ellipsis if it is wider than `max_width` inches."""
        while len(text) > 1 and self.width(text, points) > max_width:
            text = text[:-2].rstrip() + "…"
        return text

    def add_placeholder(self, axes: Axes, text: str) -> None:
        """Show a message in place of a picture."""
        axes.axis("off")
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT, wrap=True)

    def class_legend(self, classes: Sequence[tuple[str, str]]) -> None:
        """Add a legend of class names and colours on the right."""
        size = 6 * self.scale
        handles = [
            Line2D([], [], linestyle="", marker="o", markersize=size, color=colour, label=name)
            for name, colour in classes
        ]
        self.figure.legend(handles=handles, loc="outside right center", title="class", handletextpad=0.2)


def subject_label(dataset: str, run: str, epoch: str | None, split: str | None) -> str:
    """Return data set, run, epoch and split as text for a heading."""
    parts = [dataset, f"run {run}"]
    if epoch is not None:
        parts.append(f"epoch {epoch}" + (" (untrained)" if epoch == "0" else ""))
    if split is not None:
        parts.append(SPLIT_LABELS[split])
    return ", ".join(parts)

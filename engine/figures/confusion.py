"""The confusion matrix as a heat map with its counts, and the most confused pairs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnist_tui.engine.analysis import confusion
from mnist_tui.engine.analysis.confusion import ConfusionData, ordered_pairs, unordered_pairs
from mnist_tui.engine.analysis.percentages import percent, percent_number, percent_range
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.colours import FAINT, INK, TRAIN
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Record
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import BASE, Page, Size

MINIMUM_ERROR_SCALE = 1e-3
"""Upper end of the errors' colour scale if there are none."""
DARK = 0.55
"""Depth of colour from which the text is white."""
PAIRS = 12


def compute(context: Context, subject: Subject, settings: Settings) -> ConfusionData:
    """The subject's confusion matrix."""
    return confusion.compute(context.analyst, subject)


def natural(data: ConfusionData, settings: Settings) -> Size:
    """Return the natural width and height."""
    longest = max(map(len, data.classes))
    return Size(9.2 + 0.06 * longest, 6.5 + 0.06 * longest)


def draw(page: Page, data: ConfusionData, settings: Settings) -> None:
    """Draw the matrix with recall, precision and F1 at its margins, and the most confused pairs beside it."""
    matrix, classes = data.matrix, data.classes
    accuracy_text = f"accuracy {percent(matrix.accuracy)}, {matrix.correct:,} of {matrix.total:,}"
    page.add_heading("Confusion matrix", f"{accuracy_text} (95 % interval {percent_range(*matrix.interval)} %)")
    axes, pairs_axes = page.figure.subplots(1, 2, width_ratios=(3.6, 1))
    count = len(classes)
    diagonal = np.eye(count, dtype=bool)
    hits = np.ma.masked_where(~diagonal, matrix.shares)
    errors = np.ma.masked_where(diagonal, matrix.shares)
    largest = max(matrix.largest_error_share, MINIMUM_ERROR_SCALE)
    # Two scales, because on a common one the errors would be as pale as the empty cells.
    for masked, name, norm, label in (
        (errors, "Reds", PowerNorm(0.5, 0, largest), "errors (% of the true class)"),
        (hits, "Blues", PowerNorm(1, 0, 1), "recall (%)"),
    ):
        shown = axes.imshow(masked, cmap=name, norm=norm)
        bar = page.figure.colorbar(shown, ax=axes, shrink=0.6, pad=0.01, format=FuncFormatter(_tick_label))
        bar.set_label(label)
        bar.outline.set_visible(False)
    small, shades = BASE * 0.85 * page.scale, matrix.shades
    for row in range(count):
        for column in range(count):
            number = matrix.counts[row, column]
            label = percent_number(matrix.shares[row, column], 1) if settings.percent else f"{number}"
            colour = "white" if shades[row, column] > DARK else INK if number else FAINT
            axes.text(column, row, label if number else "·", ha="center", va="center", color=colour, size=small)
    edges = (
        (matrix.recall, "recall", lambda i: (count + 0.05, i)),
        (matrix.precision, "precision", lambda i: (i, count)),
        (matrix.f1, "F1", lambda i: (i, count + 0.75)),
    )
    for values, name, place in edges:
        axes.text(
            *place(-0.75), name, ha="center" if name == "recall" else "right", va="center", size=small, weight="bold"
        )
        for i, value in enumerate(values):
            axes.text(*place(i), percent_number(value, 1), ha="center", va="center", size=small)
    axes.set_xlim(-0.5, count + 0.6)
    axes.set_ylim(count + 1.2, -0.5)
    rotated = max(map(len, classes)) > 3
    axes.set_xticks(range(count), classes, rotation=45 if rotated else 0, ha="left" if rotated else "center")
    axes.set_yticks(range(count), classes)
    axes.tick_params(length=0, top=True, bottom=False, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predicted class" + (" (cells: % of the row)" if settings.percent else " (cells: images)"))
    axes.set_ylabel("true class")
    _pairs(page, data, pairs_axes, settings)


def _tick_label(share: float, position: int | None) -> str:
    return f"{share * 100:g}"


def _pairs(page: Page, data: ConfusionData, axes: Axes, settings: Settings) -> None:
    pairs = (unordered_pairs if settings.both else ordered_pairs)(data.matrix)[:PAIRS]
    if not pairs:
        page.add_placeholder(axes, "no confusions" if data.matrix.total else "no images")
        return
    arrow = "↔" if settings.both else "→"
    places = range(len(pairs))
    counts = [pair.count for pair in pairs]
    axes.barh(places, counts, height=0.65, color=TRAIN)
    for place, pair in zip(places, pairs, strict=True):
        axes.text(pair.count, place, f" {pair.count}", va="center", size=BASE * 0.85 * page.scale)
    names = [f"{data.classes[pair.true]} {arrow} {data.classes[pair.predicted]}" for pair in pairs]
    axes.set_yticks(places, names)
    axes.set_ylim(PAIRS - 0.4, -0.6)
    axes.set_xlim(0, max(counts) * 1.25)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.set_xlabel("images")
    axes.set_title("most confused")


def numbers(data: ConfusionData, settings: Settings) -> Record:
    """Return the matrix and the metrics derived from it."""
    matrix = data.matrix
    pairs = (unordered_pairs if settings.both else ordered_pairs)(matrix)
    return Record(
        {
            "classes": data.classes,
            "counts": matrix.counts,
            "shares": matrix.shares,
            "recall": matrix.recall,
            "precision": matrix.precision,
            "f1": matrix.f1,
            "macro": {"recall": matrix.macro_recall, "precision": matrix.macro_precision, "f1": matrix.macro_f1},
            "correct": matrix.correct,
            "total": matrix.total,
            "accuracy": matrix.accuracy,
            "interval": matrix.interval,
            "pairs": [
                {"true": p.true, "predicted": p.predicted, "count": p.count, "share": p.share_of_row} for p in pairs
            ],
        }
    )

"""A grid of images with their true and predicted labels; by default the most confident mistakes."""

from __future__ import annotations

import numpy as np

from mnist_tui.engine.analysis import listing
from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.engine.analysis.percentages import fraction_label
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import blocks
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size

SORTS = {"confidence": "by confidence", "loss": "by loss", "margin": "by margin", "index": "by index"}


def compute(context: Context, subject: Subject, settings: Settings) -> MistakesData:
    """The images that the settings select."""
    spec = listing.ListSpec(settings.filter, settings.which, settings.sort, settings.reverse)
    data = listing.compute(context.analyst, subject, spec)
    if data.error:
        raise ConfigError({"filter": f"--filter can't be understood: {data.error}"})
    return data


def _drawn(data: MistakesData, settings: Settings) -> np.ndarray:
    return data.positions[settings.first - 1 : settings.first - 1 + settings.count]


def _captions(data: MistakesData, settings: Settings) -> list[tuple[str, ...]]:
    scores, classes = data.scores, data.classes
    return [
        (
            f"true: {classes[scores.labels[i]]} ({fraction_label(scores.true_probability[i])})",
            f"predicted: {classes[scores.predictions[i]]} ({fraction_label(scores.confidence[i])})",
        )
        for i in _drawn(data, settings)
    ]


def natural(data: MistakesData, settings: Settings) -> Size:
    """Return the natural width and height."""
    size = blocks.layout(_captions(data, settings)).size
    return Size(max(6.0, size.width + 0.3), max(2.5, size.height + 1.2))


def draw(page: Page, data: MistakesData, settings: Settings) -> None:
    """Draw the images from `settings.first` on, each with its true and predicted label and their probabilities."""
    drawn, captions = _drawn(data, settings), _captions(data, settings)
    listed, spec = len(data.positions), data.spec
    nouns = {"wrong": "misclassified images", "right": "correctly classified images", "all": "images"}[spec.which]
    direction = {"↓": ", descending", "↑": ", ascending", "": ""}[data.direction]
    facts = [f"{listed:,} {nouns}, {SORTS[spec.sort]}{direction}"]
    if len(drawn):
        facts.append(f"{settings.first:,} to {settings.first + len(drawn) - 1:,} shown")
    if spec.filter.strip():
        facts.append(f"filter {spec.filter.strip()}")
    page.add_heading(
        {"wrong": "Mistakes", "right": "Correct predictions", "all": "Images"}[spec.which], "; ".join(facts)
    )
    axes = page.figure.subplots()
    if not len(drawn):
        page.add_placeholder(axes, "no images at this position" if listed else f"there are no {nouns}")
        return
    places = data.scores.indices[drawn].tolist()
    marked = places.index(settings.index) if settings.index in places else None
    blocks.draw(
        page,
        axes,
        blocks.layout(captions),
        data.images[drawn],
        captions,
        marked=marked,
    )


def numbers(data: MistakesData, settings: Settings) -> Table:
    """Return one row per listed image, in order; the figure shows those from `--first` on."""
    scores, positions = data.scores, data.positions
    columns: dict[str, np.ndarray] = {
        "rank": np.arange(1, len(positions) + 1),
        "index": scores.indices[positions],
        "true": scores.labels[positions],
        "predicted": scores.predictions[positions],
        "p_true": scores.true_probability[positions],
        "p_predicted": scores.confidence[positions],
        "margin": scores.margin[positions],
        "loss": scores.loss[positions],
    }
    columns |= {f"p{i}": scores.probabilities[positions, i] for i in range(len(data.classes))}
    return Table({name: column.tolist() for name, column in columns.items()})

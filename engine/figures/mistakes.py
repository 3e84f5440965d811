"""A grid of images with what the network says of each; by default the mistakes that it is surest of."""

from __future__ import annotations

import numpy as np

from mnist_tui.engine.analysis import listing
from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import blocks
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size

SORTS = {"confidence": "by confidence", "loss": "by loss", "margin": "by margin", "index": "by place in the file"}


def compute(context: Context, subject: Subject, settings: Settings) -> MistakesData:
    """The images that the settings select."""
    wanted = listing.Wanted(settings.filter, settings.which, settings.sort, settings.reverse)
    data = listing.compute(context.analyst, subject, wanted)
    if data.error:
        raise ConfigError({"filter": f"--filter can't be understood: {data.error}"})
    return data


def _drawn(data: MistakesData, settings: Settings) -> np.ndarray:
    return data.positions[settings.first - 1 : settings.first - 1 + settings.count]


def _captions(data: MistakesData, settings: Settings) -> list[tuple[str, ...]]:
    judged, classes = data.judged, data.classes
    return [
        (
            f"true: {classes[judged.labels[i]]} ({judged.true_probability[i]:.3f})",
            f"predicted: {classes[judged.predictions[i]]} ({judged.confidence[i]:.3f})",
        )
        for i in _drawn(data, settings)
    ]


def natural(data: MistakesData, settings: Settings) -> Size:
    """Width and height in inches."""
    size = blocks.layout(_captions(data, settings)).size
    return Size(max(6.0, size.width + 0.3), max(2.5, size.height + 1.2))


def draw(page: Page, data: MistakesData, settings: Settings) -> None:
    """The images from `settings.first`, each with its true and its predicted label and their probabilities."""
    drawn, captions = _drawn(data, settings), _captions(data, settings)
    listed, wanted = len(data.positions), data.wanted
    nouns = {"wrong": "wrong images", "right": "right images", "all": "images"}[wanted.which]
    turned = {"↓": ", falling", "↑": ", rising", "": ""}[data.direction]
    facts = [f"{listed:,} {nouns}, {SORTS[wanted.sort]}{turned}"]
    if len(drawn):
        facts.append(f"{settings.first:,} to {settings.first + len(drawn) - 1:,} shown")
    if wanted.words.strip():
        facts.append(f"filter {wanted.words.strip()}")
    page.head({"wrong": "Mistakes", "right": "Right answers", "all": "Images"}[wanted.which], "; ".join(facts))
    axes = page.figure.subplots()
    if not len(drawn):
        page.say(axes, "the list ends before" if listed else f"there are no {nouns}")
        return
    places = data.judged.indices[drawn].tolist()
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
    """A row for each listed image, in the list's order; the figure shows those from `--first` on."""
    judged, at = data.judged, data.positions
    columns: dict[str, np.ndarray] = {
        "rank": np.arange(1, len(at) + 1),
        "index": judged.indices[at],
        "true": judged.labels[at],
        "predicted": judged.predictions[at],
        "p_true": judged.true_probability[at],
        "p_predicted": judged.confidence[at],
        "margin": judged.margin[at],
        "loss": judged.loss[at],
    }
    columns |= {f"p{i}": judged.probabilities[at, i] for i in range(len(data.classes))}
    return Table({name: column.tolist() for name, column in columns.items()})

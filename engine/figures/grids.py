"""Images of a data set, without and with augmentation."""

from __future__ import annotations

from mnist_tui.engine.analysis import grids
from mnist_tui.engine.analysis.grids import TRANSFORM_FIELDS, GridsData
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import blocks
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Record
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import SPLIT_LABELS, Page, Size

GAP_BETWEEN_GRIDS = 0.4
"""Gap between the two grids, in inches."""


def compute(context: Context, subject: Subject, settings: Settings) -> GridsData:
    """Images of the split, without and with augmentation."""
    config, dataset = context.analyst.run(subject.folder)
    first, count, draw = settings.first - 1, settings.count, settings.draw
    epoch = settings.at_epoch
    if epoch > config.epochs:
        raise ConfigError({"at_epoch": f"--at-epoch must be at most {config.epochs}, the run's epochs, not {epoch}"})
    return grids.compute(dataset, config, subject.split, first=first, count=count, draw=draw, epoch=epoch)


def _captions(data: GridsData) -> list[tuple[str, ...]]:
    return [(data.classes[label], f"#{index}") for label, index in zip(data.labels, data.indices, strict=True)]


def natural(data: GridsData, settings: Settings) -> Size:
    """Return the natural width and height."""
    one = blocks.layout(_captions(data)).size
    return Size(max(5.0, 2 * one.width + GAP_BETWEEN_GRIDS + 0.3), one.height + 1.35)


def draw(page: Page, data: GridsData, settings: Settings) -> None:
    """Draw the images twice, stored and augmented."""
    count = len(data.labels)
    span = f"images {data.first + 1:,} to {data.first + count:,} of {data.available:,}" if count else "none of the"
    which = f"{span} {SPLIT_LABELS[data.split]}"
    augmentation = f"augmentation: {data.augmentation}"
    page.add_heading(f"{data.title}: stored and augmented images", f"{which}; {augmentation}")
    captions = _captions(data)
    left, right = page.figure.subplots(1, 2, gridspec_kw={"wspace": 0.02})
    for axes, images, title in (
        (left, data.stored, "without augmentation"),
        (right, data.augmented, "with augmentation"),
    ):
        if count:
            blocks.draw(page, axes, blocks.layout(captions), images, captions)
        else:
            page.add_placeholder(axes, "no images at this position")
        axes.set_title(title)


def numbers(data: GridsData, settings: Settings) -> Record:
    """Return labels, indices and pixels."""
    return Record(
        {
            "dataset": data.title,
            "split": data.split,
            "classes": data.classes,
            "index": data.indices,
            "label": data.labels,
            "augmentation": {name: getattr(data.config, name) for name in TRANSFORM_FIELDS},
            "epoch": data.epoch,
            "strength": data.config.strength(data.epoch),
            "stored": data.stored,
            "augmented": data.augmented,
        }
    )

"""Imagined digits by method, each with its probability and the nearest training image."""

from __future__ import annotations

import numpy as np

from mnist_tui.engine.analysis.imagined import METHODS, ImagineData, Method, grey
from mnist_tui.engine.analysis.percentages import probability_label
from mnist_tui.engine.analysis.stored_answers import imagined_digits, search_digits
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.analysis.training_images import space_label
from mnist_tui.engine.errors import Cancelled, RunError
from mnist_tui.engine.figures import blocks
from mnist_tui.engine.figures.context import Context, check_classes, check_stored
from mnist_tui.engine.figures.numbers import Record
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import BASE, Page, Size

NOISE_IMAGES = 1_600_000
"""As many as the notebook tries."""
METHOD_TITLES = {
    "noise": "the best of many noise images",
    "ascent": "gradient ascent",
    "smooth": "gradient ascent with a smoothness prior",
}


def compute(context: Context, subject: Subject, settings: Settings) -> ImagineData:
    """The stored pictures of the wanted classes; those that are missing are searched for and stored."""
    analyst, name = context.analyst, "imagined digits"
    config, dataset = analyst.run(subject.folder)
    check_classes("digits", settings.digits, dataset.classes)
    digits = settings.digits or tuple(range(len(dataset.classes)))
    pictures = dict(imagined_digits(analyst, subject.network))
    missing = [digit for digit in digits if any((method, digit) not in pictures for method in METHODS)]
    search = search_digits(analyst, subject, missing, images=NOISE_IMAGES, stopping=context.cancelled)
    try:
        for step in search if missing else ():
            if context.cancelled():
                raise Cancelled
            found = step.imagined
            noise = found.method == "noise"
            share = found.tried / NOISE_IMAGES if noise else missing.index(found.digit) / len(missing)
            context.report(f"{name}, {found.method}", share)
            if step.stored is not None:
                check_stored(context, step.stored, name, subject.epoch)
                pictures[found.method, found.digit] = found
    except ValueError as error:
        raise RunError(f"epoch {subject.epoch} imagines nothing: {error}") from error
    if context.cancelled():  # before anything was found
        raise Cancelled
    return ImagineData(
        dataset.classes, {key: one for key, one in pictures.items() if key[1] in digits}, space_label(config)
    )


def _digits(data: ImagineData, settings: Settings) -> tuple[int, ...]:
    available = sorted({digit for _, digit in data.pictures})
    return tuple(digit for digit in available if not settings.digits or digit in settings.digits)


def _captions(data: ImagineData, digits: tuple[int, ...], method: Method, *, near: bool) -> list[tuple[str, ...]]:
    captions: list[tuple[str, ...]] = []
    for digit in digits:
        found = data.pictures.get((method, digit))
        if found is None:
            captions.append(("", ""))
        elif not near:
            captions.append((data.classes[digit], probability_label(found.probability)))
        elif found.nearest is None:
            captions.append(("", ""))
        else:
            name, distance = data.classes[found.nearest.label], f"{found.nearest.distance:.2f}"
            captions.append((f"nearest: {name}", f"#{found.nearest.index}, {distance}"))
    return captions


def _layout(data: ImagineData, digits: tuple[int, ...]) -> blocks.Grid:
    """Return one layout for all rows, so that the columns are aligned."""
    captions = [c for m in METHODS for near in (False, True) for c in _captions(data, digits, m, near=near)]
    widest = blocks.layout(captions).cell
    return blocks.Grid(len(digits), max(len(digits), 1), widest, 2)


def natural(data: ImagineData, settings: Settings) -> Size:
    """Return the natural width and height."""
    size = _layout(data, _digits(data, settings)).size
    return Size(max(6.5, size.width + 0.4), 2 * len(METHODS) * size.height + 1.9)


def draw(page: Page, data: ImagineData, settings: Settings) -> None:
    """Draw two rows per method: the imagined digits and the nearest training images."""
    digits = _digits(data, settings)
    facts = f"with the network's probability; below each the nearest training image in {data.space}, by its distance"
    page.add_heading("Imagined digits", facts)
    if not digits:
        page.add_placeholder(page.figure.subplots(), "no imagined digits yet")
        return
    for axes, method in zip(np.atleast_1d(page.figure.subplots(len(METHODS), 1)), METHODS, strict=True):
        found = [data.pictures.get((method, digit)) for digit in digits]
        blank = np.zeros((28, 28), np.uint8)
        images = [grey(one.image) if one else blank for one in found]
        nearest = [one.nearest.image if one and one.nearest else blank for one in found]
        captions = [c for near in (False, True) for c in _captions(data, digits, method, near=near)]
        grid = _layout(data, digits)
        rows = blocks.Grid(2 * grid.count, grid.columns, grid.cell, grid.lines)
        blocks.draw(page, axes, rows, np.stack([*images, *nearest]), captions)
        tried = sorted({one.tried for one in found if one})
        span = "nothing yet" if not tried else f"{tried[0]:,}" + (f"–{tried[-1]:,}" if len(tried) > 1 else "")
        unit = "" if not tried else " images tried" if method == "noise" else " steps"
        axes.set_title(f"{METHOD_TITLES[method]} ({span}{unit})", size=BASE * page.scale, weight="bold")


def numbers(data: ImagineData, settings: Settings) -> Record:
    """Return every imagined digit with its pixels, in normalised units."""
    digits = _digits(data, settings)
    return Record(
        {
            "classes": data.classes,
            "nearest_in": data.space,
            "imagined": [
                {
                    "method": method,
                    "digit": digit,
                    "probability": found.probability,
                    "tried": found.tried,
                    "pixels": found.image,
                    "nearest_index": found.nearest.index if found.nearest else None,
                    "nearest_label": found.nearest.label if found.nearest else None,
                    "nearest_distance": found.nearest.distance if found.nearest else None,
                }
                for method in METHODS
                for digit in digits
                if (found := data.pictures.get((method, digit))) is not None
            ],
        }
    )

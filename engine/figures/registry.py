"""Which views there are as figures, a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnist_tui.engine.analysis.projection import Layer, Method
from mnist_tui.engine.analysis.subject import Split, Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import confusion, curves, grids, image, imagine, mistakes, projection, weights
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Numbers
from mnist_tui.engine.figures.settings import OPTIONS, Settings
from mnist_tui.engine.figures.style import Page, Size


@dataclass(frozen=True, slots=True)
class Kind:
    """A view as a figure: how its data are computed, drawn and written as numbers."""

    words: str
    """What it shows, in a line."""
    options: tuple[str, ...]
    """The settings that it takes."""
    compute: Callable[[Context, Subject, Settings], Any]
    natural: Callable[[Any, Settings], Size]
    draw: Callable[[Page, Any, Settings], None]
    numbers: Callable[[Any, Settings], Numbers]
    split: Split | None = "test"
    """Where none is named; None where it asks for no images."""
    epoch: bool = True
    """Whether it asks for an epoch's weights."""


POINTS = ("points", "classes", "window", "wrong", "index")


def _picture(words: str, method: Method, layer: Layer) -> Kind:
    options = (*POINTS, "axes") if method == "pca" else POINTS
    compute = projection.compute(method, layer)
    return Kind(words, options, compute, projection.natural, projection.draw, projection.numbers)


KINDS: dict[str, Kind] = {
    "curves": Kind(
        "loss and accuracy of training and validation along the epochs",
        ("log", "smooth", "last"),
        curves.compute, curves.natural, curves.draw, curves.numbers, split=None, epoch=False,
    ),
    "compare": Kind(
        "validation loss and accuracy of several runs, the others named by --with",
        ("compared", "log", "smooth", "last"),
        curves.compute_comparison, curves.natural, curves.draw_comparison, curves.numbers, split=None, epoch=False,
    ),
    "data": Kind(
        "images of the data set, without and with augmentation",
        ("first", "count", "draw"),
        grids.compute, grids.natural, grids.draw, grids.numbers, split="train", epoch=False,
    ),
    "confusion": Kind(
        "the confusion matrix with its counts, and the most confused pairs",
        ("percent", "both"),
        confusion.compute, confusion.natural, confusion.draw, confusion.numbers,
    ),
    "mistakes": Kind(
        "the 25 mistakes that the network is surest of, or any other list of images",
        ("first", "count", "which", "sort", "reverse", "filter", "index"),
        mistakes.compute, mistakes.natural, mistakes.draw, mistakes.numbers,
    ),
    "image": Kind(
        "one image: its probabilities, its history over the epochs, its nearest training images",
        ("index",),
        image.compute, image.natural, image.draw, image.numbers,
    ),
    "projection": Kind(
        "PCA and t-SNE of the output and the hidden layer, four panels",
        ("points", "classes", "wrong", "index"),
        projection.compute_panels, projection.natural_panels, projection.draw_panels, projection.numbers,
    ),
    "pca-output": _picture("PCA of the output", "pca", "output"),
    "pca-hidden": _picture("PCA of the last hidden layer", "pca", "hidden"),
    "tsne-output": _picture("t-SNE of the output", "tsne", "output"),
    "tsne-hidden": _picture("t-SNE of the last hidden layer", "tsne", "hidden"),
    "imagine": Kind(
        "imagined digits by noise search, gradient ascent and smooth ascent",
        ("digits",),
        imagine.compute, imagine.natural, imagine.draw, imagine.numbers, split=None,
    ),
    "weights": Kind(
        "the first layer's weights as pictures, one unit, or a deeper layer as a matrix",
        ("first", "count", "order", "reverse", "unit", "layer", "each"),
        weights.compute, weights.natural, weights.draw, weights.numbers,
    ),
}  # fmt: skip

FLAGS = {name: option.flag for name, option in OPTIONS.items()} | {"compared": "--with"}


def chosen(names: tuple[str, ...], given: set[str]) -> list[str]:
    """The named views, or all that can be made of one run.

    Args:
        given: the settings that were named; each must concern one of the views.

    Raises `ConfigError`.
    """
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise ConfigError({"view": f"the view {unknown[0]!r} is not known: choose of {', '.join(KINDS)}"})
    views = list(dict.fromkeys(names)) or [name for name in KINDS if name != "compare" or "compared" in given]
    for name in sorted(given):
        if not any(name in KINDS[view].options for view in views):
            able = ", ".join(view for view, kind in KINDS.items() if name in kind.options)
            raise ConfigError({name: f"{FLAGS[name]} concerns only {able}"})
    return views

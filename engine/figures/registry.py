"""Registry of the views that can be exported as figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    """How the data of a figure are computed, drawn and written as numbers."""

    description: str
    """Description for the help."""
    options: tuple[str, ...]
    """Names of the applicable settings."""
    compute: Callable[[Context, Subject, Settings], Any]
    natural: Callable[[Any, Settings], Size]
    draw: Callable[[Page, Any, Settings], None]
    numbers: Callable[[Any, Settings], Numbers]
    split: Split | None = "test"
    """Default split; None if the figure does not depend on a split."""
    epoch: bool = True
    """Whether the figure depends on the weights of an epoch."""
    facts: Callable[[Context, Any], Mapping[str, Any]] | None = None
    """Computes numbers that are written with those of `numbers`, a table, but not drawn."""


POINTS = ("points", "classes", "window", "wrong", "index")


def _projection_kind(description: str, method: Method, layer: Layer) -> Kind:
    options = (*POINTS, "axes") if method == "pca" else POINTS
    compute = projection.compute(method, layer)
    return Kind(
        description, options, compute, projection.natural, projection.draw, projection.numbers, facts=projection.facts
    )


KINDS: dict[str, Kind] = {
    "curves": Kind(
        "training and validation loss and accuracy by epoch",
        ("log", "smooth", "last"),
        curves.compute, curves.natural, curves.draw, curves.numbers, split=None, epoch=False,
    ),
    "compare": Kind(
        "validation loss and accuracy of several runs, added by --with",
        ("compared", "log", "smooth", "last"),
        curves.compute_comparison, curves.natural, curves.draw_comparison, curves.numbers, split=None, epoch=False,
    ),
    "data": Kind(
        "images of the data set, original and augmented",
        ("first", "count", "draw", "at_epoch"),
        grids.compute, grids.natural, grids.draw, grids.numbers, split="train", epoch=False,
    ),
    "confusion": Kind(
        "confusion matrix and most confused pairs",
        ("percent", "both"),
        confusion.compute, confusion.natural, confusion.draw, confusion.numbers,
    ),
    "mistakes": Kind(
        "the 25 most confident mistakes, or another list of images",
        ("first", "count", "which", "sort", "reverse", "filter", "index"),
        mistakes.compute, mistakes.natural, mistakes.draw, mistakes.numbers,
    ),
    "image": Kind(
        "one image: probabilities, history over the epochs, nearest training images",
        ("index",),
        image.compute, image.natural, image.draw, image.numbers,
    ),
    "projection": Kind(
        "PCA and t-SNE of the output and the last hidden layer in four panels",
        ("points", "classes", "wrong", "index"),
        projection.compute_panels, projection.natural_panels, projection.draw_panels, projection.numbers,
        facts=projection.facts,
    ),
    "pca-output": _projection_kind("PCA of the output", "pca", "output"),
    "pca-hidden": _projection_kind("PCA of the last hidden layer", "pca", "hidden"),
    "tsne-output": _projection_kind("t-SNE of the output", "tsne", "output"),
    "tsne-hidden": _projection_kind("t-SNE of the last hidden layer", "tsne", "hidden"),
    "imagine": Kind(
        "imagined digits by noise search, gradient ascent and smooth ascent",
        ("digits",),
        imagine.compute, imagine.natural, imagine.draw, imagine.numbers, split=None,
    ),
    "weights": Kind(
        "weights of the first layer as images, one unit, or a deeper layer as a matrix",
        ("first", "count", "order", "reverse", "unit", "layer", "each"),
        weights.compute, weights.natural, weights.draw, weights.numbers,
    ),
}  # fmt: skip

FLAGS = {name: option.flag for name, option in OPTIONS.items()} | {"compared": "--with"}


def select_views(names: tuple[str, ...], given: set[str]) -> list[str]:
    """Return the named views, or all that are available for one run.

    Args:
        given: names of the specified settings; each must apply to at least one of the views.

    Raises `ConfigError` for an unknown view or an inapplicable setting.
    """
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise ConfigError({"view": f"the view must be one of {', '.join(KINDS)}, not {unknown[0]!r}"})
    views = list(dict.fromkeys(names)) or [name for name in KINDS if name != "compare" or "compared" in given]
    for name in sorted(given):
        if not any(name in KINDS[view].options for view in views):
            applicable = ", ".join(view for view, kind in KINDS.items() if name in kind.options)
            raise ConfigError({name: f"{FLAGS[name]} applies only to {applicable}"})
    return views

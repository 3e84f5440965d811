"""Images of a data set, as they are stored and as the training sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.subject import Split
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset

TRANSFORM = ("rotation", "shift", "scale", "shear", "elastic")
"""The configuration's fields that say how training transforms its images."""


@dataclass(frozen=True, slots=True, eq=False)
class GridsData:
    """N images of a split, stored and augmented."""

    title: str
    """The data set's."""
    split: Split
    first: int
    """Where in the split they begin."""
    available: int
    """Images in the split."""
    stored: NDArray[np.uint8]
    """(N, 28, 28)"""
    augmented: NDArray[np.uint8]
    """(N, 28, 28): after a random transform; in training only training images are."""
    labels: NDArray[np.int64]
    """(N,)"""
    indices: NDArray[np.int64]
    """(N,): places in the data set's file."""
    classes: tuple[str, ...]
    config: RunConfig
    """Says how they were transformed."""


def compute(dataset: Dataset, config: RunConfig, split: Split, *, first: int, count: int, draw: int) -> GridsData:
    """Images of a split.

    Args:
        config: says how the data set is split and how images are transformed.
        first, count: which images of the split; fewer where it ends.
        draw: another one transforms anew.
    """
    from mnist_tui.engine.augment.preview import augmented

    places = split_indices(dataset, config, split)
    chosen = places[first : first + count]
    test = split == "test"
    images = (dataset.test_images if test else dataset.images)[chosen]
    labels = (dataset.test_labels if test else dataset.labels)[chosen]
    return GridsData(
        title=dataset.title,
        split=split,
        first=first,
        available=len(places),
        stored=images,
        augmented=augmented(images, config, config.seed + draw),
        labels=labels.astype(np.int64),
        indices=chosen,
        classes=dataset.classes,
        config=config,
    )


def split_indices(dataset: Dataset, config: RunConfig, split: Split) -> NDArray[np.int64]:
    """The places of a split's images in the data set's file, ascending."""
    if split == "test":
        return np.arange(len(dataset.test_labels), dtype=np.int64)
    train, valid = dataset.split(config.seed, config.valid_fraction)
    return train if split == "train" else valid

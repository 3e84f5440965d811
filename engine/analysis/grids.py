"""Images of a data set, original and augmented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.subject import Split
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset

TRANSFORM_FIELDS = ("rotation", "shift", "scale", "shear", "elastic", "fade")
"""Fields of the configuration that define the augmentation."""


@dataclass(frozen=True, slots=True, eq=False)
class GridsData:
    """N images of a split, original and augmented."""

    name: str
    title: str
    """Name and title of the data set."""
    split: Split
    first: int
    """Position of the first image in the split."""
    available: int
    """Number of images in the split."""
    stored: NDArray[np.uint8]
    """(N, 28, 28)"""
    augmented: NDArray[np.uint8]
    """(N, 28, 28): after random transforms, which training applies only to training images."""
    labels: NDArray[np.int64]
    """(N,)"""
    indices: NDArray[np.int64]
    """(N,): indices in the data set's file."""
    classes: tuple[str, ...]
    config: RunConfig
    """Defines the augmentation."""
    epoch: int
    """Epoch whose strength the augmentation has."""

    @property
    def augmentation(self) -> str:
        """The augmentation of this epoch in short."""
        return augmentation_label(self.config, self.epoch)


def augmentation_label(config: RunConfig, epoch: int) -> str:
    """Describe the augmentation of an epoch: its ranges, and their strength if it changes over the epochs."""
    strength = strength_label(config, epoch)
    return f"{strength} of {config.augmentation}" if strength else config.augmentation


def strength_label(config: RunConfig, epoch: int) -> str:
    """Describe the strength of the augmentation in an epoch; empty if it is the same in all epochs."""
    if not config.fade:
        return ""
    return f"epoch {epoch} of {config.epochs}, strength {percent(config.strength(epoch), 0)}"


def compute(
    dataset: Dataset, config: RunConfig, split: Split, *, first: int, count: int, draw: int, epoch: int
) -> GridsData:
    """Return images of a split, original and augmented.

    Args:
        config: defines the splits and the augmentation.
        first, count: range of images; fewer at the end of the split.
        draw: seed offset of the random transforms.
        epoch: epoch whose strength the augmentation has.
    """
    from mnist_tui.engine.augment.preview import augmented

    indices = split_indices(dataset, config, split)
    chosen = indices[first : first + count]
    test = split == "test"
    images = (dataset.test_images if test else dataset.images)[chosen]
    labels = (dataset.test_labels if test else dataset.labels)[chosen]
    return GridsData(
        name=dataset.name,
        title=dataset.title,
        split=split,
        first=first,
        available=len(indices),
        stored=images,
        augmented=augmented(images, config, config.seed + draw, epoch),
        labels=labels.astype(np.int64),
        indices=chosen,
        classes=dataset.classes,
        config=config,
        epoch=epoch,
    )


def split_indices(dataset: Dataset, config: RunConfig, split: Split) -> NDArray[np.int64]:
    """Return the indices of a split's images in the data set's file, ascending."""
    if split == "test":
        return np.arange(len(dataset.test_labels), dtype=np.int64)
    train, valid = dataset.split(config.seed, config.valid_fraction)
    return train if split == "train" else valid

"""The training images on the device, and an epoch's shuffled, augmented and normalised batches out of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.augment.choose import make_transform
from mnist_tui.engine.config import RunConfig

CHUNK = {"cpu": 1024}
"""Images that are augmented at once: few enough for a CPU's cache …"""
GPU_CHUNK = 8192
"""… and enough to fill a GPU."""


def normalise(images: Tensor, mean: float, std: float) -> Tensor:
    """8-bit pixels scaled to 0–1, less `mean`, over `std`.

    Args:
        images: (N, S, S) uint8, or float32 in its units.

    Returns:
        (N, S·S) float32.
    """
    # In one pass; from bytes to floats is one of its own, because torch's mixed arithmetic is slower than both.
    pixels = images.flatten(1).to(torch.float32)
    own = pixels if images.dtype == torch.uint8 else None
    return torch.add(torch.tensor(-mean / std), pixels, alpha=1 / (255 * std), out=own)


def seed_for(seed: int, epoch: int) -> int:
    """A seed of its own for every epoch, so that an epoch's random draws need no history."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(1))


class TrainingBatches:
    """Batches of the training images, which lie on the device; a batch is an index into them."""

    def __init__(self, images: Tensor, labels: Tensor, mean: float, std: float, config: RunConfig) -> None:
        """
        Args:
            images: (N, S, S) uint8, on the device.
            labels: (N,) int64, on the same device.
            mean, std: of the pixels scaled to 0–1.
            config: the batch size, the seed, and how images are transformed are read from it.
        """
        self.labels = labels
        self.mean, self.std = mean, std
        self.config = config
        self.transform = make_transform(config, images.shape[1])
        self.prepared = self.transform.prepare(images)

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / self.config.batch_size)

    def sizes(self) -> np.ndarray:
        """(batches,) int64: examples in each batch of an epoch; the last may be short."""
        starts = np.arange(len(self)) * self.config.batch_size
        return np.minimum(self.config.batch_size, len(self.labels) - starts)

    def epoch(self, epoch: int, *, first: int = 0, together: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch; the same epoch of the same seed gives the same pixels on every device.

        Args:
            first: how many batches to leave out at the beginning.
            together: how many come at once, one behind the other; at the end there may be fewer.

        Yields:
            x: (examples, S·S) float32; y: (examples,) int64.
        """
        config, device = self.config, self.labels.device
        count = len(self.labels)
        generator = torch.Generator().manual_seed(seed_for(config.seed, epoch))
        order = torch.randperm(count, generator=generator).to(device)
        drawn = [part.to(device) for part in self.transform.draw(count, generator, config.strength(epoch))]

        group = config.batch_size * together
        chunk = max(1, CHUNK.get(device.type, GPU_CHUNK) // group) * group
        for start in range(first * config.batch_size, count, chunk):
            piece = slice(start, start + chunk)
            chosen = order[piece]
            images = self.transform.apply(self.prepared.index_select(0, chosen), *(part[piece] for part in drawn))
            x, y = normalise(images, self.mean, self.std), self.labels.index_select(0, chosen)
            yield from zip(torch.split(x, group), torch.split(y, group), strict=True)

"""The training images on the device, and an epoch's shuffled, augmented and normalised batches out of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine.config import RunConfig
from engine.transforms import make_transform

CHUNK = {"cpu": 512}
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
    return torch.add(torch.tensor(-mean / std), images.flatten(1).to(torch.float32), alpha=1 / (255 * std))


def seed_for(seed: int, epoch: int) -> int:
    """A seed of its own for every epoch, so that an epoch's random draws need no history."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(1))


class TrainingBatches:
    """Batches of the training images, as uint8 on the device; a batch is an index into them."""

    def __init__(self, images: Tensor, labels: Tensor, mean: float, std: float, config: RunConfig) -> None:
        """
        Args:
            images: (N, S, S) uint8, on the device.
            labels: (N,) int64, on the same device.
            mean, std: of the pixels scaled to 0–1.
            config: the batch size, the seed, and how images are transformed are read from it.
        """
        self.images, self.labels = images, labels
        self.mean, self.std = mean, std
        self.config = config
        self.transform = make_transform(config, images.shape[1])

    def __len__(self) -> int:
        return math.ceil(len(self.images) / self.config.batch_size)

    def sizes(self) -> np.ndarray:
        """(batches,) int64: examples in each batch of an epoch; the last may be short."""
        starts = np.arange(len(self)) * self.config.batch_size
        return np.minimum(self.config.batch_size, len(self.images) - starts)

    def epoch(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch; the same epoch of the same seed gives the same pixels on every device.

        Yields:
            x: (batch, S·S) float32; y: (batch,) int64.
        """
        config, device = self.config, self.images.device
        count = len(self.images)
        generator = torch.Generator().manual_seed(seed_for(config.seed, epoch))
        order = torch.randperm(count, generator=generator).to(device)
        drawn = [part.to(device) for part in self.transform.draw(count, generator, config.strength(epoch))]

        batch = config.batch_size
        chunk = max(1, CHUNK.get(device.type, GPU_CHUNK) // batch) * batch
        for start in range(0, count, chunk):
            piece = slice(start, start + chunk)
            chosen = order[piece]
            images = self.transform.apply(self.images.index_select(0, chosen), *(part[piece] for part in drawn))
            x, y = normalise(images, self.mean, self.std), self.labels.index_select(0, chosen)
            yield from zip(torch.split(x, batch), torch.split(y, batch), strict=True)

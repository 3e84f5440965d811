"""The training images on the device, and the shuffled, augmented and normalised batches of each epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.augment.choose import make_transform
from mnist_tui.engine.config import RunConfig

CHUNK = {"cpu": 1024}
"""Images augmented at once on a CPU: few enough to stay in its cache."""
GPU_CHUNK = 8192
"""Images augmented at once on a GPU: enough to occupy it."""


def normalise(images: Tensor, mean: float, std: float) -> Tensor:
    """Scale 8-bit pixels to 0–1, subtract `mean` and divide by `std`.

    Args:
        images: (N, S, S) uint8, or float32 with the same range of values.

    Returns:
        (N, S·S) float32.
    """
    # The conversion to float is a separate pass, since torch's mixed-type arithmetic is slower than both together.
    pixels = images.flatten(1).to(torch.float32)
    out = pixels if images.dtype == torch.uint8 else None
    return torch.add(torch.tensor(-mean / std), pixels, alpha=1 / (255 * std), out=out)


def seed_for(seed: int, epoch: int) -> int:
    """Derive an independent seed for each epoch, so that its random numbers do not depend on earlier epochs."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(1))


class TrainingBatches:
    """Yields batches of the training images, which stay on the device."""

    def __init__(self, images: Tensor, labels: Tensor, mean: float, std: float, config: RunConfig) -> None:
        """
        Args:
            images: (N, S, S) uint8, on the device.
            labels: (N,) int64, on the same device.
            mean, std: Of the pixels scaled to 0–1.
            config: Provides the batch size, the seed and the augmentation.
        """
        self.labels = labels
        self.mean, self.std = mean, std
        self.config = config
        self.transform = make_transform(config, images.shape[1])
        self.prepared = self.transform.prepare(images)

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / self.config.batch_size)

    def sizes(self) -> np.ndarray:
        """Return the number of examples in each batch of an epoch, (batches,) int64; the last batch may be smaller."""
        starts = np.arange(len(self)) * self.config.batch_size
        return np.minimum(self.config.batch_size, len(self.labels) - starts)

    def epoch(self, epoch: int, *, first: int = 0, group_size: int = 1) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch; the same seed and epoch give the same pixels on every device.

        Args:
            first: Number of batches to skip at the start.
            together: Number of consecutive batches per item; the last item may have fewer.

        Yields:
            x: (examples, S·S) float32; y: (examples,) int64.
        """
        config, device = self.config, self.labels.device
        count = len(self.labels)
        generator = torch.Generator().manual_seed(seed_for(config.seed, epoch))
        order = torch.randperm(count, generator=generator).to(device)
        draws = [part.to(device) for part in self.transform.draw(count, generator, config.strength(epoch))]

        group = config.batch_size * group_size
        chunk = max(1, CHUNK.get(device.type, GPU_CHUNK) // group) * group
        for start in range(first * config.batch_size, count, chunk):
            part_of_epoch = slice(start, start + chunk)
            indices = order[part_of_epoch]
            images = self.transform.apply(
                self.prepared.index_select(0, indices), *(part[part_of_epoch] for part in draws)
            )
            x, y = normalise(images, self.mean, self.std), self.labels.index_select(0, indices)
            yield from zip(torch.split(x, group), torch.split(y, group), strict=True)

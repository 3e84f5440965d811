"""Images as augmented in training, for display."""

from __future__ import annotations

import numpy as np
import torch

from mnist_tui.engine.augment.choose import make_transform
from mnist_tui.engine.config import RunConfig


def augmented(images: np.ndarray, config: RunConfig, seed: int, epoch: int = 1) -> np.ndarray:
    """Apply the training's random transformation to images, at the strength of an epoch.

    Args:
        images: (N, S, S) uint8.
        config: Selects the transformation.
        seed: Seed of the random numbers.
        epoch: From 1; determines the strength, as in the training.

    Returns:
        (N, S, S) uint8.
    """
    transform = make_transform(config, images.shape[1])
    drawn = transform.draw(len(images), torch.Generator().manual_seed(seed), config.strength(epoch))
    result = transform.apply(transform.prepare(torch.tensor(images)), *drawn)
    return (result.round() if result.is_floating_point() else result).to(torch.uint8).numpy()

"""Images to look at: as they are stored, and as the training sees them."""

from __future__ import annotations

import numpy as np
import torch

from mnist_tui.engine.augment.choose import make_transform
from mnist_tui.engine.config import RunConfig


def augmented(images: np.ndarray, config: RunConfig, seed: int) -> np.ndarray:
    """The images after the training's random transform, as strong as in its first epoch.

    Args:
        images: (N, S, S) uint8.
        config: says how they are transformed.
        seed: another one draws anew.

    Returns:
        (N, S, S) uint8.
    """
    transform = make_transform(config, images.shape[1])
    drawn = transform.draw(len(images), torch.Generator().manual_seed(seed), 1.0)
    result = transform.apply(transform.prepare(torch.tensor(images)), *drawn)
    return (result.round() if result.is_floating_point() else result).to(torch.uint8).numpy()

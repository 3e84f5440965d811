"""Images to look at: as they are stored, and as the training sees them."""

from __future__ import annotations

import numpy as np
import torch

from engine import augment


def augmented(images: np.ndarray, rotation: float, shift: int, seed: int) -> np.ndarray:
    """The images after the training's random turn and shift.

    Args:
        images: (N, S, S) uint8.
        rotation: degrees; shift: pixels, as in `RunConfig`.
        seed: another one draws anew.

    Returns:
        (N, S, S) uint8.
    """
    generator = torch.Generator().manual_seed(seed)
    angles, offsets = augment.draw(len(images), rotation, shift, generator)
    matrices = augment.steps(angles, images.shape[1])
    return augment.rotate_and_crop(torch.tensor(images), matrices, offsets, shift).numpy()

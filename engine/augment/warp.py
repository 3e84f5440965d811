"""Bend a whole batch of images: turn, stretch, shear and shift them by any amount, and deform them like rubber.

Every pixel of the result looks up one place in its image, between the pixels by bilinear interpolation, so that all
of it together costs one look-up and blurs only once. Where a pixel looks is a sum of few smooth maps over the image
(x, y, 1, and waves for the rubber), weighted by a few random numbers per image: one matrix product for a whole batch.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

SMOOTHNESS = 4.0
"""Pixels: the rubber's displacements are white noise smoothed by a Gaussian of this width."""
KEPT = 0.995
"""Share of the displacements' variance that the waves carry; the rest would be too small to see."""


class Warp:
    """Random bends of square images of one size."""

    def __init__(self, size: int, rotation: float, shift: float, scale: float, shear: float, elastic: float) -> None:
        """
        Args:
            size: width and height of the images, in pixels.
            rotation: images are turned by up to so many degrees, either way …
            shift: … moved by up to so many pixels along each axis …
            scale: … along each axis stretched or squeezed by up to this share (0.1: to between 1/1.1 and 1.1) …
            shear: … slanted by up to so many degrees …
            elastic: … and deformed; the standard deviation of each pixel's displacement along each axis, in pixels.
        """
        self.rotation, self.shift, self.scale, self.shear, self.elastic = rotation, shift, scale, shear, elastic
        waves = _waves(size) if elastic else np.zeros((0, size * size))
        self._waves = len(waves)
        centred = np.arange(size) - (size - 1) / 2
        y, x = np.meshgrid(centred, centred, indexing="ij")
        # `grid_sample` counts from -1 to 1 between the middles of the outermost pixels.
        maps = np.concatenate([waves, [x.ravel(), y.ravel(), np.ones(size * size)]]) * 2 / (size - 1)
        self._maps = torch.tensor(maps, dtype=torch.float32)

    def prepare(self, images: Tensor) -> Tensor:
        """The images as they are."""
        return images

    def draw(self, count: int, generator: torch.Generator, strength: float = 1.0) -> tuple[Tensor]:
        """Random bends for `count` images, drawn on the CPU so that every device gets the same.

        Args:
            count: how many images.
            generator: of the CPU.
            strength: 0 leaves the images as they are; 1 is as strong as was said.

        Returns:
            One tensor, (count, 2, maps) float32: by how much each map moves the look-up along x and along y.
        """

        def uniform(limit: float, *size: int) -> Tensor:
            return torch.empty(count, *size).uniform_(-limit, limit, generator=generator)

        waves = torch.randn(count, 2, self._waves, generator=generator).mul_(self.elastic * strength)
        angle = uniform(math.radians(self.rotation) * strength)
        slant = torch.tan(uniform(math.radians(self.shear) * strength))
        # The look-up goes the other way than the image: to stretch it, look closer to the middle.
        across, down = torch.exp(uniform(math.log1p(self.scale) * strength, 2)).unbind(1)
        cos, sin = torch.cos(angle), torch.sin(angle)
        along_x = torch.stack((cos * across, (slant * cos - sin) * down), dim=1)
        along_y = torch.stack((sin * across, (slant * sin + cos) * down), dim=1)
        shifts = uniform(self.shift * strength, 2, 1)
        return (torch.cat((waves, torch.stack((along_x, along_y), dim=1), shifts), dim=2),)

    def apply(self, prepared: Tensor, *drawn: Tensor) -> Tensor:
        """Each image bent; what comes from outside of it is 0.

        Args:
            prepared: (N, S, S) uint8, the images.
            drawn: their rows of what `draw` gave, on the images' device.

        Returns:
            (N, S, S) float32 in the images' units, not rounded.
        """
        (bends,) = drawn
        count, size, _ = prepared.shape
        self._maps = self._maps.to(prepared.device)
        places = (bends.flatten(0, 1) @ self._maps).view(count, 2, size, size).permute(0, 2, 3, 1)
        bent = torch.nn.functional.grid_sample(
            prepared[:, None].float(), places, mode="bilinear", padding_mode="zeros", align_corners=True
        )
        return bent[:, 0]


def _waves(size: int) -> np.ndarray:
    """Maps whose sum with independent standard normal weights is a smooth random field of variance 1.

    White noise smoothed by a Gaussian of width s is a normal field in which two pixels at a distance d are correlated
    by exp(-d²/4s²). Along one axis that is a matrix whose few largest eigenvectors carry nearly all of it; their
    products are the maps of the plane.

    Returns:
        (maps, size²) float64.
    """
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    values, vectors = np.linalg.eigh(np.exp(-(distance**2) / (4 * SMOOTHNESS**2)))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values), KEPT * values.sum())) + 1
    axis = (vectors[:, :kept] * np.sqrt(values[:kept])).T
    waves: np.ndarray = np.einsum("ay,bx->abyx", axis, axis)
    return waves.reshape(kept * kept, size * size)

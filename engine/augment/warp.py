"""Warps a batch of images at once: rotation, scaling, shear, translation and elastic distortion.

Each pixel of the result samples one position of its image with bilinear interpolation, so that the combined warp costs
one look-up and blurs only once. The positions are a weighted sum of a few smooth maps (x, y, 1, and low-frequency maps
for the elastic distortion), with a few random weights per image: one matrix product for a whole batch.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

SMOOTHNESS = 4.0
"""Standard deviation, in pixels, of the Gaussian that smooths the elastic displacements."""
VARIANCE_KEPT = 0.995
"""Fraction of the displacements' variance that the smooth maps represent; the rest would be invisible."""


class Warp:
    """Random warps of square images of one size."""

    def __init__(self, size: int, rotation: float, shift: float, scale: float, shear: float, elastic: float) -> None:
        """
        Args:
            size: Width and height of the images, in pixels.
            rotation: Maximum rotation in either direction, in degrees.
            shift: Maximum translation along each axis, in pixels.
            scale: Maximum scaling along each axis, as a fraction (0.1: by 1/1.1 to 1.1).
            shear: Maximum shear angle, in degrees.
            elastic: Standard deviation of each pixel's elastic displacement along each axis, in pixels.
        """
        self.rotation, self.shift, self.scale, self.shear, self.elastic = rotation, shift, scale, shear, elastic
        smooth_maps = _smooth_maps(size) if elastic else np.zeros((0, size * size))
        self._smooth_map_count = len(smooth_maps)
        centred = np.arange(size) - (size - 1) / 2
        y, x = np.meshgrid(centred, centred, indexing="ij")
        # `grid_sample` coordinates range from -1 to 1 between the centres of the outermost pixels.
        maps = np.concatenate([smooth_maps, [x.ravel(), y.ravel(), np.ones(size * size)]]) * 2 / (size - 1)
        self._maps = torch.tensor(maps, dtype=torch.float32)

    def prepare(self, images: Tensor) -> Tensor:
        """Return the images unchanged."""
        return images

    def draw(self, count: int, generator: torch.Generator, strength: float = 1.0) -> tuple[Tensor]:
        """Draw random warps for `count` images, on the CPU so that every device gets the same.

        Args:
            count: Number of images.
            generator: On the CPU.
            strength: 0 leaves the images unchanged; 1 applies the full ranges.

        Returns:
            One tensor, (count, 2, maps) float32: the weights of the maps for the coordinates x and y.
        """

        def uniform(limit: float, *size: int) -> Tensor:
            return torch.empty(count, *size).uniform_(-limit, limit, generator=generator)

        map_weights = torch.randn(count, 2, self._smooth_map_count, generator=generator).mul_(self.elastic * strength)
        angle = uniform(math.radians(self.rotation) * strength)
        shear = torch.tan(uniform(math.radians(self.shear) * strength))
        # Coordinates map the result to the source, so stretching an image means sampling closer to its centre.
        across, down = torch.exp(uniform(math.log1p(self.scale) * strength, 2)).unbind(1)
        cos, sin = torch.cos(angle), torch.sin(angle)
        along_x = torch.stack((cos * across, (shear * cos - sin) * down), dim=1)
        along_y = torch.stack((sin * across, (shear * sin + cos) * down), dim=1)
        shifts = uniform(self.shift * strength, 2, 1)
        return (torch.cat((map_weights, torch.stack((along_x, along_y), dim=1), shifts), dim=2),)

    def apply(self, prepared: Tensor, *drawn: Tensor) -> Tensor:
        """Warp each image; pixels outside of it count as 0.

        Args:
            prepared: (N, S, S) uint8, the images.
            drawn: The corresponding rows of the result of `draw`, on the images' device.

        Returns:
            (N, S, S) float32 in the range of the images, not rounded.
        """
        (weights,) = drawn
        count, size, _ = prepared.shape
        self._maps = self._maps.to(prepared.device)
        coordinates = (weights.flatten(0, 1) @ self._maps).view(count, 2, size, size).permute(0, 2, 3, 1)
        warped = torch.nn.functional.grid_sample(
            prepared[:, None].float(), coordinates, mode="bilinear", padding_mode="zeros", align_corners=True
        )
        return warped[:, 0]


def _smooth_maps(size: int) -> np.ndarray:
    """Return maps whose sum, with independent standard normal weights, is a smooth random field of variance 1.

    White noise smoothed by a Gaussian of width s is a normal field in which two pixels at distance d have the
    correlation exp(-d²/4s²). Along one axis, a few eigenvectors of that matrix represent nearly all of the variance;
    their products are the maps of the plane.

    Returns:
        (maps, size²) float64.
    """
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    values, vectors = np.linalg.eigh(np.exp(-(distance**2) / (4 * SMOOTHNESS**2)))
    values, vectors = values[::-1], vectors[:, ::-1]
    count = int(np.searchsorted(np.cumsum(values), VARIANCE_KEPT * values.sum())) + 1
    axis = (vectors[:, :count] * np.sqrt(values[:count])).T
    smooth_maps: np.ndarray = np.einsum("ay,bx->abyx", axis, axis)
    return smooth_maps.reshape(count * count, size * size)

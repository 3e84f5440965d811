"""Chooses the transformation for a configuration: rotation and crop, or a general warp."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from mnist_tui.engine.augment import rotate_crop
from mnist_tui.engine.augment.warp import Warp
from mnist_tui.engine.config import RunConfig


class Transform(Protocol):
    """A random transformation of a batch of images: drawn on the CPU, applied on any device."""

    def prepare(self, images: Tensor) -> Tensor:
        """Convert (N, S, S) uint8 images to the input of `apply`, one row per image; done once for all epochs."""

    def draw(self, count: int, generator: torch.Generator, strength: float) -> tuple[Tensor, ...]:
        """Draw random numbers for `count` images, one row per image in every tensor; `strength` is from 0 to 1."""

    def apply(self, prepared: Tensor, *drawn: Tensor) -> Tensor:
        """Transform images by the corresponding rows of `drawn`; returns (N, S, S) uint8, or float32 unrounded."""


class RotateAndCrop:
    """Rotation by nearest neighbour and crop by whole pixels, identical to torchvision's."""

    def __init__(self, size: int, rotation: float, shift: int) -> None:
        self.size, self.rotation, self.shift = size, rotation, shift

    def prepare(self, images: Tensor) -> Tensor:
        return rotate_crop.add_border(images)

    def draw(self, count: int, generator: torch.Generator, strength: float) -> tuple[Tensor, ...]:
        shift = round(self.shift * strength)
        angles, offsets = rotate_crop.draw(count, self.rotation * strength, shift, generator)
        offsets += self.shift - shift
        return rotate_crop.crop_matrices(rotate_crop.rotation_matrices(angles, self.size), offsets, self.shift), offsets

    def apply(self, prepared: Tensor, *drawn: Tensor) -> Tensor:
        matrices, offsets = drawn
        return rotate_crop.rotate_and_crop(prepared, matrices, offsets, self.shift)


def make_transform(config: RunConfig, size: int) -> Transform:
    """Create the configured transformation for images of `size` × `size` pixels."""
    if config.bends:
        return Warp(size, config.rotation, config.shift, config.scale, config.shear, config.elastic)
    return RotateAndCrop(size, config.rotation, config.shift)

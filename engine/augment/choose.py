"""What a configuration does to its training images: the notebook's turn and crop, or a bend."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from mnist_tui.engine.augment import rotate_crop
from mnist_tui.engine.augment.warp import Warp
from mnist_tui.engine.config import RunConfig


class Transform(Protocol):
    """A random transform of a whole batch of images: drawn on the CPU, applied on any device."""

    def prepare(self, images: Tensor) -> Tensor:
        """What `apply` takes of (N, S, S) uint8 images, a row for each: made once for all epochs."""

    def draw(self, count: int, generator: torch.Generator, strength: float) -> tuple[Tensor, ...]:
        """Random numbers for `count` images, a row for each in every tensor; `strength`, up to 1, weakens them."""

    def apply(self, prepared: Tensor, *drawn: Tensor) -> Tensor:
        """(N, S, S): images, transformed by the same rows of what was drawn; uint8, or float32 unrounded."""


class TurnAndCrop:
    """The notebook's: a turn by the nearest pixel and a crop by whole pixels, equal to torchvision's."""

    def __init__(self, size: int, rotation: float, shift: int) -> None:
        self.size, self.rotation, self.shift = size, rotation, shift

    def prepare(self, images: Tensor) -> Tensor:
        return rotate_crop.frame(images)

    def draw(self, count: int, generator: torch.Generator, strength: float) -> tuple[Tensor, ...]:
        shift = round(self.shift * strength)
        angles, offsets = rotate_crop.draw(count, self.rotation * strength, shift, generator)
        offsets += self.shift - shift
        return rotate_crop.cut(rotate_crop.steps(angles, self.size), offsets, self.shift), offsets

    def apply(self, prepared: Tensor, *drawn: Tensor) -> Tensor:
        matrices, offsets = drawn
        return rotate_crop.rotate_and_crop(prepared, matrices, offsets, self.shift)


def make_transform(config: RunConfig, size: int) -> Transform:
    """The configured transform of images of `size` × `size` pixels."""
    if config.bends:
        return Warp(size, config.rotation, config.shift, config.scale, config.shear, config.elastic)
    return TurnAndCrop(size, config.rotation, config.shift)

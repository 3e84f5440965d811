"""Rotates and shifts a batch of images at once, pixel for pixel as torchvision does one PIL image at a time.

The transformation is `RandomRotation` (nearest neighbour, fill 0) followed by `RandomCrop(28, padding=shift)`. Like
Pillow (`affine_fixed` in its Geometry.c), it uses 16.16 fixed-point arithmetic: for each pixel of the result it walks
the source in integer steps of 1/65536 pixel. The integers make the result identical on every device, not just close.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

ONE = 1 << 16
"""One pixel in 16.16 fixed point."""


def draw(count: int, rotation: float, shift: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw random angles and offsets for `count` images, on the CPU so that every device gets the same.

    Returns:
        angles: (count,) float64, degrees counter-clockwise, uniform in (-rotation, +rotation).
        offsets: (count, 2) int64, top and left of the crop in the padded image, uniform in 0 … 2·shift.
    """
    angles = torch.empty(count, dtype=torch.float64).uniform_(-rotation, rotation, generator=generator)
    offsets = torch.randint(0, 2 * shift + 1, (count, 2), generator=generator)
    return angles, offsets


def rotation_matrices(angles: Tensor, size: int) -> Tensor:
    """Return Pillow's fixed-point affine matrix for each angle.

    Args:
        angles: (N,) float64, degrees counter-clockwise.
        size: width and height of the images, in pixels.

    Returns:
        (N, 6) int32: for the result's pixel (x, y) the source is `(m0·x + m1·y + m2, m3·x + m4·y + m5)` / 65536.
    """
    # Follows Pillow's `Image.rotate` exactly: the matrix is rounded to 15 digits before the centre is subtracted, and
    # the fixed-point offset is that of the pixel's centre.
    radians = torch.deg2rad(-torch.remainder(angles, 360.0))
    cos, sin = (torch.round(part, decimals=15) for part in (torch.cos(radians), torch.sin(radians)))
    centre = size / 2
    x0 = cos * -centre + sin * -centre + centre
    y0 = -sin * -centre + cos * -centre + centre
    rows = (cos, sin, x0 + cos * 0.5 + sin * 0.5, -sin, cos, y0 + -sin * 0.5 + cos * 0.5)
    return torch.stack([torch.floor(row * ONE + 0.5) for row in rows], dim=1).to(torch.int32)


def crop_matrices(matrices: Tensor, offsets: Tensor, shift: int) -> Tensor:
    """Combine rotation matrices with the crop of the rotated image, which is padded by `shift` on every side.

    Args:
        matrices: (N, 6) int32, from `rotation_matrices`.
        offsets: (N, 2) integer, top and left of the crop in the padded image, each in 0 … 2·shift.

    Returns:
        (N, 6) int32: the matrices, relative to pixel (0, 0) of the crop and to the source with its border.
    """
    top, left = (offsets - shift).to(torch.int32)[:, :, None].unbind(1)
    result = matrices.view(-1, 2, 3).clone()
    across, down, start = result.unbind(2)
    start.add_(across * left).add_(down * top).add_(ONE)
    return result.view(-1, 6)


def add_border(images: Tensor) -> Tensor:
    """Add a border of one zero pixel, which represents everything outside: (N, S, S) to (N, S + 2, S + 2)."""
    return torch.nn.functional.pad(images, (1, 1, 1, 1))


def rotate_and_crop(framed: Tensor, matrices: Tensor, offsets: Tensor, shift: int) -> Tensor:
    """Rotate each image, pad it by `shift` zeros on every side and crop it to its original size.

    Args:
        framed: (N, S + 2, S + 2) uint8, from `add_border`.
        matrices: (N, 6) int32, from `crop_matrices`.
        offsets: (N, 2) integer, top and left of the crop, each in 0 … 2·shift.
        shift: The padding, in pixels.

    Returns:
        (N, S, S) uint8 on the images' device.
    """
    count, side, _ = framed.shape
    row, column, inside = _tables(side - 2, shift, framed.device)
    # For each pixel of each image, along x and along y: start + down · row + across · column, in whole pixels of the
    # bordered image. Doing it with two numbers per image in a single operation would be ten times slower in torch.
    across, down, start = matrices.view(count, 2, 3, 1).permute(2, 1, 0, 3).unbind()
    places = torch.empty(2, count, len(row), dtype=torch.int32, device=framed.device)
    torch.mul(down, row, out=places)
    places.add_(start).addcmul_(across, column).bitwise_right_shift_(16).clamp_(0, side - 1)
    x, y = places
    first = torch.arange(0, count * side**2, side**2, dtype=torch.int32, device=framed.device)
    source = x.add_(y, alpha=side).add_(first[:, None])
    turned = framed.view(-1).index_select(0, source.view(-1)).view(count, -1)
    # Pixels of the crop that lie in the padding are 0, whatever the source has there.
    turned.mul_(inside.index_select(0, offsets[:, 0] * (2 * shift + 1) + offsets[:, 1]))
    return turned.view(count, side - 2, side - 2)


@functools.lru_cache(maxsize=8)
def _tables(size: int, shift: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return tables that are the same for all images.

    Returns:
        row, column: (S·S,) int32 of each pixel.
        inside: ((2·shift + 1)², S·S) uint8: for each offset, 1 where the crop lies inside the image, else 0.
    """
    grid = torch.arange(size, dtype=torch.int32, device=device)
    row, column = (part.flatten() for part in torch.meshgrid(grid, grid, indexing="ij"))
    along = grid + torch.arange(-shift, shift + 1, dtype=torch.int32, device=device)[:, None]
    within = (along >= 0) & (along < size)
    inside = within[:, None, :, None] & within[None, :, None, :]
    return row, column, inside.to(torch.uint8).reshape(-1, size * size)

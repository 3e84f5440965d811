"""Turn and shift a whole batch of images at once, pixel for pixel as torchvision does one PIL image at a time.

The transform is `RandomRotation` (nearest neighbour, fill 0) followed by `RandomCrop(28, padding=shift)`. Pillow turns
an 8-bit image in 16.16 fixed-point arithmetic (`affine_fixed` in its Geometry.c), and so does this: for each pixel of
the result it walks the source in whole steps of 1/65536 pixel. Because these are integers, the result is equal on
every device, not just close.
"""

from __future__ import annotations

import torch
from torch import Tensor

ONE = 1 << 16
"""One pixel in 16.16 fixed point."""
FAR_OUT = -(1 << 29)
"""A place left of every image, in 16.16 fixed point, far enough that no turn brings it back."""


def draw(count: int, rotation: float, shift: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random angles and offsets for `count` images, drawn on the CPU so that every device gets the same.

    Returns:
        angles: (count,) float64, degrees counter-clockwise, uniform in (-rotation, +rotation).
        offsets: (count, 2) int64, top and left of the crop in the padded image, uniform in 0 … 2·shift.
    """
    angles = torch.empty(count, dtype=torch.float64).uniform_(-rotation, rotation, generator=generator)
    offsets = torch.randint(0, 2 * shift + 1, (count, 2), generator=generator)
    return angles, offsets


def steps(angles: Tensor, size: int) -> Tensor:
    """Pillow's fixed-point affine matrix for each angle.

    Args:
        angles: (N,) float64, degrees counter-clockwise.
        size: width and height of the images, in pixels.

    Returns:
        (N, 6) int32: for the result's pixel (x, y) the source is `(m0·x + m1·y + m2, m3·x + m4·y + m5)` / 65536.
    """
    # The steps of Pillow's `Image.rotate`, one by one: the matrix is rounded to 15 digits before the centre is
    # taken out, and the fixed-point offset is that of the pixel's middle.
    radians = torch.deg2rad(-torch.remainder(angles, 360.0))
    cos, sin = (torch.round(part, decimals=15) for part in (torch.cos(radians), torch.sin(radians)))
    centre = size / 2
    x0 = cos * -centre + sin * -centre + centre
    y0 = -sin * -centre + cos * -centre + centre
    rows = (cos, sin, x0 + cos * 0.5 + sin * 0.5, -sin, cos, y0 + -sin * 0.5 + cos * 0.5)
    return torch.stack([torch.floor(row * ONE + 0.5) for row in rows], dim=1).to(torch.int32)


def rotate_and_crop(images: Tensor, matrices: Tensor, offsets: Tensor, shift: int) -> Tensor:
    """Turn each image, pad it by `shift` zeros on every side and cut a piece of the old size out of it.

    Args:
        images: (N, S, S) uint8.
        matrices: (N, 6) int32, from `steps`.
        offsets: (N, 2) integer, top and left of the cut, each in 0 … 2·shift.
        shift: the padding, in pixels.

    Returns:
        (N, S, S) uint8 on the images' device.
    """
    count, size, _ = images.shape
    grid = torch.arange(size, dtype=torch.int32, device=images.device)
    # Where each pixel of the cut lies in the turned image; outside of that is padding.
    rows = grid + (offsets[:, :1].to(torch.int32) - shift)
    columns = grid + (offsets[:, 1:].to(torch.int32) - shift)
    m0, m1, m2, m3, m4, m5 = (column[:, None] for column in matrices.unbind(1))
    # A frame of zeros around each image stands for everything outside of it, so that the gather needs no mask: what
    # lies in the padding is sent far out, and whatever is far out is clamped to the frame. One pixel is added to
    # all places because the frame comes first.
    in_padding_x = (columns < 0) | (columns >= size)
    in_padding_y = (rows < 0) | (rows >= size)
    x = (columns * m0).masked_fill_(in_padding_x, FAR_OUT)[:, None, :] + (rows * m1 + (m2 + ONE))[:, :, None]
    y = (columns * m3)[:, None, :] + (rows * m4 + (m5 + ONE)).masked_fill_(in_padding_y, FAR_OUT)[:, :, None]
    x.bitwise_right_shift_(16).clamp_(0, size + 1)
    y.bitwise_right_shift_(16).clamp_(0, size + 1)
    source = x.add_(y, alpha=size + 2)
    framed = torch.nn.functional.pad(images, (1, 1, 1, 1))
    return framed.view(count, -1).gather(1, source.view(count, -1).long()).view(count, size, size)

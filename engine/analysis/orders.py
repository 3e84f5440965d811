"""The words for what is listed and how it is sorted, without numpy: the command line knows them before it computes."""

from __future__ import annotations

from typing import Literal, get_args

Which = Literal["wrong", "right", "all"]
"""Which images of a split."""
Sort = Literal["confidence", "loss", "margin", "index"]
"""What images are sorted by."""
Order = Literal["index", "norm", "structure"]
"""What units of the first layer are sorted by."""

WHICH: tuple[Which, ...] = get_args(Which)
SORTS: tuple[Sort, ...] = get_args(Sort)

"""Names of the selections and sort orders, without numpy so that the command line can import them quickly."""

from __future__ import annotations

from typing import Literal, get_args

Which = Literal["wrong", "right", "all"]
"""Images of a split to list."""
Sort = Literal["confidence", "loss", "margin", "index"]
"""Sort key of images."""
Order = Literal["index", "norm", "structure"]
"""Sort key of the units of the first layer."""

WHICH: tuple[Which, ...] = get_args(Which)
SORTS: tuple[Sort, ...] = get_args(Sort)

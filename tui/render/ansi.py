"""Text with escape sequences as lines for a widget; much faster than through a Rich `Text`."""

from __future__ import annotations

import re
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

_SEQUENCES = re.compile(r"((?:\x1b\[[0-9;]*m)+)")


def strips(text: str) -> list[Strip]:
    """Lines in which every stretch of one style ends with a reset, as plotext writes them."""
    return [Strip(list(_segments(line))) for line in text.splitlines()]


def _segments(line: str) -> list[Segment]:
    pieces = _SEQUENCES.split(line)  # text, sequences, text, sequences, …, text
    styles = [Style.null(), *map(_style, pieces[1::2])]
    return [Segment(words, style) for words, style in zip(pieces[::2], styles, strict=True) if words]


@lru_cache(1024)
def _style(sequences: str) -> Style:
    """The style that a text has after some sequences."""
    spans = Text.from_ansi(f"{sequences}x").spans
    style = spans[0].style if spans else Style.null()
    return style if isinstance(style, Style) else Style.parse(style)

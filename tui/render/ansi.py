"""Conversion of text with ANSI escape sequences to widget lines; much faster than going through a Rich `Text`."""

from __future__ import annotations

import re
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

_SEQUENCES = re.compile(r"((?:\x1b\[[0-9;]*m)+)")


def strips(text: str) -> list[Strip]:
    """Convert lines in which every styled span ends with a reset sequence, as in plotext's output."""
    return [Strip(list(_segments(line))) for line in text.splitlines()]


def _segments(line: str) -> list[Segment]:
    pieces = _SEQUENCES.split(line)  # text, sequences, text, sequences, …, text
    styles = [Style.null(), *map(_style, pieces[1::2])]
    return [Segment(span, style) for span, style in zip(pieces[::2], styles, strict=True) if span]


@lru_cache(1024)
def _style(sequences: str) -> Style:
    """Return the style that applies to text after the escape sequences."""
    spans = Text.from_ansi(f"{sequences}x").spans
    style = spans[0].style if spans else Style.null()
    return style if isinstance(style, Style) else Style.parse(style)

"""ASCII substitutes for characters that the terminal's encoding cannot represent."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

ERRORS = "mnist-tui-lookalike"
"""Name of the codec error handler, for the `errors` argument of a stream."""
LOOKALIKES = {
    character: substitute
    for substitute, characters in {
        "-": "–—‒−─━═╌┄╴╶╸╺",
        "|": "│┃║‖╎╵╷╹╻",
        ".": "…·░",
        ":": "▒",
        "*": "•★✱",
        "o": "●○◉°",
        "x": "×✕✗",
        "v": "✓↓▼▾",
        "^": "↑▲▴",
        ">": "→›▶▸≥»",
        "<": "←‹◀◂≤«",
        "~": "≈",
        "+": "±",
        '"': "“”▀▔",
        "'": "‘’",
        "_": "▁▂▃▄",
    }.items()
    for character in characters
}
BRAILLE = " ..::**##"
"""Substitutes for braille characters by their number of dots."""


def lookalike(character: str) -> str:
    """Return an ASCII substitute of the same display width; question marks if there is none."""
    from rich.cells import cell_len

    code = ord(character)
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    if 0x2800 <= code <= 0x28FF:
        return BRAILLE[(code - 0x2800).bit_count()]
    if 0x2500 <= code <= 0x259F:
        return "+" if code < 0x2580 else "#"
    width = cell_len(character)
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain[:width].ljust(width) if plain.isprintable() and plain else "?" * width


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if error.encoding.lower().startswith("utf"):  # which lacks nothing but lone surrogates
        return "?" * len(text), error.end
    return "".join(map(lookalike, text)), error.end


codecs.register_error(ERRORS, _replace)


def set_up() -> None:
    """Make stdout and stderr substitute characters that their encoding cannot represent."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)

"""What a terminal without UTF-8 is given in the place of signs that its encoding lacks: letters that look alike."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

ERRORS = "mnist-tui-lookalike"
"""Name of the error handler, for `errors=` of a stream."""
ALIKE = {
    letter: alike
    for alike, letters in {
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
    for letter in letters
}
BRAILLE = " ..::**##"
"""By the number of dots."""


def lookalike(letter: str) -> str:
    """ASCII that looks like the letter and is as wide on the screen; question marks where nothing does."""
    from rich.cells import cell_len

    code = ord(letter)
    if letter in ALIKE:
        return ALIKE[letter]
    if 0x2800 <= code <= 0x28FF:
        return BRAILLE[(code - 0x2800).bit_count()]
    if 0x2500 <= code <= 0x259F:
        return "+" if code < 0x2580 else "#"
    width = cell_len(letter)
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain[:width].ljust(width) if plain.isprintable() and plain else "?" * width


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(lookalike, error.object[error.start : error.end])), error.end


codecs.register_error(ERRORS, _replace)


def set_up() -> None:
    """Let what is printed come through whatever the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors=ERRORS)

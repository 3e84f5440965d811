"""Decodes what a terminal sends, so that neither bytes of another encoding nor pasted control characters do harm."""

from __future__ import annotations

import codecs

PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
_CONTROLS = set(range(0xA0)) - set(range(0x20, 0x7F)) - set(map(ord, "\t\n\r"))
_DIRECTIONS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""Characters that reorder what follows them on the screen."""
_NOT_PASTED = dict.fromkeys(_CONTROLS | _DIRECTIONS)
"""For `str.translate`."""


class InputDecoder:
    """Incremental decoder of UTF-8 in which other bytes become replacement characters, and pastes contain only text.

    Textual takes an escape sequence within pasted text for keys, and with it what follows: pasted text would act as
    commands. Most terminals remove such sequences; `tmux paste-buffer`, for one, does not.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pasting = False
        self._before = ""
        """The last characters outside of a paste: the start of one may come in two pieces."""
        self._held = ""
        """The last characters of a paste that may begin its end."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """Return the next characters."""
        text, parts = self._decoder.decode(data, final), list[str]()
        while text:
            if self._pasting:
                pasted, mark, text = (self._held + text).partition(PASTE_END)
                self._held = "" if mark else _suffix_of(pasted, PASTE_END)
                parts += [pasted.removesuffix(self._held).translate(_NOT_PASTED), mark]
            else:
                seen = self._before + text
                typed, mark, text = seen.partition(PASTE_START)
                parts.append((typed + mark)[len(self._before) :])
                self._before = "" if mark else seen[1 - len(PASTE_START) :]
            if mark:
                self._pasting = not self._pasting
        return "".join(parts)


def _suffix_of(text: str, mark: str) -> str:
    """Return the longest end of the text with which the mark could begin."""
    return next((mark[:length] for length in range(len(mark) - 1, 0, -1) if text.endswith(mark[:length])), "")

"""What a terminal sends: text of any encoding, and pastes that try to be keys."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste

from mnist_tui.tui.terminal.input_decoder import InputDecoder

START, END = b"\x1b[200~", b"\x1b[201~"


def decoded(data: bytes, size: int) -> str:
    """Decode the data, which comes in pieces of this size."""
    decoder = InputDecoder()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return "".join(map(decoder.decode, pieces)) + decoder.decode(b"", final=True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"q\x1b[A\x1b\x10", "q\x1b[A\x1b\x10"),
        ("aé€😀".encode(), "aé€😀"),
        (b"caf\xe9 \xff!", "caf� �!"),
        (START + b"a\tb\r\nc" + END + b"\x1b", "\x1b[200~a\tb\r\nc\x1b[201~\x1b"),
        (START + b"a\x1b]0;q\x07\x00\xc2\x9bq\x7f" + END, "\x1b[200~a]0;qq\x1b[201~"),
        (START + b"\x1b[200~\x1b[20\x1b[201x" + END + b"\x1b[B", "\x1b[200~[200~[20[201x\x1b[201~\x1b[B"),
        ("\x1b[200~a\u202eb\u2066c می\u200cخواهم\x1b[201~".encode(), "\x1b[200~abc می\u200cخواهم\x1b[201~"),
        (START + END + START + b"\x1bq" + END, "\x1b[200~\x1b[201~\x1b[200~q\x1b[201~"),
        (START + b"without end\x1b[20", "\x1b[200~without end"),
    ],
    ids=["keys", "UTF-8", "Latin-1", "paste", "controls", "marks in a paste", "directions", "two pastes", "no end"],
)
def test_text_and_pastes(data: bytes, text: str, size: int) -> None:
    assert decoded(data, size) == text


def test_the_escape_key_is_not_held_back() -> None:
    decoder = InputDecoder()
    assert decoder.decode(b"\x1b") == "\x1b"
    assert decoder.decode(b"[200") == "[200"
    assert decoder.decode(b"~\x1bq") == "~q"


def test_a_paste_is_no_keys() -> None:
    """Textual alone takes the sequence, and the letters with it, for keys."""
    data = START + b"a \x1b]0;qqq\x07 b" + END
    alone = list(XTermParser().feed(data.decode()))
    assert any(isinstance(event, Key) and event.key == "q" for event in alone)
    (event,) = XTermParser().feed(decoded(data, 100))
    assert isinstance(event, Paste)
    assert event.text == "a ]0;qqq b"

"""Messages are printable, whatever the names in them contain."""

import os

import pytest

from mnist_tui.engine.errors import ConfigError, RunError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich, 数字 – ✓", "Zürich, 数字 – ✓"),
        ("\x1b]2;title\x1b\\\\", "\\x1b]2;title\\x1b\\\\"),
        ("\x9b31m\x07\r\n", "\\x9b31m\\x07\\x0d\\x0a"),
        ("abc\u202efed", "abc\\u202efed"),
        (os.fsdecode(b"d\xe9j\xe0"), "d\\xe9j\\xe0"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_controls_a_terminal_is_escaped(text, shown):
    assert printable(text) == shown
    assert shown.isprintable()


def test_messages_are_one_printable_line():
    assert str(RunError("no run\n\x1b[2J")) == "no run \\x1b[2J"
    error = ConfigError({"name": "bad\x00", "seed": "two\nlines"})
    assert str(error) == "bad\\x00; two lines"
    assert error.problems == {"name": "bad\\x00", "seed": "two lines"}

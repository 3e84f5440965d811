"""Kinds of terminals: colours, encodings, redirected streams; each at a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.terminal import Terminal
from mnist_tui.engine.runs.folder import stored_runs
from mnist_tui.tui.terminal.ascii_fallback import ERRORS, lookalike
from mnist_tui.tui.widgets.dialogs import Question
from mnist_tui.tui.widgets.too_small import MESSAGES, fits
from tests.helpers import ROOT
from tests.tui.conftest import QUICK, screen_text, until
from tests.tui.terminal_process import wait_for

ASCII = "PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 LC_ALL=C"
CTRL_Q = b"\x11"
FORM = "Batch size"
ALTERNATE = b"\x1b[?1049h"
"""Opens the console's own screen."""
STYLES = re.compile(rb"\x1b\[([\d;]*)m")


@pytest.fixture
def at_terminal(tmp_path: Path) -> Callable[..., Terminal]:
    """Makes `mnist-tui` run at a terminal of its own: settings of the environment, arguments, redirections."""

    def make(settings: str, arguments: str = "") -> Terminal:
        command = f"{shlex.quote(sys.executable)} -c 'from mnist_tui.tui.cli.commands import main; main()'"
        home = {
            "PYTHONPATH": str(ROOT / "src"),
            "MNIST_TUI_DATA": str(tmp_path),
            "MNIST_TUI_RUNS": str(tmp_path / "runs"),
        }
        mirror = {"MNIST_TUI_MIRROR": "http://127.0.0.1:9/"}  # refuses at once; no test leaves the machine
        script = f"cd {shlex.quote(str(tmp_path))}; exec env {settings} {command} {arguments}"
        return Terminal(["sh", "-c", script], columns=100, rows=30, env=home | mirror)

    return make


def colours(data: bytes) -> set[str]:
    """Return the kinds of colours that were written, without greys."""
    found = set()
    for style in STYLES.findall(data):
        codes = style.split(b";")
        if b"38" in codes or b"48" in codes:
            rgb = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", style)
            found |= {"true" if len(set(colour)) > 1 else "grey" for colour in rgb} or {"256"}
        elif any(30 <= int(code or 0) <= 37 or 40 <= int(code or 0) <= 47 or int(code or 0) >= 90 for code in codes):
            found.add("16")
    return found


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ("COLORTERM=truecolor TERM=xterm-256color", "true", "╭─ settings"),
        ("-u COLORTERM TERM=xterm-256color", "256", "╭─ settings"),
        ("-u COLORTERM TERM=xterm", "16", "╭─ settings"),
        ("NO_COLOR=1 TERM=xterm-256color", "grey", "╭─ settings"),
        ("-u TERM", "true", "╭─ settings"),
        ("LC_ALL=C", "true", "╭─ settings"),
        (ASCII, "true", "+- settings"),
    ],
    ids=["true colour", "256", "16", "no colour", "no TERM", "LANG=C", "ASCII"],
)
def test_the_console_fits_the_terminal(at_terminal, settings: str, kind: str, words: str) -> None:
    with at_terminal(settings) as terminal:
        terminal.shown(FORM)
        assert any(words in row for row in rows_of(terminal))
        seen = bytes(terminal._data)
        assert {kind} <= colours(seen)
        assert not (colours(seen) if kind == "" else colours(seen) & {"true", "256"} - {kind})
        if settings == ASCII:
            assert max(seen) < 0x80
        terminal.press(CTRL_Q)
        terminal.end(60)
        assert terminal.status == 0
        assert b"Traceback" not in bytes(terminal._data)


CTRL_L, CTRL_Z = b"\x0c", b"\x1a"


def state_of(terminal: Terminal) -> str:
    """Return the state of the process as the kernel calls it; T is stopped."""
    return Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("key", [CTRL_L, CTRL_Z, b""], ids=["ctrl+l", "ctrl+z and fg", "stopped and continued"])
def test_everything_is_drawn_again(at_terminal, key: bytes) -> None:
    """Another program has written over the screen: `wall`, or a shell while the console was suspended."""
    if key != CTRL_L and not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc to see that a process is stopped")
    with at_terminal("COLORTERM=truecolor TERM=xterm-256color") as terminal:
        terminal.shown(FORM)
        terminal.shown("trains a first neural network")  # replaces the wait for the runs folder
        drawn = rows_of(terminal)
        seen = terminal.press(key) if key else terminal.written
        if key != CTRL_L:
            if not key:
                os.kill(terminal.pid, signal.SIGSTOP)
            wait_for(lambda: state_of(terminal) == "T")
            seen = terminal.written
            os.kill(terminal.pid, signal.SIGCONT)
        terminal.shown(FORM, seen)
        again = bytes(terminal._data[seen:])
        assert all(word.encode() in again for word in ("New run", "Batch size", "quit")), again
        assert rows_of(terminal) == drawn
        terminal.press(CTRL_Q)
        terminal.end(60)
        assert terminal.status == 0
        assert b"Traceback" not in bytes(terminal._data)


def test_input_that_is_not_utf_8_ends_nothing(at_terminal) -> None:
    """As typed at a terminal in Latin-1, or pasted; the rest of a paste must not be taken for keys."""
    with at_terminal("COLORTERM=truecolor TERM=xterm-256color") as terminal:
        terminal.shown(FORM)
        terminal.press(b"\xe9\xff")
        terminal.press(b"\x1b[200~caf\xe9 \x1b]0;qqq\x07 q q q q \xff\x1b[201~")
        seen = terminal.press(b"9")
        terminal.shown(" 9 Runs ", seen)
        assert terminal.ended is None
        terminal.press(CTRL_Q)
        terminal.end(60)
        assert terminal.status == 0


def rows_of(terminal: Terminal) -> list[str]:
    """Return the text on the terminal."""
    return ["".join(cell[0] for cell in row) for row in terminal.screen.cells]


@pytest.mark.parametrize(
    ("settings", "elsewhere"),
    [
        ("TERM=dumb", ""),
        ("", "2>err"),
        ("", "2>&-"),
        ("", ">out"),
        ("", ">&-"),
        ("", "</dev/null"),
        ("", "<&-"),
        (ASCII, ">out 2>err"),
    ],
)
def test_without_a_terminal_it_is_the_plain_command(at_terminal, tmp_path: Path, settings: str, elsewhere: str) -> None:
    # A folder that is not there ends it before torch is imported.
    with at_terminal(settings, f"--data-dir {tmp_path}/none {elsewhere}") as terminal:
        terminal.end(60)
        said = bytes(terminal._data)
    for name in ("out", "err"):
        if (tmp_path / name).exists():
            said += (tmp_path / name).read_bytes()
    assert terminal.status == 3
    assert ALTERNATE not in said
    assert b"Traceback" not in said
    assert said.count(b"does not exist") == int(elsewhere != "2>&-")  # without a stderr, only the exit code tells


@pytest.mark.parametrize(
    ("letter", "alike"),
    [("━", "-"), ("╭", "+"), ("⣿", "#"), ("⠁", "."), ("⠀", " "), ("é", "e"), ("字", "??"), ("→", ">")],
)
def test_characters_that_an_encoding_lacks(letter: str, alike: str) -> None:
    assert lookalike(letter) == alike
    assert f"a{letter}b".encode("ascii", errors=ERRORS).decode() == f"a{alike}b"


def test_characters_that_an_encoding_has_stay() -> None:
    assert "±5° – é".encode("latin-1", errors=ERRORS).decode("latin-1") == "±5° - é"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((59, 20), "mnist-tui needs 60×20 characters"),
        ((20, 2), "mnist-tui needs 60×20 characters"),
        ((14, 3), "mnist-tui needs 60×20 characters"),
        ((14, 2), "needs 60×20"),
        ((8, 1), "60×20"),
        ((4, 1), "…"),
        ((0, 1), ""),
    ],
)
def test_a_terminal_that_is_too_small_shows_a_message_that_fits(size: tuple[int, int], words: str) -> None:
    assert next((words for words in MESSAGES if fits(words, *size)), "") == words


async def test_the_command_palette_works_at_every_width(console) -> None:
    app = console()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query("CommandList").first().option_count)
        for columns in range(12, 0, -1):
            await pilot.resize_terminal(columns, 10)
            await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "setup" and len(app.screen_stack) == 1)


async def test_a_page_key_in_a_palette_without_room_for_its_commands_does_nothing(console) -> None:
    app = console()
    async with app.run_test(size=(100, 3)) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query("CommandList").first().option_count)
        await pilot.press("down", "down", "pageup", "pagedown", "home", "end")
        await pilot.press("escape")


async def test_closing_the_palette_while_it_searches_cancels_nothing_else(console) -> None:
    app = console()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query("CommandList").first().option_count)
        palette = app.screen
        await palette.query("CommandList").remove()  # as happens when it is closed
        palette._gather_commands("theme")
        await until(pilot, lambda: all(worker.is_finished for worker in app.workers))
        assert app.is_running


async def test_a_question_that_is_not_visible_is_not_answered(console, stored_run) -> None:
    app = console()
    stored_run(QUICK)
    (run,) = stored_runs(Path("runs"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "9")
        await until(pilot, lambda: app.current_mode == "runs" and app.screen.query_one("#run-table").row_count == 1)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.resize_terminal(20, 5)
        await until(pilot, lambda: "60×20" in screen_text(app))
        await pilot.press("enter", "tab", "enter", "space")
        assert run.path.exists()
        assert isinstance(app.screen, Question)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "delete it" in screen_text(app))
        await pilot.press("escape")
        assert not isinstance(app.screen, Question)
    assert run.path.exists()

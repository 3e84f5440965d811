"""Terminals: pastes of a megabyte, sizes from 1×1 to 1000×300, output that nobody reads."""

from __future__ import annotations

import random
import time
from contextlib import suppress

from mnist_tui.engine.runs.history import History
from tests.attack import unread
from tests.attack.cases import attack, expect
from tests.attack.consoles import COMMAND, CONFIGURED, answers, console, quit_console, shown
from tests.attack.place import Place, wait_for

PASTE = b"\x1b[200~" + b"true:3 [red]EVIL[/x] \x1b]0;EVIL\x07 \xe2\x80\xae \xff" * 25_000 + b"\x1b[201~"
LETTERS = b"\x1b[200~" + b"7" * 1_000_000 + b"\x1b[201~"
DOWN = b"\x1b[B"
CONSOLE = (*COMMAND[:1], "-c", CONFIGURED, "runs-here")


def pasted(place: Place, *keys: bytes, run: bool = False) -> str:
    """Open something by keys, paste a megabyte twice, and see whether the console still answers."""
    place.run  # noqa: B018 - copies it
    with console(place) as terminal:
        shown(terminal, "quit")
        shown(terminal, "cpu")
        if run:
            answers(terminal, b"9", b"\r")
            time.sleep(1.0)
        answers(terminal, *keys)
        for text in (PASTE, LETTERS):
            for start in range(0, len(text), 4096):
                terminal.press(text[start : start + 4096])
            time.sleep(0.5)
        for _ in range(2):  # leaves the field, and perhaps a dialog: there may be nothing to draw
            terminal.press(b"\x1b")
            time.sleep(0.5)
        answers(terminal, b"?", seconds=60)
        quit_console(terminal, 30)
    return "it answers as before"


PASTES: dict[str, tuple[tuple[bytes, ...], bool]] = {
    "the form, no field open": ((), False),
    "a field of the form": ((DOWN, DOWN, DOWN, DOWN, b"\r"), False),
    "the filter of runs": ((b"9", b"/"), False),
    "the command palette": ((b"\x10",), False),
    "the filter of mistakes": ((b"5", b"/"), True),
    "the export dialog": ((b"4", b"e"), True),
    "a view": ((b"6",), True),
    "the help": ((b"?",), False),
}


def add(name: str, keys: tuple[bytes, ...], run: bool) -> None:
    @attack("two megabytes pasted", name, seconds=120)
    def _(place: Place) -> str:
        return pasted(place, *keys, run=run)


for name_, (keys_, run_) in PASTES.items():
    add(name_, keys_, run_)


@attack("200 sizes from 1×1 to 1000×300, faster than frames", "every view, a run open", seconds=150)
def _(place: Place) -> str:
    place.run  # noqa: B018 - copies it
    chance = random.Random(3)
    with console(place) as terminal:
        shown(terminal, "quit")
        answers(terminal, b"9", b"\r")
        for number in range(200):
            columns, rows = chance.choice([(1, 1), (2, 300), (1000, 1), (1000, 300), (60, 20), (59, 19), (300, 100)])
            terminal.resize(columns, rows)
            if number % 10 == 0:
                terminal.press(b"123456789"[number // 10 % 9 :][:1])
            time.sleep(chance.choice((0.0, 0.02, 0.1)))
        terminal.resize(120, 36)
        answers(terminal, b"3", b"?", b"\x1b", seconds=60)
        quit_console(terminal, 30)
    return "it answers at the last size"


for columns_, rows_ in ((1, 1), (1000, 300), (1, 300), (1000, 1)):

    @attack(f"a terminal of {columns_}×{rows_} from the start", "console", seconds=90)
    def _(place: Place, columns: int = columns_, rows: int = rows_) -> str:
        with console(place, columns=columns, rows=rows) as terminal:
            wait_for(lambda: terminal.written > 100)
            for key in b"123456789?":
                terminal.press(bytes([key]))
                time.sleep(0.2)
            expect(terminal.ended is None, "the console ended")
            terminal.resize(120, 36)
            answers(terminal, b"\x1b", b"1", seconds=60)
            quit_console(terminal, 30)
        return "it opens, and answers at a larger size"


@attack("output that nobody reads for a minute", "console, while training", seconds=150)
def _(place: Place) -> str:
    return blocked(place, 60.0)


@attack("output that nobody reads for five seconds", "console, while training", seconds=90)
def _(place: Place) -> str:
    return blocked(place, 5.0)


def blocked(place: Place, seconds: float) -> str:
    """Start a training in the console and read nothing; it must go on, and the console must answer afterwards."""
    with unread.terminal(place, (*CONSOLE[:-1], str(place.runs))) as screen:
        wait_for(lambda: b"quit" in screen.data, 30)

        def started() -> bool:
            with suppress(OSError):
                screen.press(b"\r")
            time.sleep(0.3)
            return bool(place.runs_now) and trained(place) > 0

        wait_for(started, 40)
        screen.reading.clear()
        time.sleep(1.0)
        before = trained(place)
        screen.press(b"3456789")
        time.sleep(seconds)
        after = trained(place)
        screen.reading.set()
        expect(after > before + seconds, f"{after - before} epochs in {seconds:g} s without a reader")
        length = len(screen.data)
        screen.press(b"?")
        wait_for(lambda: len(screen.data) > length)
        screen.press(b"\x1b")
        time.sleep(0.3)
        screen.press(b"s")
        wait_for(lambda: History.of(place.runs_now[0].events(progress=False)).finished is not None, 30)
        status = screen.quit()
    expect(status == 0, f"it ended with {status}")
    return f"{after - before:,} epochs meanwhile; it answers afterwards"


def trained(place: Place) -> int:
    return len(History.of(place.runs_now[0].events(progress=False)).epochs)

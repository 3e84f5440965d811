"""Random keys, clicks, pastes and sizes at a real terminal while it trains, faster than frames can be drawn.

The walk (`tests.walk`) waits for every step to be done and has no terminal. Here keys do not wait: they reach views
that are just being made or removed, frames are drawn for a size that the terminal no longer has, and every byte is
written. `python -m tests.storm --seconds 120 --seed 1` ends with 1 where a console failed, and prints the keys before.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest.mock import patch

from bench.console import console, start
from bench.terminal import Terminal
from mnist_tui.engine.data.folder import data_folder

LETTERS = [letter.encode() for letter in "123456789ymzaf[]vpuwoO/ibtlrcZ0+-=.,?L eEgdnNxs"]
SPECIAL = [
    *(b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[5~", b"\x1b[6~", b"\x1b[H", b"\x1b[F"),  # arrows, pages, ends
    *(b"\r", b"\x1b", b"\x1b", b"\t", b"\x7f", b" ", b"\x10"),  # enter, escape, tab, backspace, space, ctrl+p
    *(b"\x1b[<0;30;10M", b"\x1b[<0;30;10m", b"\x1b[<64;30;10M"),  # press, release, scroll
    b"\x1b[200~true:3 pred:5\x1b[201~",  # a paste
]
PAUSES = (0.0, 0.01, 0.05, 0.2)
FAULT = b"bug in mnist-tui"


def storm(terminal: Terminal, chance: random.Random, until: float) -> list[bytes]:
    """Press keys until that time or the console's end; return the keys."""
    keys: list[bytes] = []
    while time.monotonic() < until and terminal.ended is None and FAULT not in terminal.last(4000):
        keys.append(chance.choice(LETTERS + SPECIAL))
        with suppress(OSError):  # the console has just ended
            terminal.press(keys[-1])
            if chance.random() < 0.1:
                terminal.resize(chance.randint(1, 250), chance.randint(1, 70))
        time.sleep(chance.choice(PAUSES))
    return keys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not (data_folder(None) / "MNIST").exists():
        parser.error(f"MNIST must lie in {data_folder(None)}; $MNIST_TUI_DATA names another folder")
    chance, until, count, consoles = random.Random(options.seed), time.monotonic() + options.seconds, 0, 0
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        names = {"MNIST_TUI_DATA": str(data_folder(None).resolve())}
        before = Path.cwd()
        stack.callback(os.chdir, before)
        os.chdir(place)  # exports may go anywhere
        names |= {"XDG_STATE_HOME": str(place / "state"), "XDG_CONFIG_HOME": str(place / "config")}
        stack.enter_context(patch.dict(os.environ, names))
        while time.monotonic() < until:
            consoles += 1
            with console(place / "runs") as terminal:
                start(terminal, 30)
                keys = storm(terminal, chance, until)
                count += len(keys)
                if FAULT in terminal.last(4000) or (terminal.ended is not None and terminal.status != 0):
                    print(f"FAILED with {terminal.status} after {b' '.join(keys[-30:])!r}\n{terminal.last(600)!r}")
                    for log in (place / "state").rglob("*.log"):
                        print(log.read_text(errors="replace")[-6000:])
                    return 1
    print(f"{count:,} keys in {consoles} consoles, no fault")
    return 0


if __name__ == "__main__":
    sys.exit(main())

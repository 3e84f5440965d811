"""Random keys, mouse and sizes over every screen in every state; a walk is its seed's, and can be walked again.

`python -m tests.walk --steps 20000 --seed 1` walks in stretches of a hundred steps, each in a console of its own: with
no run, with one that trains, is held, ended, failed, or is another's and followed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

from textual.pilot import OutOfBounds

from engine.config import RunConfig
from engine.control import Control
from engine.runs import RunFolder, stored_runs
from engine.session import start
from tui.app import MnistTui
from tui.keys import TABLE

STRETCH = 100
QUICK = RunConfig(dataset="digits", epochs=2, batch_size=64, hidden=(8,), device="cpu", threads=1)
ENDLESS = RunConfig.from_json(QUICK.to_json() | {"epochs": 100_000})
FAILING = RunConfig.from_json(QUICK.to_json() | {"optimizer": "sgd", "lr": 100.0, "hidden": [64, 32], "epochs": 50})
STATES = ("no run", "training", "held", "ended", "failed", "attached")
SIZES = ((200, 60), (160, 45), (120, 40), (80, 24), (60, 20), (40, 12), (20, 5), (1, 1), (300, 10), (10, 80))
EXPORTS = ("e", "E")
"""Keys that take the time of matplotlib; export has tests of its own."""


def all_keys() -> list[str]:
    """Every key of the table, and those that move and write."""
    named = {key for keys in TABLE.values() for entry in keys for key in entry.keys.split(",")}
    more = {"tab", "shift+tab", "enter", "escape", "backspace", "up", "down", "left", "right", "home", "end", "space"}
    return sorted((named | more | set("0123456789az,.:-/") | {"slash"}) - set(EXPORTS))


KEYS = all_keys()


@contextmanager
def trained_elsewhere(runs_dir: Path) -> Iterator[RunFolder]:
    """A run that somebody else trains."""
    control, begun = Control(), threading.Event()

    def work() -> None:
        for _ in start(
            RunConfig.from_json(QUICK.to_json() | {"epochs": 100_000}), runs_dir, name="other", control=control
        ):
            if stored_runs(runs_dir):
                begun.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert begun.wait(60)
    try:
        yield next(run for run in stored_runs(runs_dir) if run.is_live())
    finally:
        control.stop()
        thread.join(60)


async def stretch(seed: int, place: Path) -> str:
    """A hundred steps; returns what was done, and raises what went wrong."""
    chance = random.Random(seed)
    state = chance.choice(STATES)
    runs_dir = place / str(seed)
    done = [f"seed {seed}, {state}"]
    config = QUICK
    if state in ("training", "held"):
        config = RunConfig.from_json(QUICK.to_json() | {"epochs": 100_000})
    if state == "failed":
        config = RunConfig.from_json(
            QUICK.to_json() | {"optimizer": "sgd", "lr": 100.0, "hidden": [64, 32], "epochs": 50}
        )
    if state != "attached":
        await walk(MnistTui(runs_dir=runs_dir, config=config), state, chance, done)
    else:
        with trained_elsewhere(runs_dir) as run:
            await walk(MnistTui(runs_dir=runs_dir, config=config, attached=run), state, chance, done)
    return done[0]


async def walk(app: MnistTui, state: str, chance: random.Random, done: list[str]) -> None:
    """Steps in one console, which may be left on the way."""
    try:
        async with app.run_test(size=chance.choice(SIZES[:5])) as pilot:
            if state not in ("no run", "attached"):
                await pilot.press("enter")
                limit = time.monotonic() + 60
                while app.live.progress is None or (state in ("ended", "failed") and app.is_training):
                    assert time.monotonic() < limit, "the training did not begin, or end"
                    await pilot.pause(0.02)
            if state == "held":
                await pilot.press("space")
            for _ in range(STRETCH):
                if not app.is_running or app._exit:
                    break
                kind = chance.random()
                if kind < 0.8:
                    key = chance.choice(KEYS)
                    done.append(key)
                    await pilot.press(key)
                elif kind < 0.92:
                    width, height = app.size
                    spot = (chance.randrange(max(width, 1)), chance.randrange(max(height, 1)))
                    done.append(f"click {spot}")
                    with suppress(OutOfBounds):
                        await pilot.click(offset=spot)
                else:
                    size = chance.choice(SIZES)
                    done.append(f"size {size}")
                    await pilot.resize_terminal(*size)
            if app.training is not None:
                app.training.control.stop()
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error} after: {' '.join(done)}") from error


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first stretch; the next has the next")
    options = parser.parse_args()
    os.environ["MNIST_TUI_MIRROR"] = "http://127.0.0.1:9/"  # refuses at once
    began = time.perf_counter()
    failures = 0
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        patch.dict(os.environ, {"MNIST_TUI_DATA": name, "XDG_STATE_HOME": name}),
    ):
        os.chdir(name)
        for seed in range(options.seed, options.seed + -(-options.steps // STRETCH)):
            try:
                print(asyncio.run(stretch(seed, Path(name))), flush=True)
            except AssertionError as error:
                failures += 1
                print(f"FAILED: {error}", flush=True)
    print(f"{options.steps} steps, {failures} failures, {time.perf_counter() - began:.0f} s")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())

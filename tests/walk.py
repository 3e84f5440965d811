"""Random keys, mouse, sizes and pastes over every screen in every state; a walk is its seed's and can be walked again.

`python -m tests.walk --steps 20000 --seed 1` walks in stretches of a hundred steps, each in a console of its own that
begins in one of the states; the seed decides on the state and on every step. At the end a table says how many steps
were taken in which state and on which screen.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.command import CommandPalette
from textual.events import MouseScrollDown, MouseScrollUp, Paste
from textual.pilot import OutOfBounds, Pilot
from textual.worker import Worker, WorkerState

from mnist_tui.engine.errors import MnistTuiError
from mnist_tui.tui.keys import TABLE, VIEWS
from mnist_tui.tui.speed.app import QuickApp
from mnist_tui.tui.terminal.capabilities import NEEDED
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.base import View
from tests.walk_states import PATIENCE, STATES, console, reach, slow_mirror, state_of, store_runs, unhurried

STRETCH = 100
SIZES = ((200, 60), (160, 45), (120, 40), (80, 24), (60, 20))
"""A console opens with one of these …"""
WILD = (*SIZES, *SIZES, (40, 12), (20, 5), (1, 1), (300, 10), (10, 80))
"""… and may come to any of these."""
SCREENS = (*(view.mode for view in VIEWS), "dialogs")
PASTES = ("true:3 pred:5", "\x1b[2J\x07", "[red]{0}%s", "9" * 40, "\n\n", "-1e999", "../../x", "３\u202e€")
AWAY = 12
"""Steps after which a console that has left the stretch's state makes way for one that is in it."""
WORKING = 2.0
"""Seconds that a step waits for a view that computes."""


@dataclass(frozen=True)
class Step:
    """Something that a hand does."""

    kind: str
    key: str = ""
    spot: tuple[float, float] = (0.0, 0.0)
    """Where, as shares of the screen's width and height."""
    to: tuple[float, float] = (0.0, 0.0)
    size: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        match self.kind:
            case "key" | "paste":
                return self.key if self.kind == "key" else f"paste {self.key!r}"
            case "size":
                return f"size {self.size[0]}×{self.size[1]}"
            case "wait":
                return "wait"
        return f"{self.kind} {self.spot[0]:.2f} {self.spot[1]:.2f}"


@dataclass
class Walk:
    """What was done and seen."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Steps by state and screen."""
    faults: list[BaseException] = field(default_factory=list)
    """What was raised where nobody waits for it, or caught by a view and logged."""


def keys_of(*scopes: str) -> list[str]:
    """The keys of some scopes of the table."""
    return [key for scope in scopes for entry in TABLE[scope] for key in entry.keys.split(",")]


EXPORTS = ["e", "E"]
"""Rare: each takes matplotlib seconds."""
MOVES = ["tab", "shift+tab", "enter", "escape", "backspace", "up", "down", "left", "right", "home", "end"]
LETTERS = "0123456789az,.:-/"
EVERY_KEY = sorted({*keys_of(*TABLE), *MOVES, *LETTERS, "space", "ctrl+p"} - set(EXPORTS))
OWN_KEYS = {
    "setup": [*keys_of("setup"), "left", "right", "tab", *"0123456789,", "backspace"],
    "training": [*keys_of("training"), "space", "s", "g"],
    "runs": [*keys_of("runs", "compare", "run table"), "up", "down", "pagedown", "home"],
    "confusion": keys_of("confusion", "subject"),
    "mistakes": keys_of("mistakes", "subject"),
    "projection": keys_of("projection", "legend", "subject"),
    "imagine": keys_of("imagine", "subject"),
    "weights": keys_of("weights", "subject"),
    "data": keys_of("data"),
}


def plan(chance: random.Random, count: int) -> list[Step]:
    """What a hand does: it goes to a view, stays there for a while, and goes on."""
    steps: list[Step] = []
    while len(steps) < count:
        view = chance.choice(VIEWS)
        steps += [Step("key", "escape"), Step("key", view.digit)]
        steps += [_step(chance, OWN_KEYS[view.mode]) for _ in range(chance.randrange(3, 14))]
    return steps[:count]


def _step(chance: random.Random, own: list[str]) -> Step:
    spot, to = ((chance.random(), chance.random()) for _ in range(2))
    kind = chance.random()
    if kind < 0.02:
        return Step("key", chance.choice([*EXPORTS, "enter"]))
    if kind < 0.6:
        return Step("key", chance.choice(own if kind < 0.45 else EVERY_KEY))
    for name, share in (("click", 0.68), ("twice", 0.71), ("move", 0.76), ("up", 0.79), ("down", 0.82), ("drag", 0.86)):
        if kind < share:
            return Step(name, spot=spot, to=to)
    if kind < 0.93:
        return Step("size", size=chance.choice(WILD))
    return Step("paste", chance.choice(PASTES)) if kind < 0.95 else Step("wait")


async def take(pilot: Pilot[Any], step: Step) -> None:
    """Do one step, until the screen has taken it in."""

    def at(share: tuple[float, float]) -> tuple[int, int]:
        return int(share[0] * pilot.app.size.width), int(share[1] * pilot.app.size.height)

    with suppress(OutOfBounds):  # the screen became smaller meanwhile
        match step.kind:
            case "key":
                await pilot.press(step.key)
            case "click":
                await pilot.click(offset=at(step.spot), button=1 if step.to[0] < 0.9 else 3)
            case "twice":
                await pilot.double_click(offset=at(step.spot))
            case "move":
                await pilot.hover(offset=at(step.spot))
            case "up" | "down":
                event = MouseScrollUp if step.kind == "up" else MouseScrollDown
                await pilot._post_mouse_events([event], offset=at(step.spot))
            case "drag":
                await pilot.mouse_down(offset=at(step.spot))
                await pilot.hover(offset=at(step.to))
                await pilot.mouse_up(offset=at(step.to))
            case "size":
                await pilot.resize_terminal(*step.size)
            case "paste":
                pilot.app.post_message(Paste(step.key))
                await pilot.pause()
            case "wait":
                limit = time.monotonic() + WORKING
                while time.monotonic() < limit and _computes(pilot.app.screen):
                    await pilot.pause(0.02)


def _computes(screen: object) -> bool:
    return isinstance(screen, AnalysisView) and screen.is_computing


async def check(pilot: Pilot[Any]) -> None:
    """What must hold on every screen, at the latest when it has come to rest."""
    limit = time.monotonic() + PATIENCE
    while not _says_its_size(pilot.app):
        assert time.monotonic() < limit, f"{pilot.app.size} is taken for another size"
        await pilot.pause(0.02)


def _says_its_size(app: App[Any]) -> bool:
    screen = app.screen if app.screen_stack else None
    if not isinstance(screen, View) or not screen.is_mounted:
        return True
    small = app.size.width < NEEDED[0] or app.size.height < NEEDED[1]
    return all(words.display == small for words in screen.query("#too-small"))


async def stretch(seed: int, place: Path, stored: Path, count: int, walk: Walk) -> None:
    """Some steps from a state on; where a console is quit, or leaves the state for long, another one is opened.

    Raises AssertionError with the last steps where something went wrong.
    """
    state, chance = STATES[seed % len(STATES)], random.Random(seed)
    steps, done, opened = plan(chance, count), [f"seed {seed}, {state}:"], 0
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: walk.faults.append(context["exception"]) if "exception" in context else None
    )
    try:
        while steps:
            opened += 1
            with console(state, place / f"{seed}-{opened}", stored) as app:
                async with app.run_test(size=chance.choice(SIZES)) as pilot:
                    await reach(app, pilot, state)
                    away = 0
                    while steps and away < AWAY and app.is_running and app.exit_status is None:
                        step = steps.pop(0)
                        done.append(str(step))
                        await take(pilot, step)
                        if app.is_running and app._exception is None:
                            await check(pilot)
                            screen = app.current_mode if isinstance(app.screen, View) else "dialogs"
                            now = state_of(app)
                            walk.counts[now, screen] += 1
                            away = 0 if now == state else away + 1
                        if walk.faults:
                            raise walk.faults.pop()
                    if app.training.is_running:
                        app.training.thread.control.stop()
    except Exception as error:
        last = " · ".join(done[:1] + done[1:][-30:])
        raise AssertionError(
            f"{type(error).__name__}: {error}\nafter {len(done) - 1} steps, the last: {last}"
        ) from error


@contextmanager
def watched(walk: Walk) -> Iterator[None]:
    """Let nothing that is caught on its way, in a thread, a worker or a view, go by."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            if error is not None and not isinstance(error, MnistTuiError):
                walk.faults.append(error)

    set_state = Worker.state.fset
    assert set_state is not None

    def note(worker: Worker[Any], state: WorkerState) -> None:
        set_state(worker, state)
        # The palette's search may outlive the palette.
        if state == WorkerState.ERROR and worker.error is not None and not isinstance(worker.node, CommandPalette):
            walk.faults.append(worker.error)

    handler = Handler(logging.ERROR)
    logging.getLogger().addHandler(handler)
    hook = threading.excepthook
    threading.excepthook = lambda arguments: walk.faults.append(arguments.exc_value or RuntimeError("a thread failed"))
    try:
        with patch.object(Worker, "state", property(Worker.state.fget, note)):
            yield
    finally:
        threading.excepthook = hook
        logging.getLogger().removeHandler(handler)


@contextmanager
def ground() -> Iterator[tuple[Path, Path]]:
    """A folder to walk in, with stored runs; far from the user's files and from other machines."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        names = {"XDG_STATE_HOME": str(place), "XDG_CONFIG_HOME": str(place), "MNIST_TUI_DATA": str(place / "none")}
        mirror = stack.enter_context(slow_mirror())
        stack.enter_context(patch.dict(os.environ, names | {"MNIST_TUI_MIRROR": mirror, "TEXTUAL_ANIMATIONS": "none"}))
        # A console freezes what it begins with, for good: here there are many.
        stack.enter_context(patch("gc.freeze", lambda: None))
        stack.enter_context(patch.object(QuickApp, "_display", written))
        stack.enter_context(patch("mnist_tui.tui.views.imagine.BUDGETS", (1_000, 4_000, 16_000, 64_000)))
        (place / "here").mkdir()
        before = Path.cwd()
        os.chdir(place / "here")
        stack.callback(os.chdir, before)
        store_runs(place / "stored")
        stack.enter_context(unhurried())
        yield place, place / "stored"


def written(app: QuickApp, screen: object, update: object) -> None:
    """What Textual leaves out where there is no terminal: the changes of a frame as bytes."""
    if isinstance(update, LayoutUpdate | ChopsUpdate):
        app._painted.changes(update, app.size).render_segments(app.console)


def table(counts: Counter[tuple[str, str]]) -> str:
    """Steps by state and screen."""
    lines = ["".join(f"{name:>12}" for name in ("", *SCREENS, "all"))]
    for state in (*STATES, "all"):
        row = [sum(n for (at, on), n in counts.items() if state in (at, "all") and on == screen) for screen in SCREENS]
        lines.append(f"{state:>12}" + "".join(f"{number:>12,}" for number in (*row, sum(row))))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first stretch; the next has the next")
    options = parser.parse_args()
    began, failures, walk = time.perf_counter(), 0, Walk()
    with ground() as (place, stored), watched(walk):
        for seed in range(options.seed, options.seed + -(-options.steps // STRETCH)):
            loop = asyncio.new_event_loop()  # not asyncio.run, which waits for all that still computes
            asyncio.set_event_loop(loop)
            count = min(STRETCH, options.steps - (seed - options.seed) * STRETCH)
            try:
                loop.run_until_complete(stretch(seed, place, stored, count, walk))
                print(f"seed {seed}: {STATES[seed % len(STATES)]}, {time.perf_counter() - began:.0f} s", flush=True)
            except AssertionError as error:
                failures += 1
                print(f"FAILED: {error}\n{''.join(traceback.format_exception(error.__cause__))}", flush=True)
            loop.close()
            walk.faults.clear()
        print(table(walk.counts))
        print(f"{options.steps:,} steps, {failures} failures, {time.perf_counter() - began:.0f} s", flush=True)
        sys.stdout.flush()
    os._exit(int(failures > 0))  # without waiting for what still computes


if __name__ == "__main__":
    sys.exit(main())

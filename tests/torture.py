"""Kill a training repeatedly, resume it each time, and compare its result with an uninterrupted one's.

`python -m tests.torture --kills 100` kills a process with SIGKILL at random moments; `--writes` kills it besides at
every single step of its writing to the disk: before each write, flush and rename. `--cuts` cuts the power at each of
these steps: of what was not flushed, nothing, parts or zeros are left (see `tests.power`). After every kill all files
of the run must be readable, after every cut all that the training had reported must be there, and in the end the
weights of every epoch, the events and the curve must be the uninterrupted run's.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mnist_tui.engine import session
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.events import Epoch, Event
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.training import loop
from tests.helpers import checksums

CONFIG = RunConfig(dataset="digits", epochs=12, batch_size=16, hidden=(16,), device="cpu", threads=1)
LONGEST = 0.5
"""Seconds after which a process is killed at the latest."""
AT_THE_END = "after the last event"
PATIENCE = 500.0
"""Seconds after which a process that does not end is taken for hung."""
Reference = tuple[dict[str, str], list[Epoch], Any, tuple[np.ndarray, ...]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="kills at random moments")
    parser.add_argument("--writes", type=int, default=0, metavar="STEP", help="kills at every STEPth step of writing")
    parser.add_argument("--cuts", type=int, default=0, metavar="STEP", help="cuts of power at every STEPth step")
    parser.add_argument("--epochs", type=int, default=CONFIG.epochs)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    config = replace(CONFIG, epochs=options.epochs)
    began = time.perf_counter()
    # So that the processes don't spend their time on imports; on one thread, because a forked process has no others.
    torch.set_num_threads(1)
    list(loop.train(replace(config, epochs=1), load_digits_dataset()))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        in_child(lambda: list(session.start(config, place / "whole")))
        reference = result(stored_runs(place / "whole")[0])
        print(f"uninterrupted: {config.epochs} epochs of {config.dataset}, every weight and event noted", flush=True)
        found: Counter[str] = Counter()
        finished = random_kills(config, place / "random", options.kills, random.Random(options.seed), found, reference)
        report(f"{sum(found.values())} kills at random moments", found, finished)
        brief = replace(config, epochs=2)
        in_child(lambda: list(session.start(brief, place / "brief")))
        reference = result(stored_runs(place / "brief")[0])
        if options.writes:
            found = Counter()
            finished = kills_at_writes(brief, place / "writes", options.writes, found, reference)
            report(f"{sum(found.values())} kills at steps of writing", found, finished)
        if options.cuts:
            found = Counter()
            from tests.cuts import cuts

            finished = cuts(brief, place / "cuts", options.cuts, random.Random(options.seed), found, reference)
            report(f"{sum(found.values())} cuts of power at steps of writing", found, finished)
    print(f"everything was readable and equal, {time.perf_counter() - began:.0f} s")
    return 0


def random_kills(
    config: RunConfig, place: Path, kills: int, chance: random.Random, found: Counter[str], reference: Reference
) -> int:
    """Kill runs at random moments until each completes; the last one is not killed any more."""
    finished = 0
    run: RunFolder | None = None
    runs_dir = place / "0"
    while sum(found.values()) < kills or run is not None:
        enough = sum(found.values()) >= kills
        work = the_next(config, runs_dir, run)
        killed = in_child(work, after=None if enough else chance.uniform(0.0, LONGEST))
        stored = stored_runs(runs_dir)
        assert len(stored) <= 1, f"{len(stored)} runs came out of one"
        run = stored[0] if stored else None
        where = inspect(run) if killed else ""
        if killed:
            found[where] += 1
        if not killed or where == AT_THE_END:
            assert run is not None
            compare(run, reference)
            finished += 1
            run, runs_dir = None, place / str(finished)
    return finished


def kills_at_writes(config: RunConfig, place: Path, step: int, found: Counter[str], reference: Reference) -> int:
    """Complete runs that were each killed once, at every step of writing from the first to the last."""
    for number in itertools.count(1, step):
        runs_dir = place / str(number)
        killed = in_child(dying(the_next(config, runs_dir, None), number))
        stored = stored_runs(runs_dir)
        run = stored[0] if stored else None
        if not killed:
            return number // step
        where = inspect(run)
        found[where] += 1
        if where != AT_THE_END:
            assert not in_child(the_next(config, runs_dir, run))
        compare(stored_runs(runs_dir)[0], reference)
    raise AssertionError("never reached")


def the_next(config: RunConfig, runs_dir: Path, run: RunFolder | None) -> Callable[[], Any]:
    """Start a new run, or resume the one that is there."""
    return lambda: list(events_of(config, runs_dir, run)())


def events_of(config: RunConfig, runs_dir: Path, run: RunFolder | None) -> Callable[[], Iterator[Event]]:
    """The events of a new run, or of the one that is there as it is resumed."""
    return lambda: session.start(config, runs_dir) if run is None else session.resume(run)


def in_child(work: Callable[[], Any], *, after: float | None = None) -> bool:
    """Call it in a process of its own; return whether that was killed, by a timer or by itself."""
    sys.stdout.flush()
    child = os.fork()  # quicker than a new Python
    if child == 0:
        loop.REPORT_SECONDS = 0.005  # more to be torn
        status = 1
        with suppress(BaseException):
            try:
                work()
                status = 0
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(status)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    limit = time.monotonic() + PATIENCE
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > limit:
            os.kill(child, signal.SIGKILL)
            raise AssertionError("a training hung")
        time.sleep(0.005)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"a training ended with {code}"
    return code != 0


def dying(work: Callable[[], Any], number: int) -> Callable[[], Any]:
    """Run `work` in a process that dies before its `number`th step of writing."""

    def die() -> None:
        steps = itertools.count(1)
        for name in ("fsync", "replace", "rename", "mkdir", "unlink", "ftruncate"):
            setattr(os, name, _deadly(getattr(os, name), steps, number))
        work()

    return die


def _deadly(call: Callable[..., Any], steps: Iterator[int], number: int) -> Callable[..., Any]:
    def replacement(*arguments: Any, **options: Any) -> Any:
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)

    return replacement


def inspect(run: RunFolder | None) -> str:
    """Describe the moment of the kill; raise where a file of the run can't be read."""
    if run is None:
        return "before there was a run"
    assert not run.is_live()
    run.manifest()
    for epoch in run.epochs():
        run.weights(epoch)
    state = run.state()
    history = History.of(run.events())
    text = (run.path / "events.jsonl").read_bytes()
    if state is None:
        return "before the first state"
    if history.finished is not None and history.finished.status == "completed":
        return AT_THE_END
    if any(run.checkpoints.glob(".*")) or any(run.path.glob(".*")):
        return "while a file was written"
    if text and not text.endswith(b"\n"):
        return "in the middle of an event"
    last = max((epoch.epoch for epoch in history.epochs), default=0)
    if last < state.epoch - 1:
        return "between an epoch's state and its event"
    if max(run.epochs()) > state.epoch - 1:
        return "between an epoch's weights and its state"
    return "in an epoch" if state.epoch <= run.config().epochs else "before the last event"


def result(run: RunFolder) -> Reference:
    """Return what must be equal in two completed runs."""
    history = History.of(run.events())
    epochs = [replace(epoch, seconds=0.0) for epoch in history.epochs]
    assert history.finished is not None
    assert history.finished.status == "completed"
    return checksums(run.checkpoints), epochs, history.test, history.fine_curve()


def compare(run: RunFolder, reference: Reference) -> None:
    """Raise where the run differs from the uninterrupted one."""
    *facts, curve = result(run)
    *expected, expected_curve = reference
    for fact, wanted in zip(facts, expected, strict=True):
        assert fact == wanted, f"{fact} is not {wanted}"
    assert all(np.array_equal(*pair) for pair in zip(curve, expected_curve, strict=True)), "the curves differ"
    assert run.state() is not None
    assert not any(run.checkpoints.glob(".*"))


def report(title: str, found: Counter[str], finished: int) -> None:
    """The table of the README."""
    print(f"\n| {title} | |\n| --- | --- |")
    for words, count in found.most_common():
        print(f"| {words} | {count} |")
    print(f"| runs that came to their end, equal to the uninterrupted one | {finished} |\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())

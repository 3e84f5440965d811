"""Cuts of power while it trains, see `tests.power`: part of `python -m tests.torture`."""

from __future__ import annotations

import itertools
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Epoch, Event, Phase, Progress, from_json, to_json
from mnist_tui.engine.runs.folder import RunFolder, stored_runs
from tests import power
from tests.helpers import checksums
from tests.torture import AT_THE_END, Reference, compare, events_of, in_child, inspect, the_next


def cuts(
    config: RunConfig, place: Path, step: int, chance: random.Random, found: Counter[str], reference: Reference
) -> int:
    """Complete runs that each lost power at a step of writing, and again at a random step after they were resumed."""
    finished = 0
    for number in itertools.count(1, step):
        for extent in power.EXTENTS:
            disk, at, run = place / f"{number}-{extent}", number, None
            root = disk / "0"
            root.mkdir(parents=True)
            for attempt in (1, 2):
                said, record = disk / f"said-{attempt}", disk / f"record-{attempt}"
                work = reporting(events_of(config, root / "runs", run), said)
                if not in_child(power.cut(work, root, at, record)):
                    if attempt == 1:
                        return finished
                    break
                root, at = disk / str(attempt), chance.randint(1, 25)
                power.load(record).write(root, extent, chance)
                run = next(iter(stored_runs(root / "runs")), None)
                where = inspect(run)
                found[where] += 1
                check_reported(said, run, reference)
                if where == AT_THE_END:
                    break
            else:
                assert not in_child(the_next(config, root / "runs", run))
            compare(stored_runs(root / "runs")[0], reference)
            finished += 1
            shutil.rmtree(disk)
    raise AssertionError("never reached")


def reporting(work: Callable[[], Iterator[Event]], path: Path) -> Callable[[], None]:
    """Note in a file every event when it is reported."""

    def run() -> None:
        with path.open("w", buffering=1) as file:
            for event in work():
                file.write(to_json(event) + "\n")

    return run


def check_reported(said: Path, run: RunFolder | None, reference: Reference) -> None:
    """Raise where something that was reported is not there."""
    events = [from_json(line) for line in said.read_text().splitlines()] if said.exists() else []
    lasting = [event for event in events if not isinstance(event, Progress | Phase)]
    if not lasting:
        return
    assert run is not None, f"the run is gone after {lasting[-1]}"
    stored = list(run.events())
    for event in lasting:
        assert event in stored, f"{event} was reported and is gone"
    sums = checksums(run.checkpoints)
    for epoch in (event for event in lasting if isinstance(event, Epoch)):
        name = run.checkpoint(epoch.epoch).name
        assert sums.get(name) == reference[0][name], f"the weights of epoch {epoch.epoch} are gone"
        state = run.state()
        assert state is not None, "the state is gone"
        assert state.epoch > epoch.epoch, f"the state is that of epoch {state.epoch}"

"""Attack mnist-tui in every way that is listed in this package, and print a table of what happened.

`python -m tests.attack` runs everything, in two processes; `--only disk` what has `disk` in its name or place. The end
is 1 if anything bad happened: a traceback, a hang, a crash, executed code, a changed file elsewhere, a control sequence
on the terminal, too much memory, a wrong result without a word, lost data. Everything is done in a temporary folder,
and nothing but this machine is connected to.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.attack.cases import CASES, Bad, Case, Skipped
from tests.attack.full_disks import may_mount
from tests.attack.place import Place

PATIENCE = 2.0
"""What an attack may take in time, by what it is said to: on a machine that has more to do."""
ROOMS = (
    *("stored_files", "stored_folders", "texts", "own_files", "names", "requests", "mirrors"),
    *("two_processes", "full_disks", "limits", "clocks", "many", "terminals"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT", help="attacks with this text in their name or place")
    parser.add_argument("--rooms", default=",".join(ROOMS), help="modules of this package, separated by commas")
    parser.add_argument("--brief", action="store_true", help="the few that the ordinary tests run")
    parser.add_argument("--jobs", type=int, default=2, help="processes that attack")
    options = parser.parse_args()
    for room in ROOMS:
        importlib.import_module(f"tests.attack.{room}")
    rooms = [f"tests.attack.{room}" for room in options.rooms.split(",")]
    named = [case for case in CASES if options.only in f"{case.where} {case.name}" and case.room in rooms]
    chosen = [case for case in named if case.brief or not options.brief]
    began = time.monotonic()
    warm_up()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="attack-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        from tests.attack.stored import store_run

        stored = store_run(place / "stored")
        print(HEAD, flush=True)
        for row in rows(chosen, place, stored, max(1, options.jobs)):
            bad += row["verdict"] == "BAD"
            print(line_of(row), flush=True)
    print(f"\n{len(chosen)} attacks, {bad} bad, {time.monotonic() - began:.0f} s")
    return int(bad > 0)


def warm_up() -> None:
    """Import what commands import, so that a forked process need not."""
    import torch

    torch.set_num_threads(1)
    for name in ("cli.commands", "cli.plain", "cli.export_run", "run"):
        importlib.import_module(f"mnist_tui.tui.{name}")
    for name in ("session", "figures.export", "figures.context", "training.loop", "runs.stored_network"):
        importlib.import_module(f"mnist_tui.engine.{name}")
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.data.digits import load_digits_dataset
    from mnist_tui.engine.training import loop

    list(loop.train(RunConfig(dataset="digits", epochs=1, hidden=(4,), device="cpu", threads=1), load_digits_dataset()))


HEAD = "| where | attack | | what happened | exit | peak MB | s |\n| --- | --- | --- | --- | --- | --- | --- |"


def line_of(row: dict[str, object]) -> str:
    """A row of the table."""
    names = ("where", "attack", "verdict", "words", "status", "peak", "seconds")
    return "| " + " | ".join(str(row[name]).replace("|", "/") for name in names) + " |"


def rows(cases: list[Case], folder: Path, stored: Path, jobs: int) -> Iterator[dict[str, object]]:
    """Attack in several processes at once; yield the rows of the table in the order of the cases."""
    readers = []
    for job in range(jobs):
        reading, writing = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            may_mount()  # for the attacks that need a small disk
            status = 1
            with suppress(BaseException), os.fdopen(writing, "w") as pipe:
                for number in range(job, len(cases), jobs):
                    pipe.write(json.dumps(attempt(cases[number], folder / str(number), stored)) + "\n")
                    pipe.flush()
                status = 0
            os._exit(status)
        os.close(writing)
        readers.append((pid, os.fdopen(reading)))
    for number in range(len(cases)):
        line = readers[number % jobs][1].readline()
        if not line:
            raise RuntimeError(f"the process that attacked by {cases[number].name!r} has died")
        yield json.loads(line)
    for pid, reader in readers:
        reader.close()
        os.waitpid(pid, 0)


def attempt(case: Case, folder: Path, stored: Path) -> dict[str, object]:
    """Make one attack; return its row of the table."""
    began = time.monotonic()
    place = Place(folder, stored, PATIENCE * case.seconds)
    verdict, words = "good", ""
    try:
        words = case.act(place) or ""
        place.check()
    except Skipped as reason:
        verdict, words = "skipped", str(reason)
    except Bad as error:
        verdict, words = "BAD", str(error)
    except Exception as error:
        verdict, words = "BAD", f"{type(error).__name__}: {error} in {traceback.extract_tb(error.__traceback__)[-1]}"
    finally:
        place.close()
    last = place.outcomes[-1] if place.outcomes else None
    words = words or (last.words if last else "")
    words = words.replace(str(folder), "…").replace("\n", " ")
    shutil.rmtree(folder, ignore_errors=True)
    return {
        "where": case.where,
        "attack": case.name,
        "verdict": verdict,
        "words": words if len(words) <= 150 else words[:149] + "…",
        "status": last.status if last else "",
        "peak": place.peak >> 20,
        "seconds": f"{time.monotonic() - began:.1f}",
    }


if __name__ == "__main__":
    sys.exit(main())

"""Much of everything: 3,000 runs, 5,000 epochs."""

from __future__ import annotations

import json
import os
import shutil
import time

from mnist_tui.engine.events import Epoch, Progress, to_json
from mnist_tui.engine.runs.folder import RunFolder
from tests.attack.cases import attack, expect
from tests.attack.consoles import answers, console, quit_console, shown
from tests.attack.place import Place

RUNS, EPOCHS = 3000, 5000


def many_runs(place: Place) -> None:
    """Copies of the stored run without its weights, of different times."""
    run = place.run.path
    config = json.loads((run / "config.json").read_text())
    for number in range(RUNS):
        folder = place.runs / f"20250101-{number:06}-copy"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config | {"created": 1.7e9 + number}))
        os.link(run / "events.jsonl", folder / "events.jsonl")


@attack(f"{RUNS:,} runs", "runs, evaluate, train", seconds=150)
def _(place: Place) -> str:
    many_runs(place)
    listing = place.command("runs")
    expect(listing.out.count("\n") >= RUNS, "runs are missing from the list")
    place.command("evaluate", place.run.path.name, "--epoch", "1")
    expect(listing.work < 20, f"the list took {listing.work:.0f} s of processor time")
    return f"listed in {listing.work:.1f} s of processor time"


@attack(f"{RUNS:,} runs", "console", seconds=150)
def _(place: Place) -> str:
    many_runs(place)
    began = time.monotonic()
    with console(place) as terminal:
        shown(terminal, "quit")
        first = time.monotonic() - began
        answers(terminal, b"9")
        shown(terminal, "-copy", 60)
        listed = time.monotonic() - began - first
        answers(terminal, *([b"\x1b[6~"] * 10), b"\x1b[F", b"\x1b[H", b"o", b"o", b"O")
        answers(terminal, b"/", b"2", b"9", b"9", b"\x1b", b"\x10", b"\x1b", b"\r")
        quit_console(terminal)
    expect(first < 10, f"the first frame took {first:.1f} s")
    return f"first frame after {first:.1f} s, listed after {listed:.1f} s more"


def long_run(place: Place) -> RunFolder:
    """The stored run with 5,000 epochs, whose weights are all the same file."""
    run = place.run
    lines = (run.path / "events.jsonl").read_text().splitlines()
    kept = [line for line in lines if '"event": "run_started"' in line][:1]
    for number in range(1, EPOCHS + 1):
        loss = 2 / number
        progress = Progress(number, 42, 42, loss, 0.9, 1e5, [loss] * 42, [0.9] * 42, 1, 0)
        kept += [to_json(progress), to_json(Epoch(number, loss, 0.9, loss, 0.9, 0.01, best=True))]
        if not run.checkpoint(number).exists():
            os.link(run.checkpoint(1), run.checkpoint(number))
    (run.path / "events.jsonl").write_text("\n".join(kept) + "\n")
    config = json.loads((run.path / "config.json").read_text())
    config["config"]["epochs"] = EPOCHS
    (run.path / "config.json").write_text(json.dumps(config))
    return run


@attack(f"a run of {EPOCHS:,} epochs", "runs, evaluate, attach, export", seconds=150)
def _(place: Place) -> str:
    run = str(long_run(place).path)
    place.command("runs")
    place.command("evaluate", run, "--epoch", "last")
    place.command("attach", run, expected=(1,))
    drawn = place.command("export", run, "curves", "--data", "--out", "figs")
    place.command("export", run, "mistakes", "--epoch", "2500", "--out", "figs")
    return f"curves drawn in {drawn.work:.1f} s of processor time"


@attack(f"a run of {EPOCHS:,} epochs", "console", seconds=150)
def _(place: Place) -> str:
    run = long_run(place)
    with console(place) as terminal:
        shown(terminal, "quit")
        answers(terminal, b"9")
        shown(terminal, run.path.name[:15], 60)
        answers(terminal, b"\r")
        shown(terminal, f"{EPOCHS}", 60)
        answers(terminal, b"y", b"m", b"z", b"z", b"4", b"[", b"[", b"]", b"5", b"6", b"8", b"3", seconds=60)
        quit_console(terminal)
    return "charts, table and views answer"


@attack("an output folder with 3,000 figures of that name", "export", seconds=60)
def _(place: Place) -> str:
    figures = place.here / "figs"
    figures.mkdir()
    for number in range(1, 3001):
        (figures / ("curves.png" if number == 1 else f"curves-{number}.png")).write_bytes(b"")
    words = place.command("export", str(place.run.path), "curves", "--out", "figs")
    expect((figures / "curves-3001.png").stat().st_size, "not written")
    shutil.rmtree(figures)
    return words.out.strip().splitlines()[-1]

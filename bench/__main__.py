"""`make bench`: every goal and its figure side by side, as ratios that are measured in turn in one run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from bench import accuracy, epoch, looking, memory, screens, soak
from bench.row import Bench, Row, Setting, read
from mnist_tui.engine.data.folder import data_folder
from mnist_tui.engine.hardware import devices

BENCHES: dict[str, Bench] = {
    "epoch": epoch.on_the_cpu,
    "workers": epoch.with_workers,
    "fast": accuracy.fast,
    "best": accuracy.best,
    "notebook": accuracy.notebook,
    "cuda": epoch.on_cuda,
    "cost": screens.cost,
    "scrubbing": screens.scrubbing,
    "keys": screens.keys,
    "bytes": screens.bytes_written,
    "first-frame": screens.first_frame,
    "quit": screens.quitting,
    "noise": looking.search,
    "pca": looking.components,
    "tsne": looking.neighbours,
    "memory": memory.peak,
    "soak": soak.rows,
}
LONG = ("best", "notebook", "soak")
"""Take minutes to hours: only where they are named."""


def main() -> None:
    """Parse the options, measure, and print the table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(BENCHES)}; else all but {', '.join(LONG)}")
    parser.add_argument("--quick", action="store_true", help="few repetitions, for a rough result")
    parser.add_argument("--data-dir", help="where MNIST lies; else $MNIST_TUI_DATA")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures go (bench.json)")
    options = parser.parse_args()
    unknown = [name for name in options.rows if name not in BENCHES]
    if unknown:
        parser.error(f"there is no row {unknown[0]!r}: choose of {', '.join(BENCHES)}")
    folder = data_folder(options.data_dir)
    os.environ["MNIST_TUI_DATA"] = str(folder)  # for the consoles that are measured
    setting = Setting(folder, read(folder), options.quick)
    record: dict[str, object] = {
        "machine": [device.name for device in devices.found() if not device.problem],
        "cores": devices.available_cores(),
        "torch": torch.__version__,
        "quick": options.quick,
    }
    print(f"{record['machine']}, {record['cores']} cores, torch {torch.__version__}\n")
    print("| what | goal | figure | |\n| --- | --- | --- | --- |", flush=True)
    rows: list[Row] = []
    for name in options.rows or [name for name in BENCHES if name not in LONG]:
        for row in BENCHES[name](setting):
            print(line(row), flush=True)
            rows.append(row)
        options.json.write_text(json.dumps({**record, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")
    missed = sum(row.met is False for row in rows)
    owed = sum(row.met is None for row in rows)
    print(
        f"\n{len(rows)} goals: {len(rows) - missed - owed} met, {missed} missed, {owed} not measured here",
        file=sys.stderr,
    )


def line(row: Row) -> str:
    """A row of the table."""
    verdict = {True: "met", False: "missed", None: "owed"}[row.met]
    return f"| {row.what} | {row.goal} | {row.figure} | {verdict}{': ' + row.why if row.why else ''} |"


if __name__ == "__main__":
    main()

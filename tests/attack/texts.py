"""Every text in a run as something that a terminal, a library or a spreadsheet would obey."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

from tests.attack.cases import attack, expect
from tests.attack.consoles import answers, console, quit_console, shown
from tests.attack.place import Place
from tests.attack.stored import EPOCH

TEXTS = {
    "escape sequences": "\x1b]0;EVIL\x07\x1b[2JEVIL\x1b]8;;file:///etc/passwd\x1b\\",
    "C1 controls": "\x9b31mEVIL\x9d0;EVIL\x9c\x90q\x9c",
    "bidi and zero width": "\u202eEVIL\u2066\u200b\u200f\ufeff\u2028\u00ad",
    "Rich and Textual markup": "[bold red]EVIL[/red][link=file:///etc/passwd][@click=app.quit]x[/][/nope]\\[",
    "mathtext and formats": "$\\frac{EVIL$ %s {0} {x!r} ${HOME} `id` $(id) &lt;",
    "formulas of a spreadsheet": "=cmd|'/C calc'!A0",
    "lines, tabs and returns": "EVIL\r\nEVIL\tEVIL\x0b\x0c\x85",
    "a lone surrogate": "EVIL\ud800\udfff\udcff",
    "thirty thousand letters": "E" * 30_000,
    "wide, combining and joined": "👩‍👩‍👧‍👦" * 40 + "e" + "\u0301" * 3000 + "ﷺ" * 40,
}
DIGITS = "dataset"


def poisoned(value: Any, text: str, keep: tuple[str, ...]) -> Any:
    """Replace every string in the value, except under the keys to keep."""
    if isinstance(value, str):
        return text
    if isinstance(value, dict):
        return {key: item if key in keep else poisoned(item, text, keep) for key, item in value.items()} | {text: text}
    if isinstance(value, list):
        return [poisoned(item, text, keep) for item in value]
    return value


KEPT = ("event", "config", "original_config", "sha256", "status")
"""Without these nothing would be read; `dataset` is poisoned only where nothing is computed."""


def poison(run: Path, text: str, *, dataset: bool) -> None:
    """Replace every text in a run's configuration and events, and add more of them."""
    keep = KEPT if dataset else (*KEPT, DIGITS)
    record = poisoned(json.loads((run / "config.json").read_text()), text, keep)
    (run / "config.json").write_text(json.dumps(record))
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    extra: list[dict[str, Any]] = [
        {"event": "notice", "words": text},
        {"event": "phase", "name": text, "detail": text},
        {"event": "run_finished", "run": text, "status": "stopped", "seconds": 1.0, "reason": text},
    ]
    for line in [*lines[:1], *lines, *extra]:
        line.update({name: text for name in ("note", "device_note") if line["event"] == "run_started"})
    lines = [poisoned(line, text, keep) for line in lines] + extra
    (run / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (run / "owner.json").write_text(json.dumps({"pid": 1, "host": text, "since": 1e300}))
    (run / "log.txt").write_text(text * 3, errors="surrogateescape" if "\ud800" not in text else "replace")


def add(name: str, text: str, brief: bool) -> None:
    """Add the attacks by a text: on the commands, and on the console."""

    @attack(name, "every text of a run: commands", seconds=120, brief=brief)
    def _(place: Place) -> str:
        poison(place.run.path, text, dataset=False)
        run = str(place.run.path)
        place.command("runs")
        place.command("runs", "--json")
        place.command("attach", run, expected=(0, 1))  # 1: its last event is too long to be one
        place.command("evaluate", run, "--epoch", str(EPOCH))
        place.command(
            "export", run, "curves", "confusion", "mistakes", "--epoch", str(EPOCH), "--data", "--out", "figs"
        )
        cells = check_cells(place.here / "figs")
        kept = {name: (place.run.path / name).read_bytes() for name in ("config.json", "events.jsonl")}
        poison(place.run.path, text, dataset=True)
        place.command("runs")
        place.command("evaluate", run, expected=(0, 4))
        place.command("export", run, "curves", "--data", "--out", "figs2", expected=(0, 4))
        check_cells(place.here / "figs2")
        place.command("train", "--resume", run, expected=(4,))
        for file, content in kept.items():
            (place.run.path / file).write_bytes(content)
        place.command("train", "--resume", run)
        return f"shown as text; {cells} cells of CSV begin with no formula"

    @attack(name, "every text of a run: console", seconds=120)
    def _(place: Place) -> str:
        poison(place.run.path, text, dataset=False)
        with console(place) as terminal:
            shown(terminal, "quit")
            answers(terminal, b"9")
            shown(terminal, place.run.path.name[:15])
            answers(terminal, b"\r")
            time.sleep(1.0)
            answers(terminal, *(digit.encode() for digit in "345683"))
            answers(terminal, b"L")
            answers(terminal, b"L", b"?")
            answers(terminal, b"\x1b", b"9", b"\x10")
            quit_console(terminal)
        return "shown as text"


for name_, text_ in TEXTS.items():
    add(name_, text_, brief=name_ in ("escape sequences",))


def check_cells(folder: Path) -> int:
    """Check that no text in a table would be taken for a formula; return how many cells there are."""
    count = 0
    for path in folder.glob("*.csv"):
        with path.open(newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    count += 1
                    expect(
                        not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or number(cell), f"a cell {cell[:30]!r}"
                    )
    return count


def number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell == "-"
    return True

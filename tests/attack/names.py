"""Names that lead elsewhere or can't be printed: of runs, folders, figures and data."""

from __future__ import annotations

import os

from tests.attack.cases import attack, expect
from tests.attack.place import TRAIN, Place
from tests.attack.stored import EPOCH

NAMES = {
    "leads out": "../../outside/x",
    "is ..": "..",
    "has a line break": "a\nb",
    "has a null byte's escape": "a\\x00b",
    "has escape sequences": "\x1b]0;EVIL\x07",
    "begins with a dash": "-rf",
    "is absolute": "/tmp/x",
    "is markup": "[red]x[/nope]",
    "is very long": "x" * 5000,
    "has a lone surrogate": "\udcff\udc80",
    "is bidi": "a\u202eb",
    "is a formula": "=1+1",
}


def add(name: str, text: str) -> None:
    @attack(f"a name that {name}", "train --name, --resume, evaluate, --epoch, --out", seconds=90)
    def _(place: Place) -> str:
        before = sorted(os.listdir(place.runs))
        place.command(*TRAIN, f"--name={text}", expected=(2,))
        expect(sorted(os.listdir(place.runs)) == before, "a run was made")
        run = str(place.run.path)
        refused = place.command("train", f"--resume={text}", expected=(2, 4)).words
        place.command("evaluate", "--", text, expected=(4,))
        place.command("evaluate", run, f"--epoch={text}", expected=(2, 4))
        place.command("evaluate", run, f"--split={text}", expected=(2,))
        place.command("export", run, f"--with={text}", "compare", expected=(4,))
        place.command("export", run, f"--filter={text}", "mistakes", "--epoch", str(EPOCH), expected=(0, 2))
        place.command("train", f"--dataset={text}", expected=(2,))
        return refused


for name_, text_ in NAMES.items():
    add(name_, text_)

FOLDERS = {
    "a line break": "20260101-000000-a\nb",
    "escape sequences": "20260101-000000-\x1b]0;EVIL\x07",
    "markup": "20260101-000000-[red]x[@click=app.quit]y[",
    "mathtext": "20260101-000000-$\\frac$_^{",
    "bytes that are not UTF-8": "20260101-000000-\udcff\udc80",
    "a dash in front": "-rf",
    "255 bytes": "x" * 255,
    "quotes and spaces": '20260101-000000-\'; rm -rf "$HOME" `id` #',
    "a formula": "=cmd|'calc'!A0",
    "impossible digits": "99999999-999999-" + "9" * 200,
}


def add_folder(name: str, text: str) -> None:
    @attack(f"a run folder with {name}", "runs, evaluate, resume, export", seconds=90)
    def _(place: Place) -> str:
        run = place.run.path.rename(place.runs / text)
        place.command("runs")
        place.command("runs", "--json")
        place.command("evaluate", "latest", "--epoch", str(EPOCH))
        place.command("export", "latest", "curves", "confusion", "--epoch", str(EPOCH), "--data")
        from tests.attack.texts import check_cells

        check_cells(run / "figures")
        place.command("train", "--resume", "latest")
        place.command("runs")
        expect(len(place.runs_now) == 1, "another run was made")
        return "read, exported, resumed; printed as text"


for name_, text_ in FOLDERS.items():
    add_folder(name_, text_)


@attack("a data folder with escape sequences and a line break", "train --data-dir", seconds=60)
def _(place: Place) -> None:
    folder = place.folder / "d\n\x1b]0;EVIL\x07\udcff"
    folder.mkdir()
    place.command("train", "--dataset", "mnist", "--data-dir", os.fsdecode(os.fsencode(str(folder))), expected=(3,))
    place.command(*TRAIN, "--data-dir", str(folder))

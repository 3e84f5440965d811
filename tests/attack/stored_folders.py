"""Folders of a run that lead elsewhere, or are no folders; run folders that are links; hostile names in them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.attack.cases import attack, expect
from tests.attack.place import Place
from tests.attack.plants import ODD, link
from tests.attack.stored import EPOCH, store_answers

FOLDERS = ("checkpoints", "projections", "imagined", "figures", "tensorboard")


def used(place: Place) -> None:
    """Evaluate, export into the run, compute and store answers, resume."""
    run = place.run.path
    place.command("runs")
    place.command("evaluate", str(run), "--epoch", str(EPOCH), expected=(0, 4))
    place.command("export", str(run), "curves", "confusion", "--epoch", str(EPOCH), expected=(0, 2, 4))
    place.call(lambda: stored(run))
    place.command("train", "--resume", str(run), "--tensorboard", expected=(0, 1, 4))


def stored(run: Path) -> None:
    from mnist_tui.engine.errors import MnistTuiError

    try:
        store_answers(run)
    except (MnistTuiError, AssertionError, OSError) as error:
        print(f"not stored: {error}")


def replace(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)


def add(folder: str) -> None:
    @attack("a link to a neighbour's folder", f"{folder}/", seconds=90, brief=folder == "figures")
    def _(place: Place) -> None:
        path = place.run.path / folder
        if path.is_dir():
            for file in path.iterdir():
                shutil.move(file, place.outside / file.name)
        replace(path)
        path.symlink_to(place.outside)
        place.remember_outside()
        used(place)

    for name in ("a dangling link", "a link to itself", "a pipe", "a link to /dev/zero"):

        @attack(name, f"{folder}/", seconds=90)
        def _(place: Place, name: str = name) -> None:
            replace(place.run.path / folder)
            ODD[name](place.run.path / folder)
            used(place)


for folder_ in FOLDERS:
    add(folder_)


@attack("a link to a neighbour's folder", ".trash/", seconds=60)
def _(place: Place) -> str:
    run = place.run
    link(str(place.outside))(place.runs / ".trash")

    def delete() -> None:
        from mnist_tui.engine.errors import RunError

        try:
            run.delete()
        except RunError as error:
            print(error)

    words = place.call(delete).words
    expect(run.path.exists(), "the run went elsewhere")
    return words


@attack("a run folder that is a link, deleted", "a run", seconds=60)
def _(place: Place) -> str:
    real = place.outside / "real"
    shutil.move(place.run.path, real)
    place.remember_outside()
    path = place.runs / "20260101-000000-linked"
    path.symlink_to(real)
    place.call(lambda: __import__("mnist_tui.engine.runs.folder", fromlist=["RunFolder"]).RunFolder(path).delete())
    expect(real.exists() and not path.exists(), "not the link was deleted")
    return "the link is in the trash, its target is untouched"


@attack("hostile names of files", "checkpoints/", seconds=60)
def _(place: Place) -> None:
    folder = place.run.checkpoints
    names = ("epoch-\x1b]0;EVIL\x07.pt", "epoch-99999999999.pt", "epoch-٣٣٣٣.pt", "epoch--001.pt", "\udcff.pt", "-rf")
    for name in names:
        (folder / name).write_bytes(b"x")
    (folder / "epoch-999999999.pt").write_bytes(b"x")
    used(place)
    expect(all((folder / name).exists() for name in names), "files that are no checkpoints were removed")


@attack("30,000 files", "checkpoints/", seconds=120)
def _(place: Place) -> None:
    for number in range(1000, 31_000):
        os.link(place.run.checkpoint(0), place.run.checkpoint(number))
    place.command("runs")
    place.command("evaluate", str(place.run.path), "--epoch", "last")

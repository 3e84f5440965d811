"""Full disks, each separately: for the runs, the cache, the log, the preferences, the exports, the data, the output."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from tests.attack.cases import Skipped, attack, expect
from tests.attack.consoles import console, quit_console, shown
from tests.attack.place import TRAIN, Place
from tests.attack.stored import EPOCH, store_answers

CLONE_NEWNS, CLONE_NEWUSER, MS_REC, MS_PRIVATE = 0x20000, 0x10000000, 0x4000, 0x40000
C = ctypes.CDLL(None, use_errno=True)


def may_mount() -> bool:
    """Give this process mounts of its own, which need no privileges; return whether that is possible."""
    user, group = os.geteuid(), os.getegid()
    if C.unshare(CLONE_NEWNS):
        if C.unshare(CLONE_NEWUSER | CLONE_NEWNS):
            return False
        try:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        except OSError:
            return False
    return bool(C.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0)


@contextmanager
def disk(folder: Path, size: str, *, used: str = "") -> Iterator[None]:
    """A small file system of its own at this folder; `used` bytes of it are taken."""
    folder.mkdir(parents=True, exist_ok=True)
    if C.mount(b"none", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode()):
        raise Skipped(f"no file system can be mounted here ({errno.errorcode[ctypes.get_errno()]})")
    try:
        if used:
            fill(folder / "ballast")
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def fill(path: Path) -> None:
    """Take all the space that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def whole(place: Place) -> None:
    """Check that every event and every checkpoint on the disk is whole."""
    for run in place.runs_now:
        list(run.events())
        for epoch in run.epochs():
            run.weights(epoch)
        run.state()
        text = (run.path / "events.jsonl").read_bytes()
        expect(not text or text.endswith(b"\n"), "a torn line was left")
        expect(not list(run.checkpoints.glob(".*")), "temporary files were left")


for size_ in ("0k", "24k", "80k", "200k", "400k"):

    @attack(
        f"a disk of {size_.replace('0k', '0 k', 1) if size_ == '0k' else size_}B",
        "runs",
        seconds=60,
        brief=size_ == "200k",
    )
    def _(place: Place, size: str = size_) -> str:
        with disk(place.runs, "4k" if size == "0k" else size):
            outcome = place.command(*TRAIN, expected=(0, 1, 2, 4))
            words = outcome.words
            whole(place)
            for run in place.runs_now:
                said = outcome.out + outcome.err
                lost = run.epochs() != [0, 1, 2, 3] or run.state() is None
                expect(not lost or "could not be stored" in said or "can't be" in said, "lost without a word")
                expect(outcome.status != 0 or not lost, "lost, with exit code 0")
                place.command("train", "--resume", str(run.path), expected=(0, 1, 2, 4))
                whole(place)
            place.command("runs")
        return words


@attack("a disk that is full and gets space again", "runs", seconds=60)
def _(place: Place) -> str:
    from tests.attack.requests import stopped, training

    with disk(place.runs, "2m"):
        child, run = training(place)
        fill(place.runs / "ballast")
        from tests.attack.place import wait_for

        wait_for(lambda: any(event.event == "notice" for event in run.events(progress=False)) or said(child.streams[0]))
        last = run.epochs()[-1]
        (place.runs / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=500m", place.runs], check=True)
        wait_for(lambda: run.epochs()[-1] > last + 20)
        stopped(place, child, run)
        whole(place)
        history = History.of(run.events())
        stored = set(run.epochs())
        missing = [epoch.epoch for epoch in history.epochs if epoch.epoch not in stored]
        expect(not missing, f"the weights of {len(missing)} epochs are missing")
    return "all epochs were stored in the end"


def said(path: Path) -> bool:
    return "can't be stored" in path.read_text()


def add_full(name: str, folder: Callable[[Place], Path], act: Callable[[Place], str | None]) -> None:
    @attack("a full disk", name, seconds=90)
    def _(place: Place) -> str | None:
        place.run  # noqa: B018 - copies it
        with disk(folder(place), "64k", used="all"):
            return act(place)


def trained(place: Place) -> str:
    shutil.rmtree(place.runs)
    words = place.command(*TRAIN[:-2], "--epochs", "2").words
    expect(summarise(place.runs_now[0]).status == "completed", "not completed")
    return words


def with_console(place: Place) -> str:
    with console(place) as terminal:
        shown(terminal, "quit")
        quit_console(terminal)
    return "the console opens and ends as ever"


add_full("the cache", lambda place: place.folder / "cache", trained)
add_full("the log", lambda place: place.folder / "state", trained)
add_full("the log: console", lambda place: place.folder / "state", with_console)
add_full("preferences: console", lambda place: place.folder / "config", with_console)


def exported(place: Place) -> str:
    run = str(place.run.path)
    words = place.command(
        *("export", run, "curves", "confusion", "--epoch", str(EPOCH), "--data", "--out", "figs"), expected=(2,)
    ).words
    expect([path.name for path in (place.here / "figs").iterdir()] == ["ballast"], "parts of figures were left")
    return words


add_full("export --out", lambda place: place.here / "figs", exported)


def answers_kept(place: Place) -> str:
    run = place.run.path
    place.call(lambda: store_answers(run))
    expect(all(path.name == "ballast" for path in full(run).iterdir()), "parts were left")
    return "computed, and not stored"


def full(run: Path) -> Path:
    """The folder of stored answers that has no space."""
    return next(path for path in (run / "projections", run / "imagined") if (path / "ballast").exists())


add_full("projections/", lambda place: emptied(place.run.path / "projections"), answers_kept)
add_full("imagined/", lambda place: emptied(place.run.path / "imagined"), answers_kept)


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder)
    return folder


def downloaded(place: Place) -> str:
    import gzip

    from mnist_tui.engine.data.catalog import CATALOG
    from tests.engine.mirror import mirror

    bodies = {
        f"{source.name}.gz": gzip.compress(os.urandom(1_000_000), 0)
        for source in CATALOG["mnist"].files  # type: ignore[union-attr]
    }
    with mirror(bodies) as served:
        place.environment["MNIST_TUI_MIRROR"] = served.url
        words = place.command("train", "--dataset", "mnist", expected=(3,)).words
    expect([path.name for path in (place.folder / "data").iterdir()] == ["ballast"], "parts were left")
    return words


add_full("the data folder", lambda place: place.folder / "data", downloaded)


@attack("/dev/full", "the output of every command", seconds=60, brief=True)
def _(place: Place) -> str:
    run = str(place.run.path)

    def full() -> None:
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)

    place.command("runs", prepare=full, expected=(1,))
    place.command("evaluate", run, "--epoch", str(EPOCH), prepare=full, expected=(1,))
    place.command("export", run, "curves", "--out", "figs", prepare=full, expected=(1,))
    words = place.command("train", "--resume", run, prepare=full, expected=(1,)).words
    expect(summarise(place.run).status == "completed", "the training was not finished")
    return words

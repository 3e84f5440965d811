"""Files of a run, replaced by what a stranger may have sent; then the commands that read them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from tests.attack.cases import attack, expect
from tests.attack.place import Place
from tests.attack.plants import BOMBS, JSON, ODD, PICKLES, Plant, array, arrays, content, saved, weights_like
from tests.attack.stored import EPOCH

UNREADABLE = (0, 4)
"""A command may do without the file, or say that it can't be read."""


def listed(place: Place) -> None:
    place.command("runs")
    place.command("runs", "--json")


def evaluated(place: Place) -> None:
    place.command("evaluate", place.run.path.name, "--epoch", str(EPOCH), expected=UNREADABLE)


def resumed(place: Place) -> None:
    place.command("train", "--resume", str(place.run.path), expected=(0, 1, 4))


def resumed_with_warnings(place: Place) -> None:
    """Resume a run, and let a library warn meanwhile, so that the run's log is written."""

    def noisy(*_: object) -> int:
        logging.getLogger("a.library").warning("something is odd " * 5_000)
        return 0

    def prepare() -> None:
        from mnist_tui.engine.hardware import devices

        devices.memory_in_use = noisy  # type: ignore[assignment]

    place.command("train", "--resume", str(place.run.path), "--epochs", "30", expected=(0, 1, 4), prepare=prepare)


def followed(place: Place) -> None:
    place.command("attach", str(place.run.path), expected=(0, 1, 4))


def drawn(place: Place) -> None:
    place.command(
        *("export", str(place.run.path), "curves", "confusion", "--epoch", str(EPOCH), "--data", "--out", "figs"),
        expected=(0, 4),
    )


def embedded(place: Place) -> None:
    """Read the stored t-SNE, as the view does before it computes one."""
    path = next(iter(place.run.path.joinpath("projections").iterdir()))

    def read() -> None:
        from mnist_tui.engine.analysis.tsne import load
        from mnist_tui.engine.errors import RunError

        try:
            load(path)
        except RunError as error:
            print(error)

    place.call(read)


def imagined(place: Place) -> None:
    run = place.run.path

    def read() -> None:
        from mnist_tui.engine.analysis.imagined_store import load

        print(len(load(run, EPOCH, 10)), "read")

    place.call(read)


def first(folder: str) -> Callable[[Place], Path]:
    return lambda place: min((place.run.path / folder).iterdir())


def at(name: str) -> Callable[[Place], Path]:
    return lambda place: place.run.path / name


Reader = Callable[[Place], None]
FILES: dict[str, tuple[Callable[[Place], Path], tuple[Reader, ...]]] = {
    "config.json": (at("config.json"), (listed, evaluated, resumed)),
    "events.jsonl": (at("events.jsonl"), (listed, drawn, followed, resumed)),
    "an epoch's weights": (at(f"checkpoints/epoch-{EPOCH:04}.pt"), (evaluated, resumed)),
    "state.pt": (at("checkpoints/state.pt"), (resumed,)),
    "owner.json": (at("owner.json"), (listed, resumed)),
    "control": (at("control"), (resumed,)),
    "log.txt": (at("log.txt"), (resumed_with_warnings,)),
    "log.txt.1": (at("log.txt.1"), (resumed_with_warnings,)),
    "the stored t-SNE": (first("projections"), (embedded,)),
    "a stored digit": (first("imagined"), (imagined,)),
}


def add(name: str, file: str, plant: Plant, *, brief: bool = False, seconds: float = 60.0) -> None:
    """Add an attack on a file of a run."""
    find, readers = FILES[file]

    @attack(name, file, seconds=seconds, brief=brief)
    def _(place: Place) -> None:
        path = find(place)
        plant(path)
        for reader in readers:
            reader(place)
            if path.is_symlink() and path.name not in ("control", "owner.json") and reader is resumed:
                expect(path.is_symlink(), "the link was replaced")


def add_all(files: Iterable[str], plants: Iterable[tuple[str, Plant]], brief: tuple[str, ...] = ()) -> None:
    for file in files:
        for name, plant in plants:
            add(name, file, plant, brief=name in brief)


def made(make: Callable[[], bytes]) -> Plant:
    """A plant whose content is made when it is needed."""

    def plant(path: Path) -> None:
        content(make())(path)

    return plant


add_all(FILES, ODD.items())
TENSORS = ("an epoch's weights", "state.pt", "the stored t-SNE", "a stored digit")
add_all(TENSORS, [(name, content(data)) for name, data in PICKLES.items()], ("a malicious archive",))
add_all(TENSORS, [(name, made(make)) for name, make in BOMBS.items()])
add_all(("config.json", "events.jsonl", "owner.json"), [(name, made(make)) for name, make in JSON.items()])


def changed(change: Callable[..., object]) -> Plant:
    return lambda path: path.write_bytes(weights_like(path, change)) and None  # type: ignore[arg-type]


for name_, change_ in {
    "NaN everywhere": lambda tensor: tensor * float("nan"),
    "infinities": lambda tensor: tensor + float("inf"),
    "complex numbers": lambda tensor: tensor.to(dtype=torch.complex64),
    "whole numbers": lambda tensor: tensor.long(),
    "one axis more": lambda tensor: tensor[None],
    "empty tensors": lambda tensor: tensor[:0],
    "sparse tensors": torch.Tensor.to_sparse,
}.items():
    add(name_, "an epoch's weights", changed(change_))

for name_, entries_ in {
    "a shape of 10^15 numbers in it": {"points": array((10**9, 10**6)), "image": array((10**9, 10**6))},
    "a negative shape in it": {"points": array((-1, 2)), "image": array((-28, -28))},
    "objects in it": {"points": array((1,), "|O", b"\x80\x04]\x94."), "image": array((1,), "|O")},
    "texts in it": {"points": array((2, 2), "<U4"), "image": array((28, 28), "<U4")},
}.items():
    for file_ in ("the stored t-SNE", "a stored digit"):
        add(name_, file_, made(lambda entries=entries_: arrays(**entries)))  # type: ignore[misc]

for name_, values_ in {
    "an epoch in the far future": {"epoch": 2**62},
    "a negative batch": {"batch": -5},
    "times that are no numbers": {"seconds": float("nan")},
    "a billion threads": {"threads": 10**9},
    "a last event that is nested deeply": {"told": "[" * 100_000},
    "a last event with escape sequences": {"told": "\x1b]0;EVIL\x07"},
}.items():

    def change_state(path: Path, values: dict[str, object] = values_) -> None:
        path.write_bytes(saved(torch.load(path, weights_only=True) | values))

    add(name_, "state.pt", change_state)


@attack("random bytes changed, 10 times", "every file", seconds=90)
def _(place: Place) -> str:
    import random

    chance, run = random.Random(5), place.run.path
    files = [path for path in run.rglob("*") if path.is_file()]
    original = {path: path.read_bytes() for path in files}
    for _count in range(10):
        path = chance.choice(files)
        data = bytearray(original[path])
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        place.command("runs")
        evaluated(place)
        embedded(place)
        imagined(place)
        for changed_file, content_ in original.items():
            changed_file.write_bytes(content_)
    return "10 files: read, or named as damaged"

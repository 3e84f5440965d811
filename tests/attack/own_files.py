"""The user's own small files: preferences, the last view, the benchmark of threads, the log."""

from __future__ import annotations

from collections.abc import Callable

from tests.attack.cases import attack
from tests.attack.consoles import console, quit_console, shown
from tests.attack.place import Place
from tests.attack.plants import JSON, ODD, Plant, content
from tests.attack.stored_files import made

CONFIG, CACHE, LOG = "config/mnist-tui", "cache/mnist-tui", "state/mnist-tui/log"


def preferences(place: Place) -> None:
    def read() -> None:
        from mnist_tui.tui.state import preferences

        first = preferences.load()
        preferences.load_last()
        preferences.save(first)
        preferences.save_last(preferences.Last("x", {"y": preferences.Place("z", "r")}))

    place.call(read)


def threads(place: Place) -> None:
    def read() -> None:
        from mnist_tui.engine.config import RunConfig
        from mnist_tui.engine.training import cpu_threads

        cpu_threads.step_seconds = lambda config, threads: 1.0  # type: ignore[assignment]
        print(cpu_threads.choose_threads(RunConfig(), 8, "a processor"))

    place.call(read)


def logged(place: Place) -> None:
    def work() -> None:
        import logging

        from mnist_tui.tui.terminal import logs

        logs.set_up()
        for _ in range(3):
            logging.getLogger("x").warning("a warning " * 200)

    place.call(work)
    place.command("runs")


FILES: dict[str, tuple[str, Callable[[Place], None]]] = {
    "last.json": (f"{CONFIG}/last.json", preferences),
    "export.json": (f"{CONFIG}/export.json", preferences),
    "threads.json": (f"{CACHE}/threads.json", threads),
    "mnist-tui.log": (f"{LOG}/mnist-tui.log", logged),
    "mnist-tui.log.1": (f"{LOG}/mnist-tui.log.1", logged),
    "the folder of preferences": (CONFIG, preferences),
    "the cache folder": (CACHE, threads),
    "the folder of logs": (LOG, logged),
}


def add(name: str, where: str, plant: Plant, *, brief: bool = False) -> None:
    path, read = FILES[where]

    @attack(name, where, seconds=40, brief=brief)
    def _(place: Place) -> None:
        plant(place.folder / path)
        read(place)


for where_ in FILES:
    for name_, plant_ in ODD.items():
        if name_ != "a link to a neighbour's file":
            add(name_, where_, plant_, brief=name_ == "a pipe" and where_ == "last.json")
for where_ in ("last.json", "export.json", "threads.json"):
    for name_, make_ in JSON.items():
        add(name_, where_, made(make_))
HOSTILE = (
    b'{"theme": "\\u001b]0;EVIL\\u0007", "places": {"RUNS": {"view": "../../[red]EVIL[/x]", "run": "\\u001b[2JEVIL"}},'
    b' "folder": "\\u0000/x", "format": "[b]", "size": "9e999x9e999", "dpi": "-1e9", "numbers": "\\ud800"}'
)


@attack("themes, views and runs with escape sequences", "last.json", seconds=60)
def _(place: Place) -> str:
    place.run  # noqa: B018 - copies it
    text = HOSTILE.replace(b"RUNS", str(place.runs).encode())
    for name in ("last.json", "export.json"):
        content(text)(place.folder / CONFIG / name)
    opened(place)
    return "the console opens with its defaults"


@attack("a pipe", "last.json: console", seconds=60)
def _(place: Place) -> str:
    ODD["a pipe"](place.folder / CONFIG / "last.json")
    opened(place)
    return "the console opens with its defaults"


@attack("a pipe", "mnist-tui.log: console", seconds=60)
def _(place: Place) -> str:
    ODD["a pipe"](place.folder / LOG / "mnist-tui.log")
    opened(place)
    return "the console opens"


def opened(place: Place) -> None:
    with console(place) as terminal:
        shown(terminal, "quit")
        quit_console(terminal)

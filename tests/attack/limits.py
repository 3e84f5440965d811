"""Limits of the process: files, threads, address space, stack, processor time."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

from mnist_tui.engine.runs.remote import send
from mnist_tui.engine.runs.summaries import summarise
from tests.attack.cases import attack, expect
from tests.attack.place import LONG, TRAIN, Place, wait_for
from tests.attack.process import limit
from tests.attack.stored import EPOCH


def all_commands(place: Place, prepare: Callable[[], object], expected: tuple[int, ...]) -> str:
    """Train, list, evaluate, export, resume under a limit; then without: nothing may be damaged."""
    run = str(place.run.path)
    said = [
        place.command(*TRAIN, prepare=prepare, expected=expected),
        place.command("runs", prepare=prepare, expected=expected),
        place.command("evaluate", run, "--epoch", str(EPOCH), prepare=prepare, expected=expected),
        place.command("export", run, "curves", "--out", "figs", prepare=prepare, expected=(*expected, 2)),
        place.command("train", "--resume", run, prepare=prepare, expected=expected),
    ]
    place.command("train", "--resume", run, expected=(0, 2))
    expect(summarise(place.run).status == "completed", "the run can't be resumed any more")
    ends = ", ".join(str(outcome.status) for outcome in said)
    return f"exit codes {ends}; {next((outcome.words for outcome in said if outcome.status), 'all went well')}"


for count_ in (8, 12, 20, 64):

    @attack(f"at most {count_} open files", "train, runs, evaluate, export, resume", seconds=90)
    def _(place: Place, count: int = count_) -> str:
        return all_commands(place, lambda: limit(resource.RLIMIT_NOFILE, count), (0, 1, 3, 4))


for megabytes_ in (10, 60, 200):

    @attack(f"{megabytes_} MB of address space left", "train, runs, evaluate, export, resume", seconds=120)
    def _(place: Place, megabytes: int = megabytes_) -> str:
        def prepare() -> None:
            size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()  # noqa: SIM115
            limit(resource.RLIMIT_AS, size + (megabytes << 20))

        return all_commands(place, prepare, (0, 1, 3, 4))


@attack("no more threads", "train, runs, evaluate, export, resume", seconds=90)
def _(place: Place) -> str:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    return all_commands(place, lambda: setattr(threading, "_start_new_thread", refuse), (0, 1, 3, 4))


@attack("a stack of 256 kB", "train", seconds=120)
def _(place: Place) -> str:
    words = 'ulimit -s 256; cd "$0"; exec "$@"'
    outcome = subprocess.run(
        ["/bin/sh", "-c", words, str(place.here), sys.executable, "-m", "mnist_tui", *TRAIN],
        env=place.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    expect(outcome.returncode == 0, f"exit code {outcome.returncode}: {outcome.stderr[-200:]}")
    return outcome.stdout.splitlines()[-1]


@attack("one second of processor time", "train", seconds=90)
def _(place: Place) -> str:
    child = place.begin(*LONG, prepare=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 30)))
    outcome = child.wait(60)
    place.forget(child)
    expect(outcome.status == -signal.SIGXCPU, f"it ended with {outcome.status}")
    (run,) = place.runs_now
    trained = summarise(run).epochs
    child = place.begin("train", "--resume", str(run.path))
    wait_for(run.is_live)
    wait_for((run.path / "control").exists)
    send(run, "stop")
    place.finish(child)
    expect(summarise(run).epochs >= trained > 0, "epochs were lost")
    return f"ended by the signal after {trained} epochs, resumed"

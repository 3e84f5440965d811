"""Two processes at one run: resuming, deleting, exporting, following."""

from __future__ import annotations

import os
import shutil
import signal
import time

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import summarise
from tests.attack.cases import attack, expect
from tests.attack.place import Place, wait_for
from tests.attack.requests import stopped, training
from tests.attack.stored import EPOCH
from tests.helpers import QUICK, checksums


@attack("two resume one run at once, five times", "a run", seconds=120)
def _(place: Place) -> str:
    place.call(
        lambda: list(__import__("mnist_tui.engine.session", fromlist=["start"]).start(QUICK, place.here / "whole"))
    )
    (whole,) = (place.here / "whole").iterdir()
    for _ in range(5):
        shutil.rmtree(place.runs)
        place.runs.mkdir()
        run = place.run
        children = [place.begin("train", "--resume", str(run.path)) for _ in range(2)]
        ends = sorted(place.finish(child, (0, 2, 4)).status for child in children)
        expect(ends[0] == 0 and ends[1] in (2, 4), f"they ended with {ends}")  # 2: it was completed by then
        history = History.of(run.events())
        expect([epoch.epoch for epoch in history.epochs] == [1, 2, 3], "the events are not one training's")
        expect(checksums(run.checkpoints) == checksums(whole / "checkpoints"), "the weights are not one training's")
    return "one trains to the same weights, the other is told"


@attack("resumed while it trains", "a run", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    words = place.command("train", "--resume", str(run.path), expected=(4,)).words
    expect("is being trained" in words, words)
    stopped(place, child, run)
    return words


@attack("deleted while it trains", "a run", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    try:
        run.delete()
        words = ""
    except RunError as error:
        words = str(error)
    expect(words, "it was deleted")
    stopped(place, child, run)
    return words


@attack("removed by rm -r while it trains", "a run", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    wait_for(lambda: shutil.rmtree(run.path, ignore_errors=True) or not run.path.exists())  # files come meanwhile
    time.sleep(1.0)
    expect(child.is_alive(), "the training has ended")
    os.kill(child.pid, signal.SIGINT)
    outcome = place.finish(child, (130,))
    expect("was removed" in outcome.out, "it said nothing")
    expect(not run.path.exists(), "the folder came back")
    return next(line for line in outcome.out.splitlines() if "removed" in line)


@attack("the runs folder moved away while it trains", "a run", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    place.runs.rename(place.folder / "moved")
    time.sleep(1.0)
    (place.folder / "moved").rename(place.runs)
    time.sleep(0.5)
    stopped(place, child, run)
    history = History.of(run.events())
    expect(run.epochs()[-1] >= history.epochs[-1].epoch, "weights are missing")
    return "what could not be written was written later"


@attack("removed while it is followed", "attach", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    follower = place.begin("attach", str(run.path))
    time.sleep(1.0)
    wait_for(lambda: shutil.rmtree(run.path, ignore_errors=True) or not run.path.exists())
    time.sleep(0.5)
    os.kill(child.pid, signal.SIGINT)
    place.finish(child, (130,))
    return place.finish(follower, (0, 1, 4)).words


@attack("killed while it is followed", "attach", seconds=60)
def _(place: Place) -> str:
    child, run = training(place)
    follower = place.begin("attach", str(run.path))
    time.sleep(1.0)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(5)
    place.forget(child)
    return place.finish(follower, (1,)).words


@attack("deleted while it is exported", "export", seconds=90)
def _(place: Place) -> str:
    run = place.run
    child = place.begin("export", str(run.path), "--epoch", str(EPOCH), "--points", "200")
    wait_for(lambda: any((run.path / "figures").glob("*.png")) if (run.path / "figures").exists() else False, 60)
    run.delete()
    outcome = place.finish(child, (0, 2, 4))
    expect(not run.path.exists(), "the folder came back")
    return outcome.words


@attack("removed while it is evaluated, ten times", "evaluate", seconds=90)
def _(place: Place) -> None:
    for number in range(10):
        run = place.run
        child = place.begin("evaluate", str(run.path), "--epoch", str(EPOCH))
        time.sleep(0.01 + 0.02 * number)
        shutil.rmtree(run.path, ignore_errors=True)
        place.finish(child, (0, 3, 4))
        shutil.rmtree(run.path, ignore_errors=True)


@attack("two resume and one is killed, the other again", "a run", seconds=90)
def _(place: Place) -> str:
    run = place.run
    first = place.begin("train", "--resume", str(run.path), "--epochs", "100000")
    wait_for(lambda: RunFolder(run.path).is_live())
    os.kill(first.pid, signal.SIGKILL)
    first.wait(5)
    place.forget(first)
    place.command("train", "--resume", str(run.path), expected=(0, 2))
    expect(summarise(run).status in ("completed", "died"), summarise(run).status)
    return "the lock of the killed one is gone"

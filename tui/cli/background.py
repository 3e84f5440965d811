"""A training in the background: a process of its own that no lost connection ends."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO

from mnist_tui.engine.errors import MnistTuiError
from mnist_tui.engine.events import Event, Phase, RunStarted
from mnist_tui.engine.training.control import Control
from mnist_tui.tui.terminal.hangup import silence

Training = Callable[[Control], Generator[Event, None, None]]


def train(training: Training, runs_dir: Path, *, tensorboard: bool = False) -> int:
    """Begin a training in the background, and say how to follow it.

    Args:
        training: makes its events; called in the new process.
        runs_dir: where its folder comes to lie, or lies.
        tensorboard: whether the curves are written for TensorBoard too.

    Returns:
        0 when it began, else the exit code of what went wrong.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()  # no thread runs yet, and torch is not imported
    if child == 0:
        os.close(reading)
        _work(training, runs_dir, writing, tensorboard=tensorboard)
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as news:
            return _relay(news, child)
    except KeyboardInterrupt:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        raise


def _relay(news: IO[str], child: int) -> int:
    """Say what the new process says, until it trains or fails."""
    for line in news:
        word = json.loads(line)
        if "run" in word:
            print(f"{word['run']} trains in the background, as process {child}")
            print(f"follow it:  mnist-tui attach {word['run']}")
            return 0
        if "status" in word:
            print(f"mnist-tui: {word['error']}", file=sys.stderr)
            return int(word["status"])
        print(word["words"], flush=True)
    _, ended = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(ended)
    if code:
        print("mnist-tui: the training ended before it began; the log says why", file=sys.stderr)
    return code if code >= 0 else 128 - code


def _work(training: Training, runs_dir: Path, writing: int, *, tensorboard: bool) -> None:
    """Train in this process, and end it."""
    from mnist_tui.engine.runs.tensorboard import recorded
    from mnist_tui.tui.cli.plain import say_all

    status = 1
    try:
        os.setsid()
        for handle in (0, 1, 2):
            silence(handle)
        control = Control()
        with os.fdopen(writing, "w", encoding="utf-8") as news:
            events = training(control)
            events = recorded(events, runs_dir) if tensorboard else events
            status = say_all(_announced(events, runs_dir, news), control, json=False)
    except MnistTuiError as error:
        status = error.exit_code
    except BaseException:
        logging.getLogger(__name__).exception("unexpected")
    finally:
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(status)


def _announced(events: Generator[Event, None, None], runs_dir: Path, news: IO[str]) -> Generator[Event, None, None]:
    """Tell the process that started this one how it begins; what is said later goes into the run's log."""

    def tell(**word: object) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody listens any more
            print(json.dumps(word), file=news, flush=True)

    said = ""
    try:
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, RunStarted):
                    _say_into(runs_dir / event.run / "log.txt")
                    tell(run=event.run)
                    with contextlib.suppress(OSError):
                        news.close()
                elif isinstance(event, Phase) and event.name == "download" and said != event.detail:
                    said = event.detail
                    tell(words=f"downloading {event.detail}")
                yield event
    except MnistTuiError as error:
        tell(status=error.exit_code, error=" ".join(str(error).split()))
        raise


def _say_into(path: Path) -> None:
    """Let what is printed go to the end of the file."""
    with contextlib.suppress(OSError):
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)

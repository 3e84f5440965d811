"""Training in a background process that survives the loss of the terminal."""

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
from mnist_tui.tui.cli.output import say, say_error
from mnist_tui.tui.terminal.hangup import silence
from mnist_tui.tui.terminal.logs import log_file
from mnist_tui.tui.terminal.signals import raise_interrupts

Training = Callable[[Control], Generator[Event, None, None]]


def train(training: Training, runs_dir: Path, *, tensorboard: bool = False) -> int:
    """Start a training in the background and print how to follow it.

    Args:
        training: returns the events of the training; called in the new process.
        runs_dir: the folder that contains the run, which may not exist yet.
        tensorboard: whether to write the curves for TensorBoard too.

    Returns:
        0 once the training has started, else the exit code of the failure.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    raise_interrupts()
    reading, writing = os.pipe()
    child = os.fork()  # safe: no thread has been started and torch is not imported
    if child == 0:
        os.close(reading)
        _work(training, runs_dir, writing, tensorboard=tensorboard)
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as messages:
            return _relay(messages, child)
    except KeyboardInterrupt:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        raise


def _relay(messages: IO[str], child: int) -> int:
    """Print the messages of the new process until its training has started or failed."""
    for line in messages:
        message = json.loads(line)
        if "run" in message:
            say(f"{message['run']} is training in the background as process {child}")
            say(f"to follow it:  mnist-tui attach {message['run']}")
            return 0
        if "status" in message:
            say_error(f"mnist-tui: {message['error']}")
            return int(message["status"])
        say(message["progress"])
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        say_error(f"mnist-tui: the background process failed before training; see {log_file()}")
    return code if code >= 0 else 128 - code


def _work(training: Training, runs_dir: Path, writing: int, *, tensorboard: bool) -> None:
    """Train in this process, then exit."""
    from mnist_tui.engine.runs.tensorboard import recorded
    from mnist_tui.tui.cli.plain import print_events

    status = 1
    try:
        os.setsid()
        for fd in (0, 1, 2):
            silence(fd)
        control = Control()
        with os.fdopen(writing, "w", encoding="utf-8") as messages:
            events = training(control)
            events = recorded(events, lambda run: runs_dir / run) if tensorboard else events
            status = print_events(_report_start(events, runs_dir, messages), control, json=False)
    except MnistTuiError as error:
        status = error.exit_code
    except BaseException:
        logging.getLogger(__name__).exception("unexpected error in a background training")
    finally:
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(status)


def _report_start(
    events: Generator[Event, None, None], runs_dir: Path, messages: IO[str]
) -> Generator[Event, None, None]:
    """Report the start of the training to the parent process; redirect later output to the run's log."""

    def send(**message: object) -> None:
        with contextlib.suppress(OSError, ValueError):  # the parent process may have exited
            print(json.dumps(message), file=messages, flush=True)

    download = ""
    try:
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, RunStarted):
                    _redirect_output(runs_dir / event.run / "log.txt")
                    send(run=event.run)
                    with contextlib.suppress(OSError):
                        messages.close()
                elif isinstance(event, Phase) and event.name == "download" and download != event.detail:
                    download = event.detail
                    send(progress=f"downloading {event.detail}")
                yield event
    except MnistTuiError as error:
        send(status=error.exit_code, error=" ".join(str(error).split()))
        raise


def _redirect_output(path: Path) -> None:
    """Append stdout and stderr to the file."""
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK  # a pipe must not wait for its reader
        log = os.open(path, flags, 0o666)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)

"""Running the console from the first frame to the process's end, whatever ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mnist_tui.tui.app import LEAVE_SECONDS, MnistTui
from mnist_tui.tui.render.texts import printable
from mnist_tui.tui.speed import garbage, priority
from mnist_tui.tui.speed.driver import Terminal
from mnist_tui.tui.terminal import stray_output
from mnist_tui.tui.terminal.hangup import detach_from_terminal
from mnist_tui.tui.terminal.logs import thread_failures
from mnist_tui.tui.terminal.signals import stop_on_signals

if TYPE_CHECKING:
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.tui.state.training_thread import TrainingThread


def show(data_dir: str | None, runs_dir: Path, attached: RunFolder | None = None) -> NoReturn:
    """Open the console, and end the process with its exit code."""
    garbage.pause()  # until the first frame is there
    priority.shorten_turns()
    end_now(run(MnistTui(data_dir=data_dir, runs_dir=runs_dir, attached=attached, driver_class=Terminal)))


@thread_failures()
def run(app: MnistTui) -> int:
    """Show the console until it is left.

    Where the terminal went away, or the screen failed, a training goes on to its end before this returns.

    Returns:
        The process's exit code.
    """
    # Not asyncio.run: it would wait for every computation of the views that is still under way.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(priority.pool())
    with stray_output.redirected():
        status = app.run(loop=loop)
    training = app.training.thread
    if app.hung_up or app.fault is not None:
        if training is not None:
            return _train_on(app, training, loop)
        _leave_terminal(app)
        # A signal that came while the screen went down may have ended the training already.
        return (app.left_with or 128 + signal.SIGHUP) if app.hung_up else 1
    if training is not None and training.is_alive():  # it takes its time to save
        training.control.stop()
        training.join(LEAVE_SECONDS if status is None else 0.0)
    return app.return_code or status or 0


def _train_on(app: MnistTui, training: TrainingThread, loop: asyncio.AbstractEventLoop) -> int:
    """Wait for the end of a training whose screen is gone; gives the exit code."""
    with stop_on_signals(training.control) as caught:
        _leave_terminal(app)  # only here, because it says that ctrl+c saves
        # A signal that came while the screen went down still waits in the loop for its handler.
        loop.run_until_complete(asyncio.sleep(0.01))
        while training.is_alive():
            training.join(1.0)
    ended = [128 + number for number in caught if number != signal.SIGHUP]
    return next(iter(ended), app.left_with or int(training.failed or not app.hung_up))


def _leave_terminal(app: MnistTui) -> None:
    """Let go of a terminal that is gone; in one that is there, say that the screen failed."""
    if app.hung_up:
        detach_from_terminal()
    else:
        _tell_fault(app)


def _tell_fault(app: MnistTui) -> None:
    """Say that the screen failed, where it stood, and what becomes of the training."""
    error = app.fault
    logging.getLogger(__name__).error("the screen failed", exc_info=error)
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    words = [f"mnist-tui: the screen failed ({type(error).__name__}: {error}), which is a bug in mnist-tui"]
    if app.training.is_running:
        words.append("the training continues: mnist-tui attach shows it, ctrl+c saves and stops it")
    for line in words:
        print(printable(" ".join(line.split()), 400), file=sys.stderr, flush=True)


def end_now(status: int) -> NoReturn:
    """End the process without waiting for threads that still compute."""
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(status)

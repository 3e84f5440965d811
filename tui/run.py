"""Running the console from the first frame to the process's end, whatever ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from textual.drivers.linux_driver import LinuxDriver

from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.render.words import printable
from mnist_tui.tui.speed import priority
from mnist_tui.tui.state.training import LEAVE_SECONDS
from mnist_tui.tui.terminal import stray_output
from mnist_tui.tui.terminal.hangup import let_go_of_the_terminal
from mnist_tui.tui.terminal.logs import thread_failures
from mnist_tui.tui.terminal.signals import saving_on_signals

if TYPE_CHECKING:
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.tui.state.training_thread import TrainingThread

SWITCH_SECONDS = 0.001
"""A thread that computes in Python lets the screen have its turn after so long; Python's own 5 ms add up in a frame."""


class Terminal(LinuxDriver):
    """Textual's driver, which neither blocks nor fails where the terminal is gone."""

    def write(self, data: str) -> None:
        # The queue of a thread that died of writing is emptied by nobody, and whoever fills it waits for ever.
        if self._writer_thread is None or self._writer_thread.is_alive():
            super().write(data)

    def close(self) -> None:
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().close()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:  # reading a terminal that is gone
            app = self._app
            assert isinstance(app, MnistTui)
            app.call_later(app.hang_up)


def show(data_dir: str | None, runs_dir: Path, attached: RunFolder | None = None) -> NoReturn:
    """Open the console, and end the process with its exit code."""
    gc.disable()  # until the first frame is there: nothing of what starts up is garbage
    sys.setswitchinterval(SWITCH_SECONDS)
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
    with stray_output.caught():
        status = app.run(loop=loop)
    training = app.training
    if app.hung_up or app._exception is not None:
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
    with saving_on_signals(training.control) as caught:
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
        let_go_of_the_terminal()
    else:
        _tell_fault(app)


def _tell_fault(app: MnistTui) -> None:
    """Say that the screen failed, where it stood, and what becomes of the training."""
    error = app._exception
    logging.getLogger(__name__).error("the screen failed", exc_info=error)
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    words = [f"mnist-tui: the screen failed ({type(error).__name__}: {error}), which is a fault of mnist-tui"]
    if app.training is not None:
        words.append("the training goes on: mnist-tui attach shows it, ctrl+c saves and stops it")
    for line in words:
        print(printable(" ".join(line.split()), 400), file=sys.stderr, flush=True)


def end_now(status: int) -> NoReturn:
    """End the process without waiting for threads that still compute."""
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(status)

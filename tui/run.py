"""Run the console, and finish a training in the background if the terminal or the screen fails."""

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
from mnist_tui.tui.state import preferences
from mnist_tui.tui.state.preferences import Place
from mnist_tui.tui.terminal import stray_output
from mnist_tui.tui.terminal.hangup import detach_from_terminal
from mnist_tui.tui.terminal.logs import thread_failures
from mnist_tui.tui.terminal.signals import stop_on_signals

if TYPE_CHECKING:
    from mnist_tui.engine.runs.folder import RunFolder
    from mnist_tui.tui.state.training_thread import TrainingThread

NEED_NO_RUN = ("data", "runs")
"""Views that show something without a run; the others are opened with the last one."""


def show(data_dir: str | None, runs_dir: Path, attached: RunFolder | None = None) -> NoReturn:
    """Run the console and exit with its exit code."""
    garbage.pause()  # until the first frame
    priority.shorten_turns()
    last = preferences.load_last()
    place = Place() if attached is not None else last.place(runs_dir)
    opened = attached or _stored_run(runs_dir, place.run)
    app = MnistTui(
        data_dir=data_dir,
        runs_dir=runs_dir,
        attached=opened,
        view=place.view if opened is not None or place.view in NEED_NO_RUN else "",
        theme=last.theme,
        driver_class=Terminal,
    )
    status = run(app)
    if app.fault is None and not app.hung_up:
        shown = app.scrubber.folder.name if app.scrubber.folder is not None else ""
        preferences.save_last(last.updated(app.theme, runs_dir, Place(app.current_mode, shown)))
    end(app, status)


def end(app: MnistTui, status: int) -> NoReturn:
    """Exit, or continue the training in the background if this was chosen at quitting."""
    if app.training.handover is not None and app.exit_status is None:
        app.training.handover.proceed()
    end_now(status)


def _stored_run(runs_dir: Path, name: str) -> RunFolder | None:
    """Return a run by the name of its folder; None if it no longer exists."""
    if not name or Path(name).name != name or "\0" in name:
        return None
    from mnist_tui.engine.runs.folder import RunFolder, is_run

    path = runs_dir / name  # not by listing the folder, which may hold thousands of runs
    return RunFolder(path) if is_run(path) else None


@thread_failures()
def run(app: MnistTui) -> int:
    """Run the console until it is left, and return the exit code.

    If the terminal is closed or the screen fails, a training is completed before this returns.
    """
    # Not asyncio.run, which would wait for all running computations of the views.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(priority.pool())
    with stray_output.redirected():
        status = app.run(loop=loop)
    training = app.training.thread
    if app.hung_up or app.fault is not None:
        if training is not None:
            return _finish_training(app, training, loop)
        _leave_terminal(app)
        # A signal during the shutdown may have ended the training already.
        return (app.exit_status or 128 + signal.SIGHUP) if app.hung_up else 1
    if training is not None and training.is_alive():  # it is still saving
        training.control.stop()
        training.join(LEAVE_SECONDS if status is None else 0.0)
    return app.return_code or status or 0


def _finish_training(app: MnistTui, training: TrainingThread, loop: asyncio.AbstractEventLoop) -> int:
    """Wait for the end of a training without a screen, and return the exit code."""
    with stop_on_signals(training.control) as caught:
        _leave_terminal(app)  # after the handlers are installed, because it announces ctrl+c
        # Let the loop handle signals that arrived during the shutdown.
        loop.run_until_complete(asyncio.sleep(0.01))
        while training.is_alive():
            training.join(1.0)
    statuses = [128 + number for number in caught if number != signal.SIGHUP]
    return next(iter(statuses), app.exit_status or int(training.failed or not app.hung_up))


def _leave_terminal(app: MnistTui) -> None:
    """Detach from a closed terminal, or print an error message if the screen failed."""
    if app.hung_up:
        detach_from_terminal()
    else:
        _print_failure(app)


def _print_failure(app: MnistTui) -> None:
    """Print and log that the screen failed, and what happens to the training."""
    error = app.fault
    logging.getLogger(__name__).error("the screen failed", exc_info=error)
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    lines = [f"mnist-tui: the screen failed ({type(error).__name__}: {error}), which is a bug in mnist-tui"]
    if app.training.is_running:
        lines.append("the training continues: mnist-tui attach shows it, ctrl+c saves and stops it")
    for line in lines:
        print(printable(" ".join(line.split()), 400), file=sys.stderr, flush=True)


def end_now(status: int) -> NoReturn:
    """Exit without waiting for running threads."""
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(status)

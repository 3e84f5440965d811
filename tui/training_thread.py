"""The thread that trains while the screen lives on."""

from __future__ import annotations

import threading
from pathlib import Path

from textual.message_pump import MessagePump

from engine.config import RunConfig
from engine.control import Control
from tui.messages import EngineEvent, TrainingEnded


class TrainingThread(threading.Thread):
    """Trains `config` and posts what it says to `target`.

    A daemon thread with a control of its own: leaving the console never waits for a download or a stuck device.
    """

    def __init__(self, target: MessagePump, config: RunConfig, runs_dir: Path, data_dir: str | None, name: str) -> None:
        super().__init__(name="training", daemon=True)
        self.config = config
        self.control = Control()
        self._target, self._runs_dir, self._data_dir, self._run_name = target, runs_dir, data_dir, name

    def run(self) -> None:
        error: Exception | None = None
        try:
            from engine.session import start

            for event in start(
                self.config, self._runs_dir, data_dir=self._data_dir, name=self._run_name, control=self.control
            ):
                self._target.post_message(EngineEvent(event))
        except Exception as failure:
            error = failure
        self._target.post_message(TrainingEnded(error))

"""Writes the curves of a run as TensorBoard event files to its folder."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import math
from collections.abc import Callable, Generator
from pathlib import Path

from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Event, Notice, Progress, RunFinished, RunStarted, Test
from mnist_tui.engine.runs.folder import RunFolder

FOLDER = "tensorboard"


def check() -> None:
    """Raise `ConfigError` if TensorBoard is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        problem = "--tensorboard needs the package tensorboard: pip install tensorboard"
        raise ConfigError({"tensorboard": problem})


def recorded(events: Generator[Event, None, None], folder_of: Callable[[str], Path]) -> Generator[Event, None, None]:
    """Forward the events of a training and write its curves to the folder `tensorboard` in the run folder.

    If they cannot be written, one notice is yielded and training continues without them.

    Args:
        folder_of: Returns the run folder for the name of the run.
    """
    writer: _Curves | None = None
    try:
        for event in events:
            try:
                if isinstance(event, RunStarted) and event.run:
                    writer = _Curves(event, RunFolder(folder_of(event.run)))
                elif writer is not None:
                    writer.add(event)
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                words = f"curves for TensorBoard can't be stored ({reason}): training continues without them"
                logging.getLogger(__name__).warning(words)
                _close(writer)
                writer = None
                yield Notice(words)
            yield event
    finally:
        _close(writer)


def _close(writer: _Curves | None) -> None:
    if writer is not None:
        with contextlib.suppress(OSError):  # everything that could be written was flushed with the last event
            writer.close()


class _Curves:
    """Writes the values of events; the step is the epoch, or the number of batches for curves within the epochs.

    Each step is written once, though a resumed run repeats a part of what an earlier process had written: TensorBoard
    would draw a line back to it.
    """

    def __init__(self, started: RunStarted, folder: RunFolder) -> None:
        from torch.utils.tensorboard import SummaryWriter

        place = folder.path / FOLDER
        written_before = place.exists()
        self._writer = SummaryWriter(str(place))
        self._writer.add_text("config", f"```\n{json.dumps(started.config, indent=1)}\n```")
        self._last_step: dict[str, int] = {}
        """The last step of each curve."""
        if started.epoch > 1 or started.batch:
            for event in folder.events():
                self.add(event, write=not written_before)

    def add(self, event: Event, *, write: bool = True) -> None:
        """Add the values of an event; without `write` they are only noted as written."""
        match event:
            case Progress():
                # The points end at the current batch; only the last group of an epoch may be incomplete.
                complete = event.batch == event.batches
                last = math.ceil(event.batch / event.group) if complete else event.batch // event.group
                first = last - len(event.losses)
                for place, (loss, acc) in enumerate(zip(event.losses, event.accs, strict=True), first + 1):
                    step = (event.epoch - 1) * event.batches + min(place * event.group, event.batches)
                    self._add({"batches/loss": loss, "batches/accuracy": acc}, step, write=write)
            case Epoch(complete=True):  # a part of an epoch is written once the epoch is complete
                training = {"loss/training": event.train_loss, "accuracy/training": event.train_acc}
                validation = {"loss/validation": event.valid_loss, "accuracy/validation": event.valid_acc}
                self._add(training | validation, event.epoch, write=write)
                self._writer.flush()
            case Test(complete=True):
                self._add({"test/loss": event.loss, "test/accuracy": event.acc}, event.epoch, write=write)
            case RunFinished():
                self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def _add(self, values: dict[str, float], step: int, *, write: bool) -> None:
        for name, value in values.items():
            if step > self._last_step.get(name, -1):
                self._last_step[name] = step
                if write:
                    self._writer.add_scalar(name, value, step)

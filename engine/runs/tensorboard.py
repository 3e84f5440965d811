"""Writes the curves of a run as TensorBoard event files to its folder."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import math
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Event, Notice, Progress, RunFinished, RunStarted, Test

if TYPE_CHECKING:  # imports torch
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"


def check() -> None:
    """Raise `ConfigError` if TensorBoard is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        problem = "--tensorboard needs the package tensorboard: pip install tensorboard"
        raise ConfigError({"tensorboard": problem})


def recorded(events: Generator[Event, None, None], runs_dir: Path) -> Generator[Event, None, None]:
    """Forward the events of a training and write its curves to the folder `tensorboard` in the run folder.

    If they cannot be written, one notice is yielded and training continues without them.
    """
    writer: SummaryWriter | None = None
    try:
        for event in events:
            try:
                if isinstance(event, RunStarted) and event.run:
                    writer = _open(event, runs_dir)
                if writer is not None:
                    _write(writer, event)
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


def _open(started: RunStarted, runs_dir: Path) -> SummaryWriter:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(runs_dir / started.run / FOLDER))
    writer.add_text("config", f"```\n{json.dumps(started.config, indent=1)}\n```")
    return writer


def _close(writer: SummaryWriter | None) -> None:
    if writer is not None:
        with contextlib.suppress(OSError):  # everything that could be written was flushed with the last event
            writer.close()


def _write(writer: SummaryWriter, event: Event) -> None:
    """Write the values of an event; the step is the epoch, or the number of batches for curves within the epochs."""
    match event:
        case Progress():
            # The points end at the current batch; only the last group of an epoch may be incomplete.
            complete = event.batch == event.batches
            last = math.ceil(event.batch / event.group) if complete else event.batch // event.group
            first = last - len(event.losses)
            for place, (loss, acc) in enumerate(zip(event.losses, event.accs, strict=True), first + 1):
                step = (event.epoch - 1) * event.batches + min(place * event.group, event.batches)
                writer.add_scalar("batches/loss", loss, step)
                writer.add_scalar("batches/accuracy", acc, step)
        case Epoch():
            writer.add_scalar("loss/training", event.train_loss, event.epoch)
            writer.add_scalar("loss/validation", event.valid_loss, event.epoch)
            writer.add_scalar("accuracy/training", event.train_acc, event.epoch)
            writer.add_scalar("accuracy/validation", event.valid_acc, event.epoch)
            writer.flush()
        case Test():
            writer.add_scalar("test/loss", event.loss, event.epoch)
            writer.add_scalar("test/accuracy", event.acc, event.epoch)
        case RunFinished():
            writer.flush()

"""A run's curves as TensorBoard's event files, written by torch's own writer beside the run's other files."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.events import Epoch, Event, Progress, RunStarted, Test

if TYPE_CHECKING:  # it loads torch
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"


def check() -> None:
    """Raises `ConfigError` where TensorBoard is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        problem = "--tensorboard needs the package tensorboard: pip install tensorboard"
        raise ConfigError({"tensorboard": problem})


def recorded(events: Generator[Event, None, None], runs_dir: Path) -> Generator[Event, None, None]:
    """Pass on a training's events, and write its curves into the run's folder, `tensorboard`."""
    writer: SummaryWriter | None = None
    try:
        for event in events:
            if isinstance(event, RunStarted) and event.run:
                from torch.utils.tensorboard import SummaryWriter

                writer = SummaryWriter(str(runs_dir / event.run / FOLDER))
                writer.add_text("config", f"```\n{json.dumps(event.config, indent=1)}\n```")
            if writer is not None:
                _write(writer, event)
            yield event
    finally:
        if writer is not None:
            writer.close()


def _write(writer: SummaryWriter, event: Event) -> None:
    """One event's numbers; steps are epochs, and batches since the start within the epochs."""
    match event:
        case Progress():
            # Its points end where it stands; only an epoch's last point may stand for fewer batches than a group.
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

"""A run's curves as TensorBoard's event files, written by torch's own writer beside the run's other files."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
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
        problem = (
            "--tensorboard needs the package tensorboard: pip install tensorboard, or install mnist-tui[tensorboard]"
        )
        raise ConfigError({"tensorboard": problem})


def recorded(events: Iterator[Event], runs_dir: Path) -> Iterator[Event]:
    """Pass on a training's events, and write its curves into the run's folder, `tensorboard`."""
    writer: SummaryWriter | None = None
    groups: Counter[int] = Counter()
    try:
        for event in events:
            if isinstance(event, RunStarted) and event.run:
                from torch.utils.tensorboard import SummaryWriter

                writer = SummaryWriter(str(runs_dir / event.run / FOLDER))
                writer.add_text("config", f"```\n{json.dumps(event.config, indent=1)}\n```")
            if writer is not None:
                _write(writer, event, groups)
            yield event
    finally:
        if writer is not None:
            writer.close()


def _write(writer: SummaryWriter, event: Event, groups: Counter[int]) -> None:
    """One event's numbers; steps are epochs, and batches since the start within the epochs.

    Args:
        groups: counts each epoch's points within.
    """
    match event:
        case Progress():
            for loss, acc in zip(event.losses, event.accs, strict=True):
                groups[event.epoch] += 1
                step = (event.epoch - 1) * event.batches + min(groups[event.epoch] * event.group, event.batches)
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

"""A whole run: get the data, make the run folder, train, and store every event on its way to whoever watches."""

from __future__ import annotations

import logging
from collections.abc import Generator
from pathlib import Path

from engine.config import RunConfig
from engine.control import Control
from engine.data.dataset import Dataset
from engine.data.folder import data_folder, is_explicit
from engine.data.loading import load
from engine.errors import Cancelled
from engine.events import Event, RunFinished
from engine.runs import RunWriter, check_name, check_runs_folder

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start(
    config: RunConfig,
    runs_dir: Path,
    *,
    data_dir: str | None = None,
    name: str = "",
    control: Control | None = None,
) -> Generator[Event, None, None]:
    """Run `config` from nothing to the end.

    Args:
        runs_dir: where the new run folder is made.
        data_dir: where the data set lies or is downloaded to; None for the environment's or the cache folder.
        name: the run's name behind the time; the recipe's where it is empty.
        control: pauses or stops it; a stop before training began leaves no run behind.

    Yields:
        The phases of getting the data, then what `engine.train.train` says, each stored before it is yielded.

    Raises `ConfigError` for a name or folder that can't be used, `DataError` where the data can't be had. A failure
    after the run folder was made is stored as its last event.
    """
    control = control or Control()
    name = name or config.recipe
    check_name(name)
    check_runs_folder(runs_dir)
    folder = data_folder(data_dir)
    try:
        dataset = yield from load(
            config.dataset, folder, explicit_folder=is_explicit(data_dir), cancelled=lambda: control.stopping
        )
    except Cancelled:
        yield RunFinished("", "stopped", 0.0, "stopped before training began: there was nothing to keep")
        return
    # Imported here: to refuse a wrong name or a missing data set takes no torch.
    from engine.devices import choose

    choose(config.device)  # raises before there is a run folder
    facts = {"dataset": dataset.name, "data_dir": str(folder), "mean": dataset.mean, "std": dataset.std}
    writer = RunWriter(runs_dir, name, config, facts)
    try:
        yield from _recorded(config, dataset, control, writer)
    finally:
        writer.close()


def _recorded(config: RunConfig, dataset: Dataset, control: Control, writer: RunWriter) -> Generator[Event, None, None]:
    from engine.train import train

    log = logging.FileHandler(writer.folder.path / "log.txt", delay=True, encoding="utf-8")
    log.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.getLogger().addHandler(log)
    finished = False
    try:
        for event in train(config, dataset, control, run=writer.folder.name, save=writer.save_weights):
            finished = isinstance(event, RunFinished)
            writer.append(event)
            yield event
    except Exception as error:
        logging.getLogger(__name__).exception("the training failed")
        writer.append(RunFinished(writer.folder.name, "failed", 0.0, str(error) or type(error).__name__))
        finished = True
        raise
    finally:
        if not finished:  # whoever watched went away
            writer.append(RunFinished(writer.folder.name, "stopped", 0.0, "nobody took its events any more"))
        logging.getLogger().removeHandler(log)
        log.close()

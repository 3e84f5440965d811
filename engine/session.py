"""A whole run: get the data, make the run folder, train, and store every event on its way to whoever watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_tui.engine import events
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.folder import data_folder, is_explicit
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.errors import Cancelled, ConfigError, DataError, MnistTuiError, RunError, TrainingError
from mnist_tui.engine.events import Epoch, Event, Notice, RunFinished
from mnist_tui.engine.runs import log_file
from mnist_tui.engine.runs.folder import RunFolder, check_runs_folder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.names import check_name
from mnist_tui.engine.runs.remote import Listener
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training.control import Control

if TYPE_CHECKING:
    from mnist_tui.engine.training.state import TrainingState

MAX_REASON = 300
"""Characters of somebody else's error that are worth reading on a screen; the log has it all."""


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
        The phases of getting the data, then what `engine.training.loop.train` says, each stored before it is yielded,
        and notices where something can't be stored.

    Raises `ConfigError` for a name or folder that can't be used, `DataError` where the data can't be had. A failure
    after the run folder was made is stored as its last event and raised as a `TrainingError`.
    """
    control = control or Control()
    name = name or config.recipe
    check_name(name)
    check_runs_folder(runs_dir)
    dataset = yield from _load(config.dataset, data_dir, control)
    if dataset is None:
        yield RunFinished("", "stopped", 0.0, "stopped before training began: there was nothing to keep")
        return
    # Imported here: to refuse a wrong name or a missing data set takes no torch.
    from mnist_tui.engine.hardware.devices import choose

    choose(config.device)  # raises before there is a run folder
    facts = {"dataset": dataset.name, "data_dir": str(data_folder(data_dir)), "mean": dataset.mean, "std": dataset.std}
    writer = RunWriter.create(runs_dir, name, config, facts)
    try:
        yield from _recorded(config, dataset, control, writer, None)
    finally:
        writer.close()


def resume(
    folder: RunFolder, *, data_dir: str | None = None, control: Control | None = None, **changes: Any
) -> Generator[Event, None, None]:
    """Go on with a run that was stopped, that died, or that gets more epochs.

    On the CPU with the same threads all that comes is what an uninterrupted run would have said, bit for bit.

    Args:
        changes: new values of the configuration: `epochs` in all, `device`, `threads`.

    Yields:
        As `start` does; the run's earlier events are not told again.

    Raises `ConfigError` where nothing is left to train or a change can't be, `RunError` where the run can't be read
    or another process writes it, `DataError` where the data can't be had or is not what the run began with.
    """
    control = control or Control()
    config, manifest = folder.manifest()
    config = replace(config, **changes)
    writer = RunWriter.reopen(folder)
    try:
        state = folder.state()
        history = History.of(folder.events(progress=False))
        if state is None and history.epochs:
            raise RunError(f"{folder.name} has no state to go on from: train anew with its settings")
        if "threads" not in changes:
            config = _with_its_threads(config, state)
        _check(folder, config, state, history)
        dataset = yield from _load(str(manifest.get("dataset")), data_dir, control)
        if dataset is None:
            yield RunFinished(folder.name, "stopped", 0.0, "stopped before training went on")
            return
        if (dataset.mean, dataset.std) != (manifest.get("mean"), manifest.get("std")):
            raise DataError(f"{dataset.title} here is not what {folder.name} was trained on: name its --data-dir")
        if history.started and not dataset.note:  # such as why digits stand in for MNIST
            dataset = replace(dataset, note=history.started.note)
        writer.record_resumption(config, *((state.epoch, state.batch) if state else (1, 0)))
        if state and (epoch := _untold(state, history)):
            writer.append(epoch)
            yield epoch
        yield from _recorded(config, dataset, control, writer, state)
    finally:
        writer.close()


def _load(name: str, data_dir: str | None, control: Control) -> Generator[Event, None, Dataset | None]:
    """Get the data set; None where a stop came first."""
    try:
        return (
            yield from load(
                name, data_folder(data_dir), explicit_folder=is_explicit(data_dir), cancelled=lambda: control.stopping
            )
        )
    except Cancelled:
        return None


def _with_its_threads(config: RunConfig, state: TrainingState | None) -> RunConfig:
    """The configuration with as many threads as the run was given before, where this machine has them."""
    from mnist_tui.engine.hardware.devices import available_cores

    if config.threads or state is None or state.threads > available_cores():
        return config
    return replace(config, threads=state.threads)


def _check(folder: RunFolder, config: RunConfig, state: TrainingState | None, history: History) -> None:
    """Refuse what can't be gone on with, before anything of the run is touched."""
    from mnist_tui.engine.hardware.devices import choose
    from mnist_tui.engine.training.loop import check_state

    if state is not None:
        done = state.epoch - 1
        complete = history.finished is not None and history.finished.status == "completed"
        needed = state.epoch if state.batch or complete else done
        if config.epochs < needed:
            problem = f"{folder.name} has trained {done} epochs: --epochs {needed} or more in all goes on"
            raise ConfigError({"epochs": problem})
        try:
            check_state(state, config)
        except (ValueError, KeyError, IndexError, TypeError, RuntimeError) as error:
            words = "is not one of the configured network: train anew with its settings"
            raise RunError(f"{folder.state_file} {words}") from error
    choose(config.device)


def _untold(state: TrainingState, history: History) -> Epoch | None:
    """The last epoch's event, where the process was killed between saving its state and writing the event."""
    event = events.from_json(state.told)
    if not isinstance(event, Epoch) or event.epoch != state.epoch - 1:
        return None
    return None if event in [replace(epoch, stored=True) for epoch in history.epochs] else event


def _recorded(
    config: RunConfig, dataset: Dataset, control: Control, writer: RunWriter, state: TrainingState | None
) -> Generator[Event, None, None]:
    from mnist_tui.engine.training.loop import train

    run = writer.folder.name
    log = log_file.CalmFile(writer.folder.path / "log.txt")
    logging.getLogger().addHandler(log)
    listener = Listener(writer.folder.path, control)
    began = time.perf_counter() - (state.seconds if state else 0.0)
    finished = False
    try:
        trained = train(
            config, dataset, control, run=run, save=writer.save_weights, state=state, save_state=writer.save_state
        )
        for event in _with_notices(trained, writer):
            finished = isinstance(event, RunFinished)
            yield event
    except Exception as error:
        logging.getLogger(__name__).exception("the training failed")
        reason = explain(error)
        writer.append(RunFinished(run, "failed", time.perf_counter() - began, reason))
        finished = True
        if isinstance(error, MnistTuiError):
            raise
        raise TrainingError(f"the training failed: {reason}") from error
    finally:
        if not finished:  # whoever watched went away
            seconds = time.perf_counter() - began
            writer.append(RunFinished(run, "stopped", seconds, "nobody took its events any more"))
        listener.close()
        logging.getLogger().removeHandler(log)
        log.close()


def _with_notices(trained: Iterator[Event], writer: RunWriter) -> Iterator[Event]:
    """Store each event, and say where something can't be stored; nothing is told of the run behind its end."""
    for event in trained:
        if isinstance(event, RunFinished):
            writer.try_again()
        yield from _noticed(writer)
        told = _truly(event, writer)
        writer.append(told)
        if isinstance(told, RunFinished):
            told = _truly(told, writer)
            yield from _noticed(writer)
        yield told


def _truly(event: Event, writer: RunWriter) -> Event:
    """The event as it is where something of it could not be stored."""
    if isinstance(event, Epoch) and writer.waits(event.epoch):
        return replace(event, stored=False)
    if isinstance(event, RunFinished) and writer.trouble and event.stored:
        return replace(event, reason=event.reason or writer.trouble, stored=False)
    return event


def _noticed(writer: RunWriter) -> Iterator[Notice]:
    for words in writer.take_notices():
        logging.getLogger(__name__).warning(words)
        writer.append(Notice(words))
        yield Notice(words)


def explain(error: Exception) -> str:
    """Why a training failed, in words that name a way out where there is one."""
    import torch

    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        where = "the GPU" if isinstance(error, torch.cuda.OutOfMemoryError) else "this machine"
        return f"{where} has too little memory left: free some, or train with a smaller --batch-size or --hidden"
    if isinstance(error, RuntimeError) and ("CUDA error" in text or "MPS" in text):
        return f"the device was lost ({text[:MAX_REASON]}): go on with --resume when it is back, or with --device cpu"
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"

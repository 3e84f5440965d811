"""A complete run: load the data, create the run folder, train, and store every event before it is yielded."""

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
from mnist_tui.engine.errors import Cancelled, ConfigError, MnistTuiError, RunError, TrainingError
from mnist_tui.engine.events import Epoch, Event, Notice, RunFinished
from mnist_tui.engine.hardware.failures import known_cause, one_line, shortened
from mnist_tui.engine.runs import log_file
from mnist_tui.engine.runs.folder import RunFolder, check_runs_folder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.names import check_name
from mnist_tui.engine.runs.remote import Listener
from mnist_tui.engine.runs.same_data import check_digest, other_data, recorded_dataset
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training.control import Control

if TYPE_CHECKING:
    from mnist_tui.engine.training.state import TrainingState


def start(
    config: RunConfig,
    runs_dir: Path,
    *,
    data_dir: str | None = None,
    name: str = "",
    control: Control | None = None,
) -> Generator[Event, None, None]:
    """Start a new run of `config` and train it to the end.

    Args:
        runs_dir: Folder in which the run folder is created.
        data_dir: Folder that contains the data set or to download it to; None for the one named by the environment,
            else the cache folder.
        name: The part of the run's name after the timestamp; the recipe's name if empty.
        control: Pauses or stops the training; a stop before the first batch leaves no run folder.

    Yields:
        The phases of loading the data, then the events of `engine.training.loop.train`, each stored before it is
        yielded, and a notice whenever something cannot be stored.

    Raises:
        ConfigError: The name or a folder cannot be used.
        DataError: The data set is unavailable.
        TrainingError: Training failed; the failure is also stored as the run's last event.
    """
    control = control or Control()
    name = name or config.recipe
    check_name(name)
    check_runs_folder(runs_dir)
    dataset = yield from _load_dataset(config.dataset, data_dir, control)
    if dataset is None:
        yield RunFinished("", "stopped", 0.0, "stopped before training began; there was nothing to save")
        return
    # Imported here so that a wrong name or a missing data set is reported without waiting for torch.
    from mnist_tui.engine.hardware.devices import choose

    choose(config.device)  # fails before the run folder is created
    facts = {
        "dataset": dataset.name,
        "data_dir": str(data_folder(data_dir)),
        "sha256": dataset.digest,
        "mean": dataset.mean,
        "std": dataset.std,
    }
    writer = RunWriter.create(runs_dir, name, config, facts)
    try:
        yield from _train_and_record(config, dataset, control, writer, None)
    finally:
        writer.close()


def resume(
    folder: RunFolder, *, data_dir: str | None = None, control: Control | None = None, **changes: Any
) -> Generator[Event, None, None]:
    """Resume a run that was stopped or killed, or extend a completed one.

    On the CPU with the same number of threads, the result is bit-identical to that of an uninterrupted run.

    Args:
        changes: New values for settings that may change on resume (`Setting.on_resume`).

    Yields:
        The same events as `start`; earlier events of the run are not repeated.

    Raises:
        ConfigError: Nothing is left to train, or a change is invalid.
        RunError: The run cannot be read, or another process is writing it.
        DataError: The data set is unavailable or differs from the one the run was trained on.
        TrainingError: Training failed; the failure is also stored as the run's last event.
    """
    control = control or Control()
    config, manifest = folder.manifest()
    config = replace(config, **changes)
    writer = RunWriter.reopen(folder)
    try:
        state = folder.state()
        history = History.of(folder.events(progress=False))
        if state is None and history.epochs:
            raise RunError(f"{folder.name} has no saved state to resume from: start a new run with the same settings")
        if "threads" not in changes:
            config = _keep_thread_count(config, state)
        _check_resumable(folder, config, state, history)
        dataset = yield from _load_dataset(recorded_dataset(folder, manifest), data_dir, control)
        if dataset is None:
            yield RunFinished(folder.name, "stopped", 0.0, "stopped before training resumed")
            return
        if "sha256" not in manifest and (dataset.mean, dataset.std) != (manifest.get("mean"), manifest.get("std")):
            raise other_data(folder, dataset)  # the run was started by an older version
        check_digest(folder, manifest, dataset)
        if history.started and not dataset.note:  # such as the reason why digits replace MNIST
            dataset = replace(dataset, note=history.started.note)
        position = (state.epoch, state.batch) if state else (1, 0)
        discarded = _discarded_best(position[0], history)
        writer.record_resumption(config, *position, discarded)
        if discarded is not None:
            yield _record_notice(_discarded_label(discarded), writer)
        if state and (epoch := _missing_epoch_event(state, history)):
            writer.append(epoch)
            yield epoch
        yield from _train_and_record(config, dataset, control, writer, state)
    finally:
        writer.close()


def _load_dataset(name: str, data_dir: str | None, control: Control) -> Generator[Event, None, Dataset | None]:
    """Load the data set; return None if a stop was requested first."""
    try:
        return (
            yield from load(
                name, data_folder(data_dir), explicit_folder=is_explicit(data_dir), cancelled=lambda: control.stopping
            )
        )
    except Cancelled:
        return None


def _keep_thread_count(config: RunConfig, state: TrainingState | None) -> RunConfig:
    """Return `config` with the thread count of the earlier training, unless set explicitly or unavailable here."""
    from mnist_tui.engine.hardware.devices import available_cores

    if config.threads or state is None or state.threads > available_cores():
        return config
    return replace(config, threads=state.threads)


def _check_resumable(folder: RunFolder, config: RunConfig, state: TrainingState | None, history: History) -> None:
    """Raise an error if the run cannot be resumed with `config`; nothing of the run has been changed by then."""
    from mnist_tui.engine.hardware.devices import choose
    from mnist_tui.engine.training.loop import check_state

    if state is not None:
        done = state.epoch - 1
        complete = history.finished is not None and history.finished.status == "completed"
        needed = state.epoch if state.batch or complete else done
        if config.epochs < needed:
            problem = f"{folder.name} has trained {done} epochs: resume it with --epochs {needed} or more"
            raise ConfigError({"epochs": problem})
        try:
            check_state(state, config)
        except (ValueError, KeyError, IndexError, TypeError, RuntimeError) as error:
            words = "does not match the configured network: start a new run with the same settings"
            raise RunError(f"{folder.state_file} {words}") from error
    choose(config.device)


def _discarded_best(first: int, history: History) -> Epoch | None:
    """Return the partial epoch that was marked as the best and is trained to its end from epoch `first` on."""
    partial = (epoch for epoch in history.epochs if epoch.best and not epoch.complete and epoch.epoch >= first)
    return next(partial, None)


def _discarded_label(epoch: Epoch) -> str:
    return (
        f"epoch {epoch.epoch} was the best so far, but partial: its validation loss {epoch.valid_loss:.4f} and its "
        "test result are discarded, and it is trained to its end"
    )


def _missing_epoch_event(state: TrainingState, history: History) -> Epoch | None:
    """Return the last epoch's event if a crash came after its state was saved and before its event was written."""
    event = events.from_json(state.told)
    if not isinstance(event, Epoch) or event.epoch != state.epoch - 1:
        return None
    return None if event in [replace(epoch, stored=True) for epoch in history.epochs] else event


def _train_and_record(
    config: RunConfig, dataset: Dataset, control: Control, writer: RunWriter, state: TrainingState | None
) -> Generator[Event, None, None]:
    """Train, store the events and forward them; log to the run folder and accept remote control meanwhile."""
    from mnist_tui.engine.training.loop import train

    run = writer.folder.name
    log = log_file.BoundedLogFile(writer.folder.path / "log.txt")
    logging.getLogger().addHandler(log)
    listener = Listener(writer.folder.path, control)
    started_at = time.perf_counter() - (state.seconds if state else 0.0)
    finished = False
    try:
        training_events = train(
            config, dataset, control, run=run, save=writer.save_weights, state=state, save_state=writer.save_state
        )
        for event in _record(training_events, writer):
            finished = isinstance(event, RunFinished)
            yield event
    except Exception as error:
        logging.getLogger(__name__).exception("the training failed")
        reason = explain(error)
        writer.append(RunFinished(run, "failed", time.perf_counter() - started_at, reason))
        finished = True
        if isinstance(error, MnistTuiError):
            raise
        raise TrainingError(f"the training failed: {reason}") from error
    finally:
        if not finished:  # the consumer closed the generator
            seconds = time.perf_counter() - started_at
            writer.append(RunFinished(run, "stopped", seconds, "interrupted before it finished"))
        listener.close()
        logging.getLogger().removeHandler(log)
        log.close()


def _record(training_events: Iterator[Event], writer: RunWriter) -> Iterator[Event]:
    """Store and forward each event, with a notice for each storage problem; `RunFinished` always comes last."""
    for event in training_events:
        if isinstance(event, RunFinished):
            writer.retry_pending()
        yield from _record_notices(writer)
        recorded = _with_storage_status(event, writer)
        writer.append(recorded)
        if isinstance(recorded, RunFinished):
            recorded = _with_storage_status(recorded, writer)
            yield from _record_notices(writer)
        yield recorded


def _with_storage_status(event: Event, writer: RunWriter) -> Event:
    """Return the event, marked as not stored if part of it could not be written to the disk."""
    if isinstance(event, Epoch) and writer.is_pending(event.epoch):
        return replace(event, stored=False)
    if isinstance(event, RunFinished) and writer.failure and event.stored:
        return replace(event, reason=event.reason or writer.failure, stored=False)
    return event


def _record_notices(writer: RunWriter) -> Iterator[Notice]:
    """Log, store and yield the pending notices of the writer."""
    for words in writer.take_notices():
        logging.getLogger(__name__).warning(words)
        yield _record_notice(words, writer)


def _record_notice(words: str, writer: RunWriter) -> Notice:
    notice = Notice(words)
    writer.append(notice)
    return notice


def explain(error: Exception) -> str:
    """Return the reason why training failed, as one line, with a remedy if one is known."""
    return known_cause(error, ", or use a smaller --batch-size or --hidden") or shortened(one_line(error))

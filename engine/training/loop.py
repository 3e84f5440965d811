"""The training loop: a generator of events. It waits for the device only to report progress and results."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.events import Epoch, Event, Phase, RunFinished, RunStarted, Status, Test, to_json
from mnist_tui.engine.hardware import devices
from mnist_tui.engine.training.batches import TrainingBatches, seed_for
from mnist_tui.engine.training.control import Control
from mnist_tui.engine.training.cpu_threads import choose_threads
from mnist_tui.engine.training.cuda_graphs import make_steps
from mnist_tui.engine.training.evaluate import measure
from mnist_tui.engine.training.model import MLP, initialized, uninitialized
from mnist_tui.engine.training.schedule import learning_rate
from mnist_tui.engine.training.state import Tensors, TrainingState, check_weights
from mnist_tui.engine.training.step import Step
from mnist_tui.engine.training.tally import Tally

REPORT_SECONDS = 0.1
"""Minimum interval between two `progress` events, in seconds."""
EMPTY = torch.zeros(0, dtype=torch.float64)


def train(
    config: RunConfig,
    dataset: Dataset,
    control: Control | None = None,
    *,
    run: str = "",
    save: Callable[[int, Tensors], None] = lambda epoch, weights: None,
    state: TrainingState | None = None,
    save_state: Callable[[TrainingState], None] = lambda state: None,
) -> Iterator[Event]:
    """Train a new network or resume an interrupted training, then test it.

    Every epoch trains on all training images in a new order, then evaluates the validation images. At the end the
    weights of the complete epoch with the lowest validation loss are restored and evaluated once on the test images. A
    non-finite loss ends the training as failed, after testing the best weights so far.

    Args:
        config: The training's configuration.
        dataset: The images, on the host.
        control: Pauses or stops the training between batches.
        run: The run's name, included in events.
        save: Called with each epoch's weights before its event is yielded; epoch 0 is the untrained network.
        state: State of an earlier training to resume, with identical results.
        save_state: Called with the training state before the first batch, after every epoch before its event is
            yielded, and when the training is paused or stopped within an epoch.

    Yields:
        `RunStarted`, then phases, progress and epochs, then `Test` and finally `RunFinished`.

    Raises:
        ConfigError: The configured device is not available.
        ValueError: `state` belongs to another network.
    """
    return _Training(config, dataset, control or Control(), run, save, state, save_state).events()


def check_state(state: TrainingState, config: RunConfig) -> None:
    """Raise `ValueError` if the state does not belong to the configured network and optimizer."""
    model = uninitialized(config.layer_sizes)
    _make_step(model, config).restore(state.learner)
    check_weights(state.best_weights, model.state_dict())


class _Training:
    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        control: Control,
        run: str,
        save: Callable[[int, Tensors], None],
        state: TrainingState | None,
        save_state: Callable[[TrainingState], None],
    ) -> None:
        self.config, self.dataset, self.control, self.run, self.save = config, dataset, control, run, save
        self.resumed, self.save_state = state, save_state
        self.best_loss = float("inf")
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] = {}
        self.last_epoch_event = ""
        self.paused_seconds = 0.0
        self.partial = 0
        """The epoch that was stopped early; 0 if none was."""

    def events(self) -> Iterator[Event]:
        resumed = self.resumed
        self.started_at = time.perf_counter() - (resumed.seconds if resumed else 0.0)
        yield Phase("warm-up", "initializing the device")
        self.device, device_name, device_note = devices.prepare(self.config, choose_threads)
        self._load()
        if resumed:
            self._restore(resumed)
        first = resumed.epoch if resumed else 1
        yield RunStarted(
            run=self.run,
            config=self.config.to_json(),
            dataset=self.dataset.name,
            device=device_name,
            parameters=sum(parameter.numel() for parameter in self.model.parameters()),
            train_examples=len(self.batches.labels),
            valid_examples=len(self.valid[0]),
            test_examples=len(self.test[0]),
            mean=self.dataset.mean,
            std=self.dataset.std,
            time=time.time(),
            note=self.dataset.note,
            device_note=device_note,
            epoch=first,
            batch=resumed.batch if resumed else 0,
            elapsed=resumed.seconds if resumed else 0.0,
        )
        if not resumed:
            self._save_weights(0)
            self._save_state(1)
        yield Phase("train")
        status: Status = "completed"
        reason = ""
        epoch = first - 1  # if no epoch is left
        for epoch in range(first, self.config.epochs + 1):
            result = yield from self._epoch(epoch)
            if result is not None:
                yield result
                if not np.isfinite(result.train_loss) or not np.isfinite(result.valid_loss):
                    status = "failed"
                    reason = f"the loss was not finite in epoch {epoch}: try a lower learning rate"
                    break
            if self.control.stopping:
                status = "stopped"
                break
        yield Phase("test")
        yield self._test(f"{status} in epoch {epoch}")
        yield RunFinished(self.run, status, time.perf_counter() - self.started_at, reason)

    def _load(self) -> None:
        """Copy the data set to the device, and create the network and its training steps."""
        config, dataset, device = self.config, self.dataset, self.device
        train_indices, valid_indices = dataset.split(config.seed, config.valid_fraction)

        def to_device(images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
            # Wrapping the read-only arrays would cause a warning; indexing copies them, so torch.tensor may be used.
            return torch.tensor(images, device=device), torch.tensor(labels, dtype=torch.int64, device=device)

        images, labels = to_device(dataset.images[train_indices], dataset.labels[train_indices])
        self.batches = TrainingBatches(images, labels, dataset.mean, dataset.std, config)
        self.valid = to_device(dataset.images[valid_indices], dataset.labels[valid_indices])
        self.test = to_device(dataset.test_images, dataset.test_labels)
        self.model = initialized(config.layer_sizes, seed_for(config.seed, 0)).to(device)
        self.step = _make_step(self.model, config)
        self.steps = make_steps(self.step, config.batch_size)

    def _restore(self, state: TrainingState) -> None:
        """Restore parameters, optimizer and the best weights; raise `ValueError` if the state is invalid."""
        if state.batch and state.batch >= len(self.batches):
            raise ValueError("its position is after the end of the epoch")
        self.step.restore(state.learner)
        self.best_loss, self.best_epoch, self.last_epoch_event = state.best_loss, state.best_epoch, state.told
        self.best_weights = {name: tensor.to(self.device) for name, tensor in state.best_weights.items()}

    def _save_state(self, epoch: int, tally: Tally | None = None) -> None:
        """Save the training state, either before an epoch or within the one counted by `tally`."""
        batch, losses, correct = tally.reported_batches() if tally else (0, EMPTY, EMPTY)
        if not torch.isfinite(losses).all():
            return  # keep the previous state, the last valid one
        now = time.perf_counter()
        self.save_state(
            TrainingState(
                epoch=epoch,
                batch=batch,
                learner=self.step.state(),
                losses=losses,
                correct=correct,
                epoch_seconds=now - self.epoch_started_at - self.paused_seconds if tally else 0.0,
                seconds=now - self.started_at,
                best_epoch=self.best_epoch,
                best_loss=self.best_loss,
                best_weights={name: tensor.detach().cpu().clone() for name, tensor in self.best_weights.items()},
                threads=torch.get_num_threads(),
                told=self.last_epoch_event,
            )
        )

    def _epoch(self, epoch: int) -> Generator[Event, None, Epoch | None]:
        """Train and validate one epoch.

        Returns:
            Its event, or None if the training was stopped before its first batch.
        """
        control, steps = self.control, self.steps
        sizes = self.batches.sizes()
        rates = self._rates(epoch, len(sizes))
        tally = Tally(epoch, sizes)
        self.epoch_started_at = time.perf_counter()
        self.paused_seconds = 0.0
        resumed = self.resumed
        if resumed and resumed.epoch == epoch:
            tally.restore(resumed.losses, resumed.correct)
            self.epoch_started_at -= resumed.epoch_seconds
        report_at = time.perf_counter() + REPORT_SECONDS
        for x, y in self.batches.epoch(epoch, first=tally.batch, group_size=steps.group_size):
            if control.paused:
                yield from self._pause(tally)
                report_at = time.perf_counter() + REPORT_SECONDS
            if control.stopping:
                break
            batches = math.ceil(len(x) / self.config.batch_size)
            tally.add(steps(x, y, rates[tally.batch : tally.batch + batches]), y, batches)
            if time.perf_counter() >= report_at:
                yield tally.progress()
                report_at = time.perf_counter() + REPORT_SECONDS
        if tally.batch == 0:
            return None
        if tally.unreported:
            yield tally.progress()
        complete = tally.batch == len(sizes)
        if not complete:
            self._save_state(epoch, tally)
        train_loss, train_acc = tally.means()
        valid_loss, correct = measure(self.model, *self.valid, self.dataset.mean, self.dataset.std)
        # Its length depends on when it was stopped, and resuming replaces it.
        is_candidate = complete or self.best_epoch == 0
        best = is_candidate and valid_loss < self.best_loss
        if best:
            self.best_loss = valid_loss
        self.partial = 0 if complete else epoch
        self._save_weights(epoch, best=best)
        event = Epoch(
            epoch=epoch,
            train_loss=train_loss,
            train_acc=train_acc,
            valid_loss=valid_loss,
            valid_acc=correct / len(self.valid[0]),
            seconds=time.perf_counter() - self.epoch_started_at - self.paused_seconds,
            best=best,
            complete=complete,
            trained=tally.batch / len(sizes),
        )
        if complete and np.isfinite(train_loss) and np.isfinite(valid_loss):
            self.last_epoch_event = to_json(event)
            self._save_state(epoch + 1)
        return event

    def _rates(self, epoch: int, batches: int) -> list[float]:
        """Return the learning rate for every step of an epoch."""
        config, first = self.config, (epoch - 1) * batches
        steps = range(first, first + batches)
        return [learning_rate(config.schedule, config.lr, step, batches * config.epochs) for step in steps]

    def _pause(self, tally: Tally) -> Iterator[Event]:
        """Report progress, save the state and wait until the training is resumed or stopped."""
        if tally.unreported:
            yield tally.progress()
        if tally.batch:
            self._save_state(tally.epoch, tally)
        yield Phase("paused")
        started_at = time.perf_counter()
        self.control.wait()
        pause_seconds = time.perf_counter() - started_at
        self.paused_seconds += pause_seconds
        self.started_at += pause_seconds
        tally.reported_at += pause_seconds
        yield Phase("train")

    def _save_weights(self, epoch: int, *, best: bool = True) -> None:
        """Save the weights, and keep a copy if they are the best so far."""
        # Cloned because steps change the parameters in place; the parameters are views of one tensor.
        weights = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.save(epoch, weights)
        if best:
            self.best_epoch, self.best_weights = epoch, weights

    def _test(self, reason: str) -> Test:
        """Restore the best weights and evaluate them on the test images."""
        self.model.load_state_dict(self.best_weights)
        loss, correct = measure(self.model, *self.test, self.dataset.mean, self.dataset.std)
        total = len(self.test[0])
        return Test(self.best_epoch, loss, correct / total, correct, total, reason, self.best_epoch != self.partial)


def _make_step(model: MLP, config: RunConfig) -> Step:
    return Step(model, config.optimizer, decay=config.weight_decay)

"""The training loop: an iterator of events, and the one place that waits for the device."""

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
from mnist_tui.engine.training.model import MLP, initial, unset
from mnist_tui.engine.training.schedule import learning_rate
from mnist_tui.engine.training.state import Tensors, TrainingState, check_weights
from mnist_tui.engine.training.step import Step
from mnist_tui.engine.training.tally import Tally

REPORT_SECONDS = 0.1
"""At least this long between two `progress` events."""
NOTHING = torch.zeros(0, dtype=torch.float64)


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
    """Train a new network, or one that was interrupted, and measure it once on the test images.

    Every epoch trains on all training images in a new order, then measures the validation images. The weights of the
    lowest validation loss are loaded again at the end, and only then are the test images measured. A loss that is not
    finite ends the training as failed, after the test of what was best until then.

    Args:
        config: what to train.
        dataset: its images, on the host.
        control: pauses or stops the training between two batches.
        run: the name that the events carry.
        save: is given each epoch's weights, epoch 0 being the untrained network, before its event comes.
        state: where an earlier training stood; this one goes on from there to the same numbers.
        save_state: is given where the training stands: before the first batch, after every epoch before its event
            comes, and where it is paused or stopped in the middle of one.

    Yields:
        `RunStarted`, then phases, progress and epochs, `Test`, and at the end `RunFinished`.

    Raises `ConfigError` where the configured device is not there, ValueError where `state` is another network's.
    """
    return _Training(config, dataset, control or Control(), run, save, state, save_state).events()


def check_state(state: TrainingState, config: RunConfig) -> None:
    """Raises ValueError where the state is not one of this configuration's network and optimiser."""
    model = unset(config.layer_sizes)
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
        self.told = ""
        self.paused_seconds = 0.0

    def events(self) -> Iterator[Event]:
        resumed = self.resumed
        self.began = time.perf_counter() - (resumed.seconds if resumed else 0.0)
        yield Phase("warm-up", "waking the device")
        self.device, device_name = devices.prepare(self.config, choose_threads)
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
            epoch=first,
            batch=resumed.batch if resumed else 0,
            elapsed=resumed.seconds if resumed else 0.0,
        )
        if not resumed:
            self._keep(0)
            self._save_state(1)
        yield Phase("train")
        status: Status = "completed"
        reason = ""
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
        yield self._test()
        yield RunFinished(self.run, status, time.perf_counter() - self.began, reason)

    def _load(self) -> None:
        """Bring the data set to the device, build the network and make ready to train it."""
        config, dataset, device = self.config, self.dataset, self.device
        train_indices, valid_indices = dataset.split(config.seed, config.valid_fraction)

        def to_device(images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
            # torch can't wrap the data set's read-only arrays without a warning; indexing copies, so it need not.
            return torch.tensor(images, device=device), torch.tensor(labels, dtype=torch.int64, device=device)

        images, labels = to_device(dataset.images[train_indices], dataset.labels[train_indices])
        self.batches = TrainingBatches(images, labels, dataset.mean, dataset.std, config)
        self.valid = to_device(dataset.images[valid_indices], dataset.labels[valid_indices])
        self.test = to_device(dataset.test_images, dataset.test_labels)
        self.model = initial(config.layer_sizes, seed_for(config.seed, 0)).to(device)
        self.step = _make_step(self.model, config)
        self.steps = make_steps(self.step, config.batch_size)

    def _restore(self, state: TrainingState) -> None:
        if state.batch and state.batch >= len(self.batches):
            raise ValueError("it stands behind the end of its epoch")
        self.step.restore(state.learner)
        self.best_loss, self.best_epoch, self.told = state.best_loss, state.best_epoch, state.told
        self.best_weights = {name: tensor.to(self.device) for name, tensor in state.best_weights.items()}

    def _save_state(self, epoch: int, tally: Tally | None = None) -> None:
        """Hand over where the training stands: before an epoch, or within the one that `tally` counts."""
        batch, losses, correct = tally.counted() if tally else (0, NOTHING, NOTHING)
        if not torch.isfinite(losses).all():
            return  # the state before it is the last good one
        now = time.perf_counter()
        self.save_state(
            TrainingState(
                epoch=epoch,
                batch=batch,
                learner=self.step.state(),
                losses=losses,
                correct=correct,
                epoch_seconds=now - self.epoch_began - self.paused_seconds if tally else 0.0,
                seconds=now - self.began,
                best_epoch=self.best_epoch,
                best_loss=self.best_loss,
                best_weights={name: tensor.detach().cpu().clone() for name, tensor in self.best_weights.items()},
                threads=torch.get_num_threads(),
                told=self.told,
            )
        )

    def _epoch(self, epoch: int) -> Generator[Event, None, Epoch | None]:
        """Train and validate one epoch.

        Returns:
            Its event; None where a stop came before its first batch.
        """
        control, steps = self.control, self.steps
        sizes = self.batches.sizes()
        rates = self._rates(epoch, len(sizes))
        tally = Tally(epoch, sizes)
        self.epoch_began = time.perf_counter()
        self.paused_seconds = 0.0
        resumed = self.resumed
        if resumed and resumed.epoch == epoch:
            tally.restore(resumed.losses, resumed.correct)
            self.epoch_began -= resumed.epoch_seconds
        report_at = time.perf_counter() + REPORT_SECONDS
        for x, y in self.batches.epoch(epoch, first=tally.batch, together=steps.together):
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
        best = valid_loss < self.best_loss
        if best:
            self.best_loss = valid_loss
        self._keep(epoch, best=best)
        event = Epoch(
            epoch=epoch,
            train_loss=train_loss,
            train_acc=train_acc,
            valid_loss=valid_loss,
            valid_acc=correct / len(self.valid[0]),
            seconds=time.perf_counter() - self.epoch_began - self.paused_seconds,
            best=best,
            complete=complete,
        )
        if complete and np.isfinite(train_loss) and np.isfinite(valid_loss):
            self.told = to_json(event)
            self._save_state(epoch + 1)
        return event

    def _rates(self, epoch: int, batches: int) -> list[float]:
        """The learning rate of every step of an epoch."""
        config, first = self.config, (epoch - 1) * batches
        steps = range(first, first + batches)
        return [learning_rate(config.schedule, config.lr, step, batches * config.epochs) for step in steps]

    def _pause(self, tally: Tally) -> Iterator[Event]:
        if tally.unreported:
            yield tally.progress()
        if tally.batch:
            self._save_state(tally.epoch, tally)
        yield Phase("paused")
        began = time.perf_counter()
        self.control.wait()
        waited = time.perf_counter() - began
        self.paused_seconds += waited
        tally.reported_at += waited
        yield Phase("train")

    def _keep(self, epoch: int, *, best: bool = True) -> None:
        """Save the weights, and remember them where they are the best yet."""
        # Copies: the step changes the parameters in place, and they all lie in one piece of memory.
        weights = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.save(epoch, weights)
        if best:
            self.best_epoch, self.best_weights = epoch, weights

    def _test(self) -> Test:
        self.model.load_state_dict(self.best_weights)
        loss, correct = measure(self.model, *self.test, self.dataset.mean, self.dataset.std)
        total = len(self.test[0])
        return Test(self.best_epoch, loss, correct / total, correct, total)


def _make_step(model: MLP, config: RunConfig) -> Step:
    return Step(model, config.optimizer, decay=config.weight_decay)

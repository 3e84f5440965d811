"""Training: its events in order, its counts exact, its first step in closed form."""

import re
import resource
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.loop import train
from tests.helpers import QUICK, STILL, answers, groups_of, judged, noise_dataset, of_kind, run_training

LETTERS = {RunStarted: "s", Phase: "p", Progress: "g", Epoch: "e", Test: "t", RunFinished: "f"}


class TestEvents:
    def test_order(self, noise, every_batch):
        events = run_training(QUICK, noise).events
        assert re.fullmatch("psp(g+e){3}ptf", "".join(LETTERS[type(event)] for event in events))
        assert [phase.name for phase in of_kind(events, Phase)] == ["warm-up", "train", "test"]
        assert [epoch.epoch for epoch in of_kind(events, Epoch)] == [1, 2, 3]

    def test_run_started(self, noise):
        (started,) = of_kind(run_training(QUICK, noise).events, RunStarted)
        assert (started.run, started.dataset, started.note) == ("a-run", "noise", "")
        assert started.config == QUICK.to_json()
        assert started.parameters == 785 * 16 + 17 * 10
        assert (started.train_examples, started.valid_examples, started.test_examples) == (207, 23, 60)
        scaled = noise.images / 255
        assert (started.mean, started.std) == pytest.approx((scaled.mean(), scaled.std()), rel=1e-12)

    def test_note_of_the_data_set(self):
        dataset = load_digits_dataset("stands in")
        (started,) = of_kind(run_training(replace(QUICK, epochs=1), dataset).events, RunStarted)
        assert started.note == "stands in"

    def test_run_finished(self, noise):
        events = run_training(QUICK, noise).events
        assert (events[-1].run, events[-1].status, events[-1].reason) == ("a-run", "completed", "")
        assert events[-1].seconds > sum(epoch.seconds for epoch in of_kind(events, Epoch))

    def test_nothing_runs_before_the_first_next(self, noise):
        saved = []
        next(iter(train(QUICK, noise, save=lambda epoch, _: saved.append(epoch))))
        assert saved == []

    def test_weights_are_saved_before_the_event_comes(self, noise):
        saved = []
        for event in train(QUICK, noise, save=lambda epoch, _: saved.append(epoch)):
            if isinstance(event, Epoch):
                assert saved == list(range(event.epoch + 1))
        assert saved == [0, 1, 2, 3]

    @pytest.mark.parametrize(("threads", "words"), [(1, "1 thread"), (2, "2 threads")])
    def test_threads(self, noise, threads, words):
        before = torch.get_num_threads()
        try:
            (started,) = of_kind(run_training(replace(QUICK, epochs=1, threads=threads), noise).events, RunStarted)
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
        assert started.device.endswith(f", {words}")

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
    def test_device_that_is_not_there(self, noise):
        with pytest.raises(ConfigError, match=r"--device cuda is not available here, since .*: choose auto or .*cpu"):
            list(train(replace(QUICK, device="cuda"), noise))


class TestCounts:
    def test_accuracy_counts_examples(self, noise):
        # 207 training images are 6 batches of 32 and one of 15.
        for epoch in of_kind(run_training(QUICK, noise).events, Epoch):
            assert epoch.train_acc * 207 == pytest.approx(round(epoch.train_acc * 207), abs=1e-9)
            assert epoch.valid_acc * 23 == pytest.approx(round(epoch.valid_acc * 23), abs=1e-9)

    def test_epoch_is_the_mean_over_examples(self, noise):
        # With a rate too small to change anything, the epoch's figures are those of the untrained network on all
        # training images; the notebook's mean over the 4 batches, 3 of 60 and one of 27, is another number.
        config = replace(STILL, epochs=1, batch_size=60, optimizer="sgd", lr=1e-12)
        training = run_training(config, noise)
        (epoch,) = of_kind(training.events, Epoch)
        indices, _ = noise.split(config.seed, config.valid_fraction)
        logits = answers(training.weights[0], noise.images[indices], noise.mean, noise.std)
        loss, correct = judged(logits, noise.labels[indices])
        assert epoch.train_loss == pytest.approx(loss, abs=1e-6)
        assert epoch.train_acc == correct / 207

    def test_each_batch_weighs_as_much_as_its_examples(self, every_batch):
        # 101 images in batches of 50, 50 and 1. The batches' own losses come from the progress: before the second one
        # the mean is that of the first, and so on; a plain mean of the three differs clearly.
        dataset = noise_dataset(112)
        config = replace(STILL, epochs=1, batch_size=50, valid_fraction=0.1)
        events = run_training(config, dataset).events
        progress, (epoch,) = of_kind(events, Progress), of_kind(events, Epoch)
        losses = np.array([event.losses for event in progress])[:, 0]
        assert losses.shape == (3,)
        assert epoch.train_loss == pytest.approx(losses @ [50, 50, 1] / 101, abs=1e-5)
        assert abs(losses.mean() - epoch.train_loss) > 1e-3
        assert progress[1].loss == pytest.approx(losses[:2].mean(), abs=1e-5)

    @pytest.mark.parametrize("seconds", [0.0, 0.003, 1000.0])
    @pytest.mark.parametrize("batch_size", [1, 2, 4, 60, 210, 1000])
    def test_fine_curve_tiles_the_epoch(self, monkeypatch, seconds, batch_size):
        # 210 batches of one in groups of four and 105 of two in groups of two: both end with a short group.
        monkeypatch.setattr(loop, "REPORT_SECONDS", seconds)
        config = replace(STILL, epochs=2, batch_size=batch_size)
        events = run_training(config, noise_dataset(233)).events
        sizes = np.array([len(piece) for piece in np.split(np.arange(210), range(batch_size, 210, batch_size))])
        for epoch in of_kind(events, Epoch):
            progress = [event for event in of_kind(events, Progress) if event.epoch == epoch.epoch]
            losses, accs, weights = groups_of(progress, sizes)
            assert len(losses) == len(accs) == len(weights)
            assert weights.sum() == 210
            # Each point is rounded to five digits.
            assert losses @ weights / 210 == pytest.approx(epoch.train_loss, abs=5.1e-6)
            assert accs @ weights / 210 == pytest.approx(epoch.train_acc, abs=5.1e-6)

    def test_fine_curve_has_few_points(self, noise):
        # 207 batches are not 207 points.
        progress = of_kind(run_training(replace(STILL, batch_size=1, epochs=1), noise).events, Progress)
        assert 30 <= sum(len(event.losses) for event in progress) <= 120

    def test_progress(self, noise, every_batch):
        events = run_training(QUICK, noise).events
        for number, epoch in enumerate(of_kind(events, Epoch), 1):
            progress = [event for event in of_kind(events, Progress) if event.epoch == number]
            assert [event.batch for event in progress] == [1, 2, 3, 4, 5, 6, 7]
            assert {event.batches for event in progress} == {7}
            assert progress[-1].loss == epoch.train_loss
            assert progress[-1].acc == epoch.train_acc
            assert all(event.examples_per_second > 0 for event in progress)

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process holds")
    def test_memory_is_that_of_the_process(self, noise):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        for event in of_kind(run_training(QUICK, noise).events, Progress):
            assert 0.1 * peak < event.memory < 1.5 * peak

    def test_every_epoch_ends_with_its_progress(self, noise, monkeypatch):
        # Progress on the epoch's last batches is reported, however rare the reports are.
        monkeypatch.setattr(loop, "REPORT_SECONDS", 1000.0)
        progress = of_kind(run_training(QUICK, noise).events, Progress)
        assert [(event.epoch, event.batch) for event in progress] == [(1, 7), (2, 7), (3, 7)]

    def test_validation_and_test_images_are_not_augmented(self, noise):
        # Not augmented, though the validation images are part of the training set.
        config = replace(QUICK, rotation=30.0, shift=4)
        training = run_training(config, noise)
        _, indices = noise.split(config.seed, config.valid_fraction)
        for epoch in of_kind(training.events, Epoch):
            logits = answers(training.weights[epoch.epoch], noise.images[indices], noise.mean, noise.std)
            loss, correct = judged(logits, noise.labels[indices])
            assert epoch.valid_loss == pytest.approx(loss, rel=1e-5)
            assert epoch.valid_acc == correct / 23

    def test_training_images_are_augmented(self, noise):
        # Where nothing is learned, the loss on turned images is another than on the images themselves.
        config = replace(QUICK, epochs=1, optimizer="sgd", lr=1e-12)
        still = replace(config, rotation=0.0, shift=0)
        turned, straight = (of_kind(run_training(c, noise).events, Epoch)[0] for c in (config, still))
        assert abs(turned.train_loss - straight.train_loss) > 1e-3
        assert turned.valid_loss == pytest.approx(straight.valid_loss, abs=1e-6)


class TestFirstStep:
    """One batch of everything, so that an epoch is one step, which has a closed form."""

    @pytest.mark.parametrize(
        ("optimizer", "step"),
        [
            ("adam", lambda w, g: w - 0.01 * g / (g.abs() + 1e-8)),
            # Decoupled weight decay of 0.01, torch's default.
            ("adamw", lambda w, g: w * (1 - 0.01 * 0.01) - 0.01 * g / (g.abs() + 1e-8)),
            # Nesterov: the gradient and 0.9 of the first momentum, which is the gradient.
            ("sgd", lambda w, g: w - 0.01 * 1.9 * g),
            # alpha = 0.99: the running mean of squares begins with a hundredth of the first.
            ("rmsprop", lambda w, g: w - 0.01 * g / (0.1 * g.abs() + 1e-8)),
        ],
    )
    def test_closed_form(self, noise, optimizer, step):
        config = replace(STILL, epochs=1, batch_size=1000, optimizer=optimizer, lr=0.01)
        weights = run_training(config, noise).weights
        indices, _ = noise.split(config.seed, config.valid_fraction)
        x = torch.tensor((noise.images[indices].reshape(207, 784) / 255 - noise.mean) / noise.std)
        y = torch.tensor(noise.labels[indices], dtype=torch.int64)
        before = {name: tensor.double().requires_grad_() for name, tensor in weights[0].items()}
        hidden = torch.relu(x @ before["input_fc.weight"].T + before["input_fc.bias"])
        logits = hidden @ before["output_fc.weight"].T + before["output_fc.bias"]
        torch.nn.functional.cross_entropy(logits, y).backward()
        for name, tensor in before.items():
            expected = step(tensor.detach(), tensor.grad)
            # Where a gradient is nearly nothing, its sign is a matter of rounding.
            firm = tensor.grad.abs() > 1e-6
            assert firm.any()
            torch.testing.assert_close(weights[1][name].double()[firm], expected[firm], rtol=0, atol=2e-5)

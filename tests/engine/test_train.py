"""Training: its events in order, its counts exact, and the same run from the same seed."""

import queue
import re
import resource
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from mnist_tui.engine.training.loop import train
from tests.helpers import HANG, QUICK, answers, groups_of, judged, noise_dataset, of_kind, run_training, timeless

STILL = replace(QUICK, rotation=0.0, shift=0)
LETTERS = {RunStarted: "s", Phase: "p", Progress: "g", Epoch: "e", Test: "t", RunFinished: "f"}


@pytest.fixture
def noise():
    return noise_dataset()


@pytest.fixture
def every_batch(monkeypatch):
    """Progress after every batch, so that a test can act at a certain one."""
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)


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

    def test_nothing_happens_before_somebody_asks(self, noise):
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
        with pytest.raises(ConfigError, match=r"--device cuda is not available here: choose auto or one of .*cpu"):
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
    def test_memory_is_the_processs_own(self, noise):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        for event in of_kind(run_training(QUICK, noise).events, Progress):
            assert 0.1 * peak < event.memory < 1.5 * peak

    def test_every_epoch_ends_with_its_progress(self, noise, monkeypatch):
        # However seldom it reports, the last word on the epoch's batches comes.
        monkeypatch.setattr(loop, "REPORT_SECONDS", 1000.0)
        progress = of_kind(run_training(QUICK, noise).events, Progress)
        assert [(event.epoch, event.batch) for event in progress] == [(1, 7), (2, 7), (3, 7)]

    def test_validation_and_test_are_measured_as_they_are(self, noise):
        # Neither turned nor shifted, though the validation images come out of the training set.
        config = replace(QUICK, rotation=30.0, shift=4)
        training = run_training(config, noise)
        _, indices = noise.split(config.seed, config.valid_fraction)
        for epoch in of_kind(training.events, Epoch):
            logits = answers(training.weights[epoch.epoch], noise.images[indices], noise.mean, noise.std)
            loss, correct = judged(logits, noise.labels[indices])
            assert epoch.valid_loss == pytest.approx(loss, rel=1e-5)
            assert epoch.valid_acc == correct / 23

    def test_training_images_are_turned(self, noise):
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


class TestSameRun:
    def test_same_seed(self, noise):
        torch.manual_seed(1)
        once = run_training(QUICK, noise)
        torch.manual_seed(2)
        np.random.seed(3)
        again = run_training(QUICK, noise)
        assert timeless(once.events) == timeless(again.events)
        assert of_kind(once.events, Test) == of_kind(again.events, Test)
        for epoch in range(4):
            for name, tensor in once.weights[epoch].items():
                assert torch.equal(tensor, again.weights[epoch][name])

    def test_other_seed(self, noise):
        once, other = run_training(QUICK, noise), run_training(replace(QUICK, seed=4321), noise)
        assert not torch.equal(once.weights[0]["input_fc.weight"], other.weights[0]["input_fc.weight"])
        for a, b in zip(timeless(once.events), timeless(other.events), strict=True):
            assert a.train_loss != b.train_loss

    def test_how_often_it_reports_changes_nothing(self, noise, monkeypatch):
        once = run_training(QUICK, noise)
        monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
        assert timeless(run_training(QUICK, noise).events) == timeless(once.events)

    def test_more_epochs_begin_the_same(self, noise):
        longer = run_training(replace(QUICK, epochs=5), noise)
        assert timeless(longer.events)[:3] == timeless(run_training(QUICK, noise).events)

    def test_others_that_draw_while_it_begins_change_nothing(self, noise, monkeypatch):
        # Views build networks in their threads; torch's own generator is everybody's.
        once = run_training(QUICK, noise)
        own = torch.nn.Linear.reset_parameters

        def disturbed(layer):
            torch.rand(1)
            own(layer)

        monkeypatch.setattr(torch.nn.Linear, "reset_parameters", disturbed)
        again = run_training(QUICK, noise)
        for name, tensor in once.weights[0].items():
            assert torch.equal(tensor, again.weights[0][name])

    def test_torchs_own_random_state_is_left_alone(self, noise):
        torch.manual_seed(1)
        state = torch.random.get_rng_state()
        run_training(QUICK, noise)
        assert torch.equal(torch.random.get_rng_state(), state)


class TestBestWeights:
    def test_loaded_again_before_the_test(self, noise):
        # Random labels are memorised, and the validation loss rises: the last epoch is not the best.
        config = replace(STILL, epochs=12, hidden=(64,), lr=0.003)
        training = run_training(config, noise)
        epochs, (test,) = of_kind(training.events, Epoch), of_kind(training.events, Test)
        losses = [epoch.valid_loss for epoch in epochs]
        best = int(np.argmin(losses)) + 1
        assert best < len(epochs)
        assert test.epoch == best

        def measured(epoch):
            logits = answers(training.weights[epoch], noise.test_images, noise.mean, noise.std)
            return judged(logits, noise.test_labels)

        loss, correct = measured(best)
        assert test.loss == pytest.approx(loss, rel=1e-5)
        assert (test.correct, test.total, test.acc) == (correct, 60, correct / 60)
        assert abs(measured(len(epochs))[0] - loss) > 0.01

    def test_best_is_the_lowest_validation_loss_so_far(self, noise):
        epochs = of_kind(run_training(replace(STILL, epochs=12, hidden=(64,), lr=0.02), noise).events, Epoch)
        losses = [epoch.valid_loss for epoch in epochs]
        expected = [loss < min(losses[:i], default=float("inf")) for i, loss in enumerate(losses)]
        assert [epoch.best for epoch in epochs] == expected
        assert False in expected

    def test_test_images_play_no_part_in_training(self, noise):
        other = replace(noise, test_images=255 - noise.test_images, test_labels=(noise.test_labels + 1) % 10)
        once, again = run_training(QUICK, noise), run_training(QUICK, other)
        assert timeless(once.events) == timeless(again.events)
        assert of_kind(once.events, Test) != of_kind(again.events, Test)


class TestStop:
    def test_in_the_first_epoch_keeps_its_part(self, noise, every_batch):
        control, events, saved = Control(), [], []
        for event in train(QUICK, noise, control, save=lambda epoch, _: saved.append(epoch)):
            events.append(event)
            if isinstance(event, Progress) and event.batch == 3:
                control.stop()
        (epoch,) = of_kind(events, Epoch)
        assert (epoch.epoch, epoch.complete, epoch.best) == (1, False, True)
        # Counted over the three batches that were seen.
        assert epoch.train_acc * 96 == pytest.approx(round(epoch.train_acc * 96), abs=1e-9)
        assert epoch.train_loss == of_kind(events, Progress)[-1].loss
        assert saved == [0, 1]
        (test,) = of_kind(events, Test)
        assert (test.epoch, test.total) == (1, 60)
        assert events[-1].status == "stopped"

    def test_cut_short_epoch_is_tested_with_its_own_weights(self, noise, every_batch):
        control, weights = Control(), {}

        def save(epoch, state):
            weights[epoch] = {name: tensor.clone() for name, tensor in state.items()}

        for event in train(QUICK, noise, control, save=save):
            if isinstance(event, Progress):
                control.stop()
            if isinstance(event, Test):
                test = event
        loss, correct = judged(answers(weights[1], noise.test_images, noise.mean, noise.std), noise.test_labels)
        assert test.loss == pytest.approx(loss, rel=1e-5)
        assert test.correct == correct

    def test_in_a_later_epoch(self, noise, every_batch):
        control, events = Control(), []
        for event in train(replace(QUICK, epochs=1000), noise, control):
            events.append(event)
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 5):
                control.stop()
        assert [(epoch.epoch, epoch.complete) for epoch in of_kind(events, Epoch)] == [(1, True), (2, False)]
        assert events[-1].status == "stopped"

    def test_between_two_epochs(self, noise):
        control, events = Control(), []
        for event in train(replace(QUICK, epochs=1000), noise, control):
            events.append(event)
            if isinstance(event, Epoch) and event.epoch == 2:
                control.stop()
        assert [(epoch.epoch, epoch.complete) for epoch in of_kind(events, Epoch)] == [(1, True), (2, True)]
        assert events[-1].status == "stopped"

    def test_before_the_first_batch(self, noise):
        control = Control()
        control.stop()
        training = run_training(QUICK, noise, control)
        assert of_kind(training.events, Epoch) == of_kind(training.events, Progress) == []
        assert list(training.weights) == [0]
        (test,) = of_kind(training.events, Test)
        loss, correct = judged(
            answers(training.weights[0], noise.test_images, noise.mean, noise.std), noise.test_labels
        )
        assert (test.epoch, test.correct) == (0, correct)
        assert test.loss == pytest.approx(loss, rel=1e-5)
        assert training.events[-1].status == "stopped"


class TestPause:
    def test_from_another_thread(self, noise, every_batch):
        control, events, failures = Control(), queue.Queue(), []

        def work():
            try:
                for event in train(replace(QUICK, epochs=100_000), noise, control):
                    events.put(event)
            except Exception as error:
                failures.append(error)

        def wait_for(wanted):
            while not wanted(event := events.get(timeout=HANG)):
                pass
            return event

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        wait_for(lambda event: isinstance(event, Epoch))
        control.pause()
        wait_for(lambda event: event == Phase("paused"))
        with pytest.raises(queue.Empty):
            events.get(timeout=0.3)
        control.resume()
        assert events.get(timeout=HANG) == Phase("train")
        wait_for(lambda event: isinstance(event, Epoch))
        control.pause()
        wait_for(lambda event: event == Phase("paused"))
        control.stop()  # ends a held training too
        wait_for(lambda event: isinstance(event, Test))
        assert events.get(timeout=HANG).status == "stopped"
        thread.join(HANG)
        assert not thread.is_alive()
        assert failures == []

    def test_changes_no_number_and_its_time_does_not_count(self, noise, every_batch):
        control, events = Control(), []
        for event in train(QUICK, noise, control):
            events.append(event)
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 3):
                control.pause()
            if event == Phase("paused"):
                threading.Timer(1.0, control.resume).start()
        assert timeless(events) == timeless(run_training(QUICK, noise).events)
        names = [phase.name for phase in of_kind(events, Phase)]
        assert names == ["warm-up", "train", "paused", "train", "test"]
        # The whole run lasted for the pause too, its epochs did not.
        assert events[-1].seconds - sum(epoch.seconds for epoch in of_kind(events, Epoch)) > 0.8

    def test_what_was_seen_is_told_before(self, noise, monkeypatch):
        # Between two reports there may be seconds; while it is held, the screen shows what there is.
        class PausesBeforeTheFifthBatch(Control):
            looks = 0

            @property
            def paused(self):
                self.looks += 1
                if self.looks == 5:
                    self.pause()
                return super().paused

        monkeypatch.setattr(loop, "REPORT_SECONDS", 1000.0)
        control, events = PausesBeforeTheFifthBatch(), []
        for event in train(replace(QUICK, epochs=1), noise, control):
            events.append(event)
            if event == Phase("paused"):
                control.resume()
        before, after = of_kind(events, Progress)
        assert (before.batch, after.batch) == (4, 7)
        assert events.index(before) == events.index(Phase("paused")) - 1


class TestFailure:
    def test_a_loss_that_is_not_finite(self, noise):
        training = run_training(replace(QUICK, epochs=50, hidden=(64, 32), optimizer="sgd", lr=100.0), noise)
        epochs, (test,) = of_kind(training.events, Epoch), of_kind(training.events, Test)
        assert len(epochs) < 50
        last = epochs[-1]
        assert not np.isfinite(last.train_loss + last.valid_loss)
        assert not last.best
        finished = training.events[-1]
        assert finished.status == "failed"
        assert f"epoch {last.epoch}" in finished.reason
        assert "lower learning rate" in finished.reason
        # What was best until then is measured.
        assert test.epoch < last.epoch
        assert np.isfinite(test.loss)
        loss, correct = judged(
            answers(training.weights[test.epoch], noise.test_images, noise.mean, noise.std), noise.test_labels
        )
        assert test.loss == pytest.approx(loss, rel=1e-5)
        assert test.correct == correct


class TestLearning:
    @pytest.mark.parametrize("hidden", [(), (100,), (64, 32, 16)])
    def test_digits(self, hidden):
        # scikit-learn's own network reaches about 0.9 with as much training; guessing is 0.1.
        config = replace(QUICK, epochs=10, hidden=hidden, lr=0.003)
        events = run_training(config, load_digits_dataset()).events
        epochs, (test,) = of_kind(events, Epoch), of_kind(events, Test)
        assert epochs[-1].train_loss < epochs[0].train_loss
        assert epochs[-1].valid_acc > 0.8
        assert test.acc > 0.8
        assert test.correct / test.total == test.acc
        assert test.total == 297

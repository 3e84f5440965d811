"""The same seed gives the same run; the best weights are tested."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.events import Epoch, Test
from mnist_tui.engine.training import loop
from tests.helpers import QUICK, STILL, answers, judged, of_kind, run_training, timeless


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

    def test_other_users_of_the_generator_change_nothing(self, noise, monkeypatch):
        # Views build networks in their threads, with torch's global generator.
        once = run_training(QUICK, noise)
        own = torch.nn.Linear.reset_parameters

        def disturbed(layer):
            torch.rand(1)
            own(layer)

        monkeypatch.setattr(torch.nn.Linear, "reset_parameters", disturbed)
        again = run_training(QUICK, noise)
        for name, tensor in once.weights[0].items():
            assert torch.equal(tensor, again.weights[0][name])

    def test_torchs_random_state_is_unchanged(self, noise):
        torch.manual_seed(1)
        state = torch.random.get_rng_state()
        run_training(QUICK, noise)
        assert torch.equal(torch.random.get_rng_state(), state)


class TestBestWeights:
    def test_best_weights_are_loaded_before_the_test(self, noise):
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

    def test_test_images_do_not_influence_training(self, noise):
        other = replace(noise, test_images=255 - noise.test_images, test_labels=(noise.test_labels + 1) % 10)
        once, again = run_training(QUICK, noise), run_training(QUICK, other)
        assert timeless(once.events) == timeless(again.events)
        assert of_kind(once.events, Test) != of_kind(again.events, Test)


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

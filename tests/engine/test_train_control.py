"""A training that is stopped, paused, or fails."""

import queue
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from mnist_tui.engine.events import Epoch, Phase, Progress, Test
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.control import Control
from mnist_tui.engine.training.loop import train
from tests.helpers import HANG, QUICK, answers, judged, of_kind, run_training, timeless


class TestStop:
    def test_in_the_first_epoch_keeps_its_weights(self, noise, every_batch):
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

    def test_a_partial_epoch_is_tested_with_its_own_weights(self, noise, every_batch):
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

    def test_a_pause_changes_no_number_and_is_not_timed(self, noise, every_batch):
        control, events = Control(), []
        started_at = time.perf_counter()
        for event in train(QUICK, noise, control):
            events.append(event)
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 3):
                control.pause()
            if event == Phase("paused"):
                threading.Timer(1.0, control.resume).start()
        assert timeless(events) == timeless(run_training(QUICK, noise).events)
        names = [phase.name for phase in of_kind(events, Phase)]
        assert names == ["warm-up", "train", "paused", "train", "test"]
        # Neither the run's duration nor its epochs' includes the pause.
        assert sum(epoch.seconds for epoch in of_kind(events, Epoch)) < events[-1].seconds
        assert events[-1].seconds < time.perf_counter() - started_at - 0.9

    def test_progress_is_reported_before_a_pause(self, noise, monkeypatch):
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

"""A run's history, computed from its events."""

import math

import numpy as np
import pytest

from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test
from mnist_tui.engine.runs.history import History
from tests.helpers import QUICK, noise_dataset, run_training


def epoch(number, valid_loss, *, best, seconds=1.0, complete=True):
    return Epoch(number, 0.5, 0.8, valid_loss, 0.9, seconds, best=best, complete=complete)


def progress(number, batch, losses, *, batches=5, group=2):
    accs = [1 - loss for loss in losses]
    return Progress(number, batch, batches, 0.5, 0.5, 1.0, losses=losses, accs=accs, group=group)


class TestFolding:
    def test_nothing_yet(self):
        history = History()
        assert (history.started, history.phase, history.progress, history.test, history.finished) == (None,) * 5
        assert history.epochs == []
        assert history.best is None
        assert math.isnan(history.seconds_per_epoch)
        assert [len(part) for part in history.fine_curve()] == [0, 0, 0]

    def test_keeps_the_last_of_each_kind(self):
        started = RunStarted("a", {}, "mnist", "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0)
        test, finished = Test(1, 0.1, 0.9, 9, 10), RunFinished("a", "completed", 3.0)
        points = [progress(1, 2, [0.5]), progress(1, 5, [0.25, 0.125])]
        history = History.of([Phase("warm-up"), started, Phase("train"), *points, Phase("test"), test, finished])
        assert history.started == started
        assert history.phase == Phase("test")
        assert history.progress == points[1]
        assert history.test == test
        assert history.finished == finished

    def test_of_a_real_training(self):
        events = run_training(QUICK, noise_dataset()).events
        history = History.of(events)
        told = [event for event in events if isinstance(event, Epoch)]
        assert history.epochs == told
        assert history.best == min(told, key=lambda e: e.valid_loss)
        assert history.test.epoch == history.best.epoch
        xs, losses, accs = history.fine_curve()
        assert len(xs) == len(losses) == len(accs)
        assert (np.diff(xs) > 0).all()
        assert xs[0] > 0
        assert xs[-1] <= 3

    def test_same_events_same_history(self):
        events = run_training(QUICK, noise_dataset()).events
        assert History.of(events) == History.of(events)


class TestEpochs:
    def test_a_repeated_epoch_replaces_the_first(self):
        history = History.of([epoch(1, 0.5, best=True), epoch(2, 0.4, best=True), epoch(1, 0.3, best=True)])
        assert [(e.epoch, e.valid_loss) for e in history.epochs] == [(1, 0.3), (2, 0.4)]

    def test_are_by_number(self):
        history = History.of([epoch(3, 0.3, best=True), epoch(1, 0.5, best=True), epoch(2, 0.4, best=True)])
        assert [e.epoch for e in history.epochs] == [1, 2, 3]

    def test_best(self):
        epochs = [epoch(1, 0.5, best=True), epoch(2, 0.3, best=True), epoch(3, 0.4, best=False)]
        assert History.of(epochs).best == epochs[1]
        assert History.of([epoch(1, math.nan, best=False)]).best is None

    def test_seconds_per_epoch_is_the_median_of_complete_ones(self):
        # The first, slow epoch and the one that was cut short say little about the next.
        times = [9.0, 1.0, 2.0]
        epochs = [epoch(i, 0.5, best=False, seconds=time) for i, time in enumerate(times, 1)]
        assert History.of(epochs).seconds_per_epoch == 2.0
        assert History.of([*epochs, epoch(4, 0.5, best=False, seconds=0.1, complete=False)]).seconds_per_epoch == 2.0


class TestFineCurve:
    def test_points_lie_in_the_middle_of_their_batches(self):
        # Four batches in groups of two: the first half and the second half of each epoch.
        events = [
            progress(1, 2, [0.8], batches=4),
            progress(1, 4, [0.6], batches=4),
            progress(2, 4, [0.4, 0.2], batches=4),
        ]
        xs, losses, accs = History.of(events).fine_curve()
        assert xs == pytest.approx([0.25, 0.75, 1.25, 1.75])
        assert losses == pytest.approx([0.8, 0.6, 0.4, 0.2])
        assert accs == pytest.approx([0.2, 0.4, 0.6, 0.8])

    def test_a_short_last_group_stays_within_its_epoch(self):
        xs, _, _ = History.of([progress(1, 5, [0.5, 0.4, 0.3]), progress(2, 5, [0.2, 0.2, 0.2])]).fine_curve()
        # Batches 1 and 2, 3 and 4, and 5 alone.
        assert xs == pytest.approx([0.2, 0.6, 0.9, 1.2, 1.6, 1.9])

    def test_earlier_epochs_are_left_out(self):
        events = [progress(number, 5, [0.5, 0.4, 0.3]) for number in (1, 2, 3)]
        xs, losses, accs = History.of(events).fine_curve(first_epoch=3)
        assert len(xs) == len(losses) == len(accs) == 3
        assert xs.min() > 2

    def test_progress_that_completes_no_group_adds_no_point(self):
        xs, losses, _ = History.of([progress(1, 1, []), progress(1, 2, [0.5])]).fine_curve()
        assert (xs.tolist(), losses.tolist()) == ([0.2], [0.5])

    def test_a_log_with_inconsistent_points(self):
        # A log from another program: the chart needs as many losses as accuracies.
        foreign = Progress(1, 2, 5, 0.5, 0.5, 1.0, losses=[0.5, 0.4], accs=[0.5])
        xs, losses, accs = History.of([foreign]).fine_curve()
        assert len(xs) == len(losses) == len(accs)

"""Learning curves: which lines exist, where they begin and end, and the effect of the keys."""

import math

import numpy as np
import pytest

from mnist_tui.engine.analysis.curves import comparison, smooth
from mnist_tui.engine.events import Epoch, Progress, RunStarted
from mnist_tui.engine.figures.colours import CLASSES
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.axes import limits, prepared
from mnist_tui.tui.widgets.curve_plots import SMOOTHINGS, ZOOMS, CurveOptions, comparison_plots, run_plots
from tests.helpers import QUICK, noise_dataset, run_training


def epoch(number, *, best=True, **values):
    figures = {"train_loss": 1 / number, "train_acc": 0.5, "valid_loss": 2 / number, "valid_acc": 0.6} | values
    return Epoch(number, seconds=1.0, best=best, **figures)


def progress(number, batch, losses):
    return Progress(number, batch, 4, 0.5, 0.5, 1.0, losses=losses, accs=[1 - loss / 10 for loss in losses], group=2)


def young():
    """A run within its first epoch."""
    return History.of([progress(1, 2, [2.0])])


def grown(count=20):
    events = []
    for number in range(1, count + 1):
        events += [progress(number, 4, [1.0, 0.5]), epoch(number)]
    return History.of(events)


class TestRunPlots:
    def test_lines_are_the_runs_numbers(self):
        events = run_training(QUICK, noise_dataset()).events
        epochs = [event for event in events if isinstance(event, Epoch)]
        loss, acc = run_plots(History.of(events), CurveOptions())
        for plot, train, valid in ((loss, "train_loss", "valid_loss"), (acc, "train_acc", "valid_acc")):
            fine, training, validation = plot.lines
            assert training.xs.tolist() == validation.xs.tolist() == [1, 2, 3]
            assert training.ys.tolist() == [getattr(each, train) for each in epochs]
            assert validation.ys.tolist() == [getattr(each, valid) for each in epochs]
            assert len(fine.xs) == len(fine.ys) > 3
            assert fine.trimmed
            assert not training.trimmed
            assert plot.x_range == (0.0, 3.0)
        assert acc.percent
        assert not loss.percent

    def test_labels_are_distinct(self):
        loss, _ = run_plots(grown(), CurveOptions())
        assert [line.label for line in loss.lines] == ["batches", "training", "validation"]
        assert len({line.colour for line in loss.lines}) == 3

    def test_nothing_yet(self):
        for plot in run_plots(History(), CurveOptions()):
            assert all(len(line.xs) == 0 for line in plot.lines)
            assert plot.empty
            assert plot.x_range[1] > plot.x_range[0]

    def test_first_epoch_fills_the_axis(self):
        loss, acc = run_plots(young(), CurveOptions())
        assert loss.x_range == acc.x_range == (0.0, 1.0)
        assert loss.lines[0].xs.tolist() == [0.25]

    def test_axis_grows_with_the_running_epoch(self):
        history = grown(3)
        history.add(progress(4, 2, [0.5]))
        assert run_plots(history, CurveOptions())[0].x_range == (0.0, 3.5)

    def test_finished_epochs_progress_does_not_move_it(self):
        assert run_plots(grown(3), CurveOptions())[0].x_range == (0.0, 3.0)

    @pytest.mark.parametrize("zoom", range(len(ZOOMS)))
    def test_zoom_shows_the_last_epochs(self, zoom):
        loss, _ = run_plots(grown(20), CurveOptions(zoom=zoom))
        first = 20.0 - ZOOMS[zoom] if ZOOMS[zoom] else 0.0
        assert loss.x_range == (first, 20.0)
        for line in loss.lines:
            shown = prepared(line, loss)
            assert shown.xs.min() >= first
            # The window is full of its own epochs.
            assert shown.xs.min() <= first + 1
            assert shown.xs.max() > 19

    def test_zoom_beyond_the_start(self):
        assert run_plots(grown(2), CurveOptions(zoom=1))[0].x_range == (0.0, 2.0)

    def test_smoothing_is_for_the_batches_alone_and_stands_before_what_was_measured(self):
        weight = SMOOTHINGS[1]
        plain, _ = run_plots(grown(), CurveOptions())
        smoothed, _ = run_plots(grown(), CurveOptions(smoothing=1))
        behind, averages, *epochs = smoothed.lines
        assert behind.ys.tolist() == plain.lines[0].ys.tolist()
        np.testing.assert_allclose(averages.ys, smooth(plain.lines[0].ys, weight))
        assert [line.ys.tolist() for line in epochs] == [line.ys.tolist() for line in plain.lines[1:]]

    def test_smoothing_does_not_restart_at_the_zoom_window(self):
        whole, _ = run_plots(grown(), CurveOptions(smoothing=2))
        window, _ = run_plots(grown(), CurveOptions(smoothing=2, zoom=2))
        shown = whole.lines[1].xs > 17
        assert window.lines[1].xs.tolist() == whole.lines[1].xs[shown].tolist()
        assert window.lines[1].ys.tolist() == whole.lines[1].ys[shown].tolist()

    def test_log_is_for_the_loss_alone(self):
        loss, acc = run_plots(grown(), CurveOptions(log=True))
        assert loss.log
        assert not acc.log

    def test_failed_epoch_can_be_drawn(self):
        history = grown(2)
        history.add(epoch(3, best=False, train_loss=math.nan, valid_loss=math.nan))
        for plot in run_plots(history, CurveOptions(log=True)):
            lines = [prepared(line, plot) for line in plot.lines]
            assert all(np.isfinite(line.ys).all() for line in lines)
            assert all(map(math.isfinite, limits(lines, plot)))


class TestComparison:
    def test_validation_of_every_run(self):
        loss, acc = comparison_plots([("one", grown(3)), ("two", grown(5))], CurveOptions(), CLASSES)
        assert [line.label for line in loss.lines] == [line.label for line in acc.lines] == ["one", "two"]
        assert loss.lines[1].ys == pytest.approx([2, 1, 2 / 3, 0.5, 0.4])
        assert acc.lines[0].ys.tolist() == [0.6] * 3
        assert loss.x_range == acc.x_range == (0.0, 5.0)
        assert acc.percent

    def test_colours_differ(self):
        loss, _ = comparison_plots([(str(i), grown(1)) for i in range(8)], CurveOptions(), CLASSES)
        assert len({line.colour for line in loss.lines}) == 8

    def test_means_of_epochs_are_never_smoothed(self):
        plain = comparison_plots([("one", grown(9))], CurveOptions(), CLASSES)
        smoothed = comparison_plots([("one", grown(9))], CurveOptions(smoothing=2), CLASSES)
        for a, b in zip(plain, smoothed, strict=True):
            assert [line.ys.tolist() for line in a.lines] == [line.ys.tolist() for line in b.lines]

    def test_more_runs_than_colours(self):
        loss, _ = comparison_plots([(str(i), grown(1)) for i in range(30)], CurveOptions(), CLASSES)
        assert len(loss.lines) == 30

    def test_runs_of_different_data_sets(self):
        def of(dataset):
            return History.of([RunStarted("a", {}, dataset, "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0), epoch(1)])

        assert comparison([("one", of("mnist")), ("two", of("mnist"))]).warning == ""
        assert "digits, mnist" in comparison([("one", of("mnist")), ("two", of("digits"))]).warning

    def test_a_run_without_epochs(self):
        loss, _ = comparison_plots([("young", young()), ("grown", grown(2))], CurveOptions(), CLASSES)
        assert [len(line.xs) for line in loss.lines] == [0, 2]
        assert comparison_plots([], CurveOptions(), CLASSES)[0].x_range == (0.0, 1.0)


class TestOptions:
    def test_keys_go_round(self):
        options = CurveOptions()
        for key, steps in (("next_smoothing", len(SMOOTHINGS)), ("next_zoom", len(ZOOMS))):
            seen = {options}
            changed = options
            for _ in range(steps):
                changed = getattr(changed, key)()
                seen.add(changed)
            assert changed == options
            assert len(seen) == steps

    def test_words(self):
        assert CurveOptions().label("loss") == ""
        options = CurveOptions(log=True, smoothing=1, zoom=1)
        assert options.label("loss") == "log, smoothed 0.6, last 10 epochs"
        assert options.label("acc") == "smoothed 0.6, last 10 epochs"  # its axis is never logarithmic
        assert CurveOptions(zoom=2).label("acc") == "last 3 epochs"

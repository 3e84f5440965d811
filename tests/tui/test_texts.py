"""Numbers and states as text, at the limits between two formats."""

import math

import pytest

from mnist_tui.engine.analysis.percentages import fraction_label, percent, percent_range, probability_label
from mnist_tui.engine.events import Phase, Progress, RunStarted, Test
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import bytes_label, phase_label, result_label, seconds, state_label


class TestSeconds:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (0, "0 ms"),
            (0.028, "28 ms"),
            (0.0994, "99 ms"),
            (0.0996, "0.1 s"),
            (0.8, "0.8 s"),
            (9.94, "9.9 s"),
            (9.95, "10 s"),
            (42.4, "42 s"),
            (59.4, "59 s"),
            (59.6, "1:00"),
            (60, "1:00"),
            (119.6, "2:00"),
            (187, "3:07"),
            (3599.4, "59:59"),
            (3599.6, "1:00:00"),
            (3600, "1:00:00"),
            (7387, "2:03:07"),
            (100 * 3600, "100:00:00"),
        ],
    )
    def test_words(self, value, words):
        assert seconds(value) == words

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1])
    def test_no_duration(self, value):
        assert seconds(value) == "–"


class TestPercent:
    @pytest.mark.parametrize(
        ("fraction", "words"),
        [
            (0.98371, "98.37 %"),
            (1, "100.00 %"),
            (0, "0.00 %"),
            (0.5, "50.00 %"),
            (math.nan, "–"),
            (53_999 / 54_000, "99.99 %"),
            (1 - 3e-9, "99.99 %"),
            (math.nextafter(1, 0), "99.99 %"),
            (0.00004, "<0.01 %"),
            (5e-324, "<0.01 %"),
            (0.00005, "0.01 %"),
        ],
    )
    def test_two_digits(self, fraction, words):
        assert percent(fraction) == words

    def test_other_digits(self):
        assert percent(0.98371, 1) == "98.4 %"
        assert percent(0.98371, 0) == "98 %"
        assert percent(0.996, 0) == "99 %"
        assert percent(0.0007, 0) == "<1 %"
        assert percent(1, 0) == "100 %"

    def test_range(self):
        assert percent_range(0.9810, 0.98604) == "98.10–98.60"
        assert percent_range(0, 0.99999967) == "0.00–99.99"

    def test_fractions(self):
        values = (0.5, 1, 0, 0.9996, 0.0004, math.nan)
        assert [fraction_label(value) for value in values] == ["0.500", "1.000", "0.000", "0.999", "<0.001", "–"]

    def test_as_many_digits_as_differ_from_1(self):
        values = (0.9998, 1 - 3e-9, 1, 0.5, 1e-9, math.nextafter(1, 0))
        words = ["99.98 %", "99.9999997 %", ">99.9999999 %", "50.00 %", "<0.01 %", "99.999999999999 %"]
        assert [probability_label(value) for value in values] == words


class TestBytes:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (9_912_422, "9.91 MB"),
            (999_499, "999 kB"),
            (999_600, "1 MB"),
            (11_594_722, "11.6 MB"),
            (5.4e9, "5.4 GB"),
            (1.5e12, "1500 GB"),
        ],
    )
    def test_words(self, value, words):
        assert bytes_label(value) == words


class TestPhases:
    @pytest.mark.parametrize(
        ("phase", "words"),
        [
            (Phase("train"), "training"),
            (Phase("paused"), "paused"),
            (Phase("test"), "evaluating on test images"),
            (Phase("warm-up", "a detail that is not shown"), "warming up the device"),
            (Phase("verify", "a-file"), "verifying files a-file"),
            (Phase("verify"), "verifying files"),
            (Phase("load", "MNIST"), "loading images MNIST"),
            (Phase("later"), "later"),
            (Phase("download", "x.gz"), "downloading x.gz: 0 B"),
            (Phase("download", "x.gz", 500, 2_000_000), "downloading x.gz: 500 B of 2 MB"),
            (Phase("download", "x.gz", 500_000, 0, 1e6), "downloading x.gz: 500 kB, 1 MB/s"),
            (Phase("download", "x.gz", 500_000, 2_000_000, 1e6), "downloading x.gz: 500 kB of 2 MB, 1 MB/s"),
        ],
    )
    def test_words(self, phase, words):
        assert phase_label(phase) == words


class TestResult:
    def test_all_of_it(self):
        # The interval is that of scipy's binomtest(9837, 10000).proportion_ci(method="wilson").
        test = Test(epoch=10, loss=0.052, acc=0.9837, correct=9837, total=10_000)
        said = result_label(test, "mnist")
        assert "mnist" in said
        assert "98.37 % (9,837 of 10,000; 95 % interval 98.10–98.60 %)" in said
        assert "loss 0.0520" in said
        assert "epoch 10" in said


class TestStates:
    STARTED = RunStarted("a", {"epochs": 10}, "mnist", "cpu", 1, 2, 3, 4, 0.1, 0.3, 5.0)
    PROGRESS = Progress(3, 5, 9, 0.5, 0.8125, 1.0)

    @pytest.mark.parametrize(
        ("events", "options", "expected"),
        [
            ([], {}, ("", "foreground")),
            ([], {"failure": ValueError()}, ("✕ failed", "error")),
            ([], {"training": True}, ("● starting", "accent")),
            ([Phase("download")], {"training": True}, ("● downloading", "accent")),
            ([STARTED, PROGRESS], {"training": True}, ("● 3/10  81.2 %", "accent")),
            ([STARTED, PROGRESS], {"training": True, "paused": True}, ("‖ paused 3/10", "warning")),
            ([STARTED], {"training": True, "paused": True}, ("‖ paused", "warning")),
            ([STARTED, Test(3, 0.1, 0.9, 9, 10)], {}, ("✓ test 90.00 %", "success")),
            ([STARTED, PROGRESS], {"training": True, "failure": ValueError()}, ("✕ failed", "error")),
        ],
    )
    def test_words(self, events, options, expected):
        asked = {"training": False, "paused": False, "failure": None} | options
        assert state_label(History.of(events), **asked) == expected

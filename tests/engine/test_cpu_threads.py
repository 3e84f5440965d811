"""The choice of threads: few where more are hardly faster, a core for the screen, and stored for the next training."""

from dataclasses import replace

import pytest

from mnist_tui.engine.training import cpu_threads
from mnist_tui.engine.training.cpu_threads import choose_threads, fastest_thread_count, step_seconds
from tests.helpers import QUICK

AUTO = replace(QUICK, threads=0)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu_threads.files, "user_folder", lambda kind: tmp_path / "mnist-tui")
    return tmp_path / "mnist-tui" / "threads.json"


@pytest.fixture
def measured(monkeypatch):
    """Replaces the measurement: the time is divided by the number of threads."""
    asked = []

    def seconds(config, threads):
        asked.append(threads)
        return 1 / threads

    monkeypatch.setattr(cpu_threads, "step_seconds", seconds)
    return asked


class TestQuickest:
    @pytest.mark.parametrize(
        ("most", "asked"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (7, [1, 2, 4, 7]), (8, [1, 2, 4, 8])]
    )
    def test_the_numbers_of_threads_that_are_measured(self, most, asked):
        tried = []
        fastest_thread_count(most, lambda threads: tried.append(threads) or 1.0)
        assert tried == asked

    def test_a_small_gain_does_not_use_another_core(self):
        assert fastest_thread_count(8, lambda threads: 1 / threads) == 8
        assert fastest_thread_count(8, lambda threads: 1.0) == 1
        assert fastest_thread_count(8, {1: 1.0, 2: 0.85, 4: 0.81, 8: 0.9}.__getitem__) == 1
        assert fastest_thread_count(8, {1: 1.0, 2: 0.6, 4: 0.5, 8: 0.9}.__getitem__) == 2
        assert fastest_thread_count(8, {1: 1.0, 2: 0.9, 4: 0.5, 8: 0.45}.__getitem__) == 4


class TestChoice:
    def test_configured(self, cache, measured):
        assert choose_threads(replace(AUTO, threads=5), 16, "a processor") == 5
        assert measured == []

    @pytest.mark.parametrize("cores", [1, 2])
    def test_a_core_is_left_for_the_screen(self, cache, measured, cores):
        assert choose_threads(AUTO, cores, "a processor") == 1
        assert measured == []
        assert choose_threads(AUTO, 4, "a processor") == 3

    def test_the_choice_is_stored(self, cache, measured, monkeypatch):
        first = choose_threads(AUTO, 8, "a processor")
        count = len(measured)
        monkeypatch.setattr(cpu_threads, "step_seconds", lambda config, threads: threads)
        assert choose_threads(AUTO, 8, "a processor") == first == 7
        assert len(measured) == count

    @pytest.mark.parametrize("other", [{"batch_size": 500}, {"hidden": (30,)}])
    def test_another_step_is_measured_again(self, cache, measured, other):
        choose_threads(AUTO, 8, "a processor")
        count = len(measured)
        choose_threads(replace(AUTO, **other), 8, "a processor")
        assert len(measured) > count
        choose_threads(AUTO, 8, "another processor")
        assert len(measured) > count + 4

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"a": "b"}'])
    def test_a_truncated_record_is_measured_again(self, cache, measured, content):
        cache.parent.mkdir()
        cache.write_text(content)
        assert choose_threads(AUTO, 4, "a processor") == 3
        assert measured

    def test_cache_that_can_not_be_written(self, cache, measured, tmp_path):
        (tmp_path / "mnist-tui").write_text("in the way")
        assert choose_threads(AUTO, 4, "a processor") == 3


class TestMeasurement:
    def test_real(self):
        assert step_seconds(AUTO, 1) > 0

    def test_torchs_threads_are_restored(self):
        import torch

        before, state = torch.get_num_threads(), torch.random.get_rng_state()
        step_seconds(AUTO, before + 1)
        assert torch.get_num_threads() == before
        assert torch.equal(torch.random.get_rng_state(), state)

"""Stopping t-SNE in each of its phases."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from mnist_tui.engine.analysis import tsne as module
from mnist_tui.engine.analysis.tsne import ITERATIONS, tsne
from tests.engine.tsne_helpers import DIGITS
from tests.helpers import HANG, ROOT


def worker_threads():
    return [thread for thread in threading.enumerate() if thread.name == "t-SNE"]


def wait_for_workers(seconds=HANG):
    for thread in worker_threads():
        thread.join(seconds)
    return not worker_threads()


class TestStopping:
    def test_while_neighbours_are_searched(self, monkeypatch):
        asked, entered, release = [], threading.Event(), threading.Event()

        def slow(*arguments, **options):
            asked.append(time.perf_counter())
            entered.set()
            release.wait(HANG)
            return nearest(*arguments, **options)

        nearest = module.nearest
        monkeypatch.setattr(module, "nearest", slow)
        pictures = list(tsne(DIGITS[:1200], stopping=entered.is_set))
        assert time.perf_counter() - asked[0] < 5.0
        assert [picture.phase for picture in pictures] == ["neighbours", "stopped"]
        assert np.array_equal(pictures[0].points, pictures[1].points)
        assert worker_threads()  # it hangs in its search, but nothing waits for it
        release.set()
        assert wait_for_workers()

    def test_while_an_iteration_takes_long(self, monkeypatch):
        from openTSNE import tsne as library

        asked, entered, release = [], threading.Event(), threading.Event()
        original, calls = library.kl_divergence_bh, []

        def slow(*arguments, **options):
            calls.append(1)
            if len(calls) == 30:
                asked.append(time.perf_counter())
                entered.set()
                release.wait(HANG)
            return original(*arguments, **options)

        monkeypatch.setattr(library, "kl_divergence_bh", slow)
        pictures = list(tsne(DIGITS[:150], stopping=entered.is_set, every=1))
        assert time.perf_counter() - asked[0] < 5.0
        last, before = pictures[-1], pictures[-2]
        assert last.phase == "stopped"
        assert (last.iteration, last.kl_divergence) == (before.iteration, before.kl_divergence)
        assert np.array_equal(last.points, before.points)
        release.set()
        assert wait_for_workers()
        assert len(calls) == 30  # the next callback ended it

    def test_keeps_the_latest_picture(self):
        seen = []
        for picture in tsne(DIGITS[:300], stopping=lambda: any(p.iteration > 300 for p in seen)):
            seen.append(picture)  # noqa: PERF402 - `stopping` looks at it meanwhile
        assert seen[-1].phase == "stopped"
        assert 300 < seen[-1].iteration < ITERATIONS
        assert np.array_equal(seen[-1].points, seen[-2].points)
        assert wait_for_workers()

    def test_before_the_first_iteration(self):
        pictures = list(tsne(DIGITS[:300], stopping=lambda: True))
        assert [picture.phase for picture in pictures] == ["neighbours", "stopped"]
        assert wait_for_workers()

    def test_leaving_the_iterator_ends_the_work(self):
        pictures = tsne(DIGITS[:600])
        assert next(pictures).phase == "neighbours"
        assert next(pictures).phase == "early exaggeration"
        assert worker_threads()
        pictures.close()
        assert wait_for_workers()

    def test_a_slow_consumer_misses_pictures_but_does_not_block_the_worker(self):
        pictures = tsne(DIGITS[:100], every=1)
        next(pictures)
        next(pictures)
        assert wait_for_workers()
        assert next(pictures).phase == "done"
        assert next(pictures, None) is None

    def test_failure_of_the_worker_is_raised(self, monkeypatch):
        def fail(*arguments, **options):
            raise MemoryError("no room for the neighbours")

        monkeypatch.setattr(module, "nearest", fail)
        with pytest.raises(MemoryError, match="no room"):
            list(tsne(DIGITS[:300]))


def test_process_ends_while_the_worker_runs():
    code = (
        "import numpy as np; from mnist_tui.engine.analysis.tsne import tsne; it = tsne(np.random.rand(3000, 50));"
        "[next(it) for _ in range(4)]; print('out')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=True
    )
    assert (done.stdout, done.stderr) == ("out\n", "")

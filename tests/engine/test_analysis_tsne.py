"""t-SNE: the divergence by its definition and beside scikit-learn's, stopping at any moment, and the stored picture."""

import contextlib
import itertools
import math
import os
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE

from mnist_tui.engine.analysis import tsne as module
from mnist_tui.engine.analysis.pca import pca
from mnist_tui.engine.analysis.tsne import ITERATIONS, Embedding, largest_perplexity, load, save, tsne
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.loading import load as load_dataset
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.training.evaluate import evaluate
from mnist_tui.engine.training.model import MLP
from tests.helpers import HANG, ROOT, run_training

DIGITS, LABELS = load_digits(return_X_y=True)


def divergence(x, points, perplexity):
    """Kullback and Leibler's divergence from the definition, exact but for the neighbours beyond three perplexities."""
    squares = squareform(pdist(x, "sqeuclidean"))
    p = np.zeros_like(squares)
    for row, distances in enumerate(squares):
        nearest = np.argsort(distances)[1 : int(3 * perplexity) + 1]
        near = distances[nearest] - distances[nearest].min()

        def weights(beta, near=near):
            exponentials = np.exp(-beta * near)
            return exponentials / exponentials.sum()

        def excess(beta, weights=weights):
            shares = weights(beta)
            return -(shares * np.log(np.maximum(shares, 1e-300))).sum() - math.log(perplexity)

        p[row, nearest] = weights(brentq(excess, 1e-9, 1e3))
    p = (p + p.T) / (2 * len(x))
    q = 1 / (1 + squareform(pdist(points, "sqeuclidean")))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    there = p > 0
    return float((p[there] * np.log(p[there] / q[there])).sum())


def worker_threads():
    return [thread for thread in threading.enumerate() if thread.name == "t-SNE"]


def wait_for_workers(seconds=HANG):
    for thread in worker_threads():
        thread.join(seconds)
    return not worker_threads()


@pytest.fixture(scope="module")
def whole():
    """All pictures of 300 digits."""
    return list(tsne(DIGITS[:300], every=20))


class TestPictures:
    def test_phases(self, whole):
        assert [picture.iteration for picture in whole] == sorted(picture.iteration for picture in whole)
        assert {picture.iterations for picture in whole} == {ITERATIONS}
        order = ["neighbours", "early exaggeration", "optimisation", "done"]
        found = [picture.phase for picture in whole]
        assert found == sorted(found, key=order.index)
        assert whole[0].phase == "neighbours"
        assert whole[0].iteration == 0
        assert math.isnan(whole[0].kl_divergence)
        assert found.count("done") == 1
        assert whole[-1].iteration == ITERATIONS
        assert all(1 <= p.iteration <= 250 for p in whole if p.phase == "early exaggeration")
        assert all(250 < p.iteration <= ITERATIONS for p in whole if p.phase == "optimisation")

    def test_points(self, whole):
        for picture in whole:
            assert picture.points.shape == (300, 2)
            assert picture.points.dtype == np.float64
            assert type(picture.points) is np.ndarray
            assert np.isfinite(picture.points).all()
        # Each picture is its own, not a view of one that goes on changing.
        assert not any(np.array_equal(a.points, b.points) for a, b in itertools.pairwise(whole))

    def test_first_picture_are_the_principal_components(self, whole):
        expected = pca(DIGITS[:300]).points
        for column in (0, 1):
            assert np.corrcoef(whole[0].points[:, column], expected[:, column])[0, 1] > 0.999
        assert whole[0].points[:, 0].std() == pytest.approx(1e-4, rel=0.01)

    def test_neighbours_come_together(self, whole):
        first, last = (divergence(DIGITS[:300], p.points, 30) for p in (whole[0], whole[-1]))
        assert last < 0.3 * first

    @pytest.mark.parametrize("perplexity", [10, 66])
    def test_divergence_by_its_definition(self, perplexity):
        picture = list(tsne(DIGITS[:200], perplexity=perplexity))[-1]
        expected = divergence(DIGITS[:200], picture.points, perplexity)
        # Barnes and Hut's approximation of far points is good to a hundredth of a nat.
        assert picture.kl_divergence == pytest.approx(expected, abs=0.01)

    def test_divergence_during_exaggeration_is_without_it(self, whole):
        early = [p for p in whole if p.phase == "early exaggeration"][-1]
        assert early.kl_divergence == pytest.approx(divergence(DIGITS[:300], early.points, 30), rel=0.01)

    def test_equal_seeds_give_equal_pictures(self, whole):
        again = list(tsne(DIGITS[:300], every=500))[-1]
        assert np.array_equal(again.points, whole[-1].points)
        assert again.kl_divergence == whole[-1].kl_divergence
        other = list(tsne(DIGITS[:300], every=500, seed=1))[-1]
        assert not np.array_equal(other.points, again.points)

    def test_far_from_the_origin(self):
        # In single precision the pixels' differences would be rounded away.
        near, far = (list(tsne(DIGITS[:120] + shift, every=500))[-1] for shift in (0, 1e9))
        assert far.kl_divergence == pytest.approx(near.kl_divergence, abs=0.02)

    @pytest.mark.parametrize(
        "x",
        [np.ones((30, 3)), np.repeat(DIGITS[:6], 6, axis=0), DIGITS[:4], DIGITS[:40, :1]],
        ids=["all the same", "six of each", "four points", "one dimension, no variance"],
    )
    def test_odd_points(self, x):
        picture = list(tsne(x, perplexity=largest_perplexity(len(x)), every=500))[-1]
        assert picture.phase == "done"
        assert np.isfinite(picture.points).all()
        assert picture.points.std() > 0

    @pytest.mark.parametrize("count", [4, 11, 91, 5000])
    def test_largest_perplexity_is_allowed(self, count):
        x = np.random.default_rng(0).normal(size=(count, 2))
        tsne(x, perplexity=largest_perplexity(count))
        assert largest_perplexity(count) <= 30
        if count < 91:
            with pytest.raises(ValueError, match="perplexity"):
                tsne(x, perplexity=largest_perplexity(count) + 0.01)

    @pytest.mark.parametrize(
        ("x", "options", "words"),
        [
            (DIGITS[:3], {"perplexity": 1}, "at least four points"),
            (np.ones((5, 0)), {"perplexity": 1}, "at least four points"),
            (DIGITS[0], {}, "at least four points"),
            (DIGITS[:90], {}, r"from 1 to 29\.67 for 90 points, not 30"),
            (DIGITS, {"perplexity": 0.5}, "from 1 to"),
            (DIGITS, {"perplexity": math.nan}, "from 1 to"),
            (DIGITS * np.nan, {}, "not finite"),
            (DIGITS + np.inf, {}, "not finite"),
            (DIGITS, {"every": 0}, "at least 1, not 0"),
        ],
    )
    def test_refused_at_once(self, x, options, words):
        with pytest.raises(ValueError, match=words):
            tsne(x, **options)


@pytest.mark.truth
def test_divergence_is_no_higher_than_scikit_learns(mnist_folder):
    """On the hidden layer of a network after one epoch on the real MNIST."""
    steps = load_dataset("mnist", mnist_folder, explicit_folder=True)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            dataset = end.value
            break
    config = RunConfig(epochs=1, device="cpu", threads=1)
    model = MLP(config.layer_sizes)
    model.load_state_dict(run_training(config, dataset).weights[1])
    hidden = evaluate(model, dataset.images[:1500], dataset.labels[:1500], dataset.mean, dataset.std).hidden
    reference = TSNE(random_state=0).fit(hidden)
    assert list(tsne(hidden))[-1].kl_divergence <= reference.kl_divergence_


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
        assert worker_threads()  # it hangs in its search, but nobody waits for it
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

    def test_before_it_began(self):
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

    def test_whoever_is_slow_misses_pictures_but_holds_nothing_up(self):
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


class TestStored:
    @pytest.mark.parametrize("index", [0, 1, -1])
    def test_comes_back(self, whole, tmp_path, index):
        path = tmp_path / "tsne.npz"
        save(path, whole[index])
        back = load(path)
        assert np.array_equal(back.points, whole[index].points)
        for name in ("iteration", "iterations", "phase"):
            assert getattr(back, name) == getattr(whole[index], name)
        np.testing.assert_equal(back.kl_divergence, whole[index].kl_divergence)
        assert os.listdir(tmp_path) == ["tsne.npz"]

    def test_a_crash_leaves_the_old_one(self, whole, tmp_path, monkeypatch):
        path = tmp_path / "tsne.npz"
        save(path, whole[0])

        def crash(*arguments):
            raise OSError("disk full")

        monkeypatch.setattr(os, "replace", crash)
        with pytest.raises(OSError, match="disk full"):
            save(path, whole[-1])
        assert load(path).iteration == 0
        assert os.listdir(tmp_path) == ["tsne.npz"]

    def test_missing(self, tmp_path):
        with pytest.raises(RunError, match=r"none\.npz can't be read .No such file.*let t-SNE run again"):
            load(tmp_path / "none.npz")

    def test_damaged_anywhere(self, tmp_path):
        path = tmp_path / "tsne.npz"
        random = np.random.default_rng(0)
        embedding = Embedding(random.normal(size=(5, 2)), 3, 9, 0.5, "stopped")
        save(path, embedding)
        content = path.read_bytes()
        tried = harmless = 0
        for at in range(0, len(content), 5):
            for damaged in (content[:at], content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]):
                tried += 1
                path.write_bytes(damaged)
                with contextlib.suppress(RunError):
                    # A flipped bit where nothing is read, in a date for example, does no harm.
                    assert np.array_equal(load(path).points, embedding.points)
                    harmless += 1
        assert harmless < tried / 3

    @pytest.mark.parametrize(
        "changes",
        [
            {"points": np.zeros((4, 3))},
            {"points": np.zeros(4)},
            {"points": np.full((4, 2), np.nan)},
            {"points": np.array([["a", "b"]])},
            {"phase": np.array("asleep")},
            {"progress": np.array([5, 4])},
            {"progress": np.array([1, 2, 3])},
            {"kl_divergence": np.zeros(3)},
        ],
    )
    def test_something_else(self, tmp_path, changes):
        good = {
            "points": np.zeros((4, 2)),
            "progress": np.array([1, 4]),
            "kl_divergence": np.array(1.0),
            "phase": np.array("stopped"),
        }
        path = tmp_path / "tsne.npz"
        np.savez(path, **good)
        assert load(path).iterations == 4
        np.savez(path, **(good | changes))
        with pytest.raises(RunError, match="can't be read"):
            load(path)
        np.savez(path, **{name: value for name, value in good.items() if name not in changes})
        with pytest.raises(RunError, match="can't be read"):
            load(path)

    def test_nothing_in_it_is_executed(self, tmp_path):
        path, trace = tmp_path / "tsne.npz", tmp_path / "trace"

        class Bomb:
            def __reduce__(self):
                return os.mkdir, (str(trace),)

        np.savez(path, points=np.array([[Bomb(), Bomb()]]), phase="done", progress=[1, 1], kl_divergence=0.0)
        with pytest.raises(RunError):
            load(path)
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(RunError):
            load(path)
        assert not trace.exists()


def test_import_is_light():
    code = "import sys, mnist_tui.engine.analysis.tsne as _;"
    code += "print({'openTSNE', 'sklearn', 'torch', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_process_ends_while_the_worker_runs():
    code = (
        "import numpy as np; from mnist_tui.engine.analysis.tsne import tsne; it = tsne(np.random.rand(3000, 50));"
        "[next(it) for _ in range(4)]; print('out')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=True
    )
    assert (done.stdout, done.stderr) == ("out\n", "")


class TestHostileFiles:
    def test_a_bomb_is_not_unpacked(self, tmp_path):
        path = tmp_path / "tsne.npz"
        np.savez_compressed(path, points=np.zeros((5_000_000, 2)))
        with pytest.raises(RunError, match="it is compressed"):
            load(path)

    def test_a_link_to_another_folder_is_not_written_to(self, tmp_path):
        (tmp_path / "private").mkdir()
        (tmp_path / "projections").symlink_to(tmp_path / "private")
        picture = Embedding(np.zeros((3, 2)), 1, 2, 0.5, "optimisation")
        with pytest.raises(OSError, match="is a symbolic link"):
            save(tmp_path / "projections" / "x.npz", picture)
        assert list((tmp_path / "private").iterdir()) == []

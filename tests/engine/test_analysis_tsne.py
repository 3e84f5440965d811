"""t-SNE: the divergence by its definition and beside scikit-learn's."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import TSNE

from mnist_tui.engine.analysis.pca import pca
from mnist_tui.engine.analysis.tsne import ITERATIONS, largest_perplexity, tsne
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.loading import load as load_dataset
from mnist_tui.engine.training.evaluate import evaluate
from mnist_tui.engine.training.model import MLP
from tests.engine.tsne_helpers import DIGITS
from tests.helpers import ROOT, run_training


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
        # Each picture has its own memory: it is not a view of an array that changes later.
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


def test_import_is_light():
    code = "import sys, mnist_tui.engine.analysis.tsne as _;"
    code += "print({'openTSNE', 'sklearn', 'torch', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

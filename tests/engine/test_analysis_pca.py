"""Principal components: scikit-learn's full decomposition, alignment by trying all, points without variance."""

import itertools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn import decomposition
from sklearn.datasets import load_digits

from mnist_tui.engine.analysis import pca as module
from mnist_tui.engine.analysis.pca import aligned, pca
from tests.helpers import ROOT


def correlated(count, dimensions, seed=0):
    """Points with a different variance in every direction, far from the origin."""
    random = np.random.default_rng(seed)
    return random.normal(size=(count, dimensions)) @ random.normal(size=(dimensions, dimensions)) + 7


def same_up_to_sign(rows, expected, atol):
    for row, other in zip(rows, expected, strict=True):
        assert min(np.abs(row - other).max(), np.abs(row + other).max()) < atol


class TestAgainstScikitLearn:
    @pytest.mark.parametrize("components", [1, 2, 5])
    @pytest.mark.parametrize(
        "x",
        [
            load_digits().data,
            correlated(400, 12),
            correlated(300, 30).astype(np.float32),
            correlated(10, 40),
            correlated(200, 6) + 1e6,
        ],
        ids=["digits", "random", "float32", "more dimensions than points", "far away"],
    )
    def test_equal_up_to_sign(self, x, components):
        reference = decomposition.PCA(components, svd_solver="full").fit(x.astype(np.float64))
        result = pca(x, components)
        scale = np.abs(x - x.mean(axis=0)).max()
        same_up_to_sign(result.points.T, reference.transform(x.astype(np.float64)).T, 1e-7 * scale)
        same_up_to_sign(result.axes, reference.components_, 1e-7)
        np.testing.assert_allclose(result.mean, reference.mean_, rtol=1e-12)
        np.testing.assert_allclose(result.explained_variance, reference.explained_variance_, rtol=1e-7)
        np.testing.assert_allclose(result.explained_variance_ratio, reference.explained_variance_ratio_, rtol=1e-7)
        assert result.points.shape == (len(x), components)
        assert result.points.dtype == result.axes.dtype == np.float64

    def test_the_chunk_size_does_not_matter(self, monkeypatch):
        x = correlated(101, 9)
        whole = pca(x)
        monkeypatch.setattr(module, "CHUNK_BYTES", 8 * 9 * 10)
        pieces = pca(x)
        np.testing.assert_allclose(pieces.points, whole.points, atol=1e-10)
        np.testing.assert_allclose(pieces.axes, whole.axes, atol=1e-12)

    def test_largest_coordinate_is_positive(self):
        x = correlated(50, 8)
        for given in (x, -x):
            axes = pca(given, 8).axes
            assert (axes[np.arange(8), np.abs(axes).argmax(axis=1)] > 0).all()

    def test_input_is_not_changed(self):
        x = correlated(20, 4)
        before = x.copy()
        pca(x)
        assert np.array_equal(x, before)


class TestDegenerate:
    @pytest.mark.parametrize(
        "x",
        [
            np.zeros((5, 3)),
            np.full((1000, 4), 0.1),
            np.full((7, 3), 1e6 + 0.1),
            np.full((9, 2), 0.1, np.float32),
            np.ones((2, 1)),
        ],
    )
    def test_no_variance(self, x):
        result = pca(x)
        assert not result.points.any()
        assert not result.axes.any()
        assert not result.explained_variance.any()
        assert not result.explained_variance_ratio.any()

    def test_line(self):
        # All variance lies along (3, 4) / 5; the second axis has none.
        x = np.outer(np.arange(5.0), [3, 4]) + 0.1
        result = pca(x)
        np.testing.assert_allclose(result.axes, [[0.6, 0.8], [0, 0]], atol=1e-12)
        np.testing.assert_allclose(result.points[:, 0], [-10, -5, 0, 5, 10], atol=1e-12)
        assert not result.points[:, 1].any()
        np.testing.assert_allclose(result.explained_variance, [62.5, 0])  # 2 · (10² + 5²) / 4
        np.testing.assert_allclose(result.explained_variance_ratio, [1, 0])

    def test_constant_features_beside_others(self):
        x = correlated(60, 5)
        padded = np.insert(x, 2, 0.1, axis=1)
        np.testing.assert_allclose(pca(padded).points, pca(x).points, atol=1e-10)
        assert np.abs(pca(padded).axes[:, 2]).max() < 1e-12

    def test_fewer_points_or_dimensions_than_components(self):
        result = pca(np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 4.0]]), 4)  # two points 3 apart
        np.testing.assert_allclose(np.abs(result.points), [[1.5, 0, 0, 0], [1.5, 0, 0, 0]], atol=1e-12)
        assert result.axes.shape == (4, 3)
        narrow = pca(np.array([[1.0], [2.0], [6.0]]), 2)
        np.testing.assert_allclose(narrow.points, [[-2, 0], [-1, 0], [3, 0]], atol=1e-12)
        np.testing.assert_allclose(narrow.axes, [[1], [0]])

    def test_small_variance_on_a_large_mean_is_seen(self):
        x = 1000 + np.array([[0.0], [1e-9], [2e-9]])
        assert pca(x).points[2, 0] - pca(x).points[0, 0] == pytest.approx(2e-9, rel=1e-3)

    @pytest.mark.parametrize(
        ("x", "components", "words"),
        [
            (np.ones((1, 3)), 2, "at least two points"),
            (np.ones((0, 3)), 2, "at least two points"),
            (np.ones((3, 0)), 2, "at least two points"),
            (np.ones(3), 2, "at least two points"),
            (np.eye(3), 0, "at least 1"),
            (np.array([[1.0, np.nan], [1, 2]]), 2, "not finite"),
            (np.array([[1.0, np.inf], [1, 2]]), 2, "not finite"),
        ],
    )
    def test_refused(self, x, components, words):
        with pytest.raises(ValueError, match=words):
            pca(x, components)


def moved(picture, order, signs):
    """The picture with its axes in another order and mirrored, as another epoch's decomposition might give it."""
    signs = np.array(signs, float)
    order = list(order)
    return replace(
        picture,
        points=picture.points[:, order] * signs,
        axes=picture.axes[order] * signs[:, None],
        explained_variance=picture.explained_variance[order],
        explained_variance_ratio=picture.explained_variance_ratio[order],
    )


class TestAligned:
    SIGNED_ORDERS = list(itertools.product([(0, 1), (1, 0)], itertools.product([1, -1], repeat=2)))

    @pytest.mark.parametrize(("order", "signs"), SIGNED_ORDERS)
    def test_undoes_a_mirroring_and_a_swap(self, order, signs):
        picture = pca(correlated(80, 6))
        back = aligned(moved(picture, order, signs), picture)
        assert np.array_equal(back.points, picture.points)
        assert np.array_equal(back.axes, picture.axes)
        assert np.array_equal(back.explained_variance, picture.explained_variance)
        assert np.array_equal(back.explained_variance_ratio, picture.explained_variance_ratio)

    @pytest.mark.parametrize("seed", range(20))
    def test_no_other_order_or_sign_moves_the_points_less(self, seed):
        random = np.random.default_rng(seed)
        picture = pca(random.normal(size=(30, 4)))
        before = random.normal(size=(30, 2))
        distances = [
            np.square(picture.points[:, list(order)] * np.array(signs) - before).sum()
            for order, signs in self.SIGNED_ORDERS
        ]
        assert np.square(aligned(picture, before).points - before).sum() == pytest.approx(min(distances))

    def test_three_components(self):
        picture = pca(correlated(80, 6), 3)
        back = aligned(moved(picture, (2, 0, 1), (1, -1, -1)), picture)
        assert np.array_equal(back.points, picture.points)

    def test_still_a_projection(self):
        x = correlated(80, 6)
        result = aligned(pca(x), np.random.default_rng(1).normal(size=(80, 2)))
        np.testing.assert_allclose(result.points, (x - result.mean) @ result.axes.T, atol=1e-10)
        np.testing.assert_allclose(result.points.var(axis=0, ddof=1), result.explained_variance)

    def test_no_reference_to_align_with(self):
        picture = pca(correlated(10, 3))
        assert np.array_equal(aligned(picture, np.zeros((10, 2))).points, picture.points)

    def test_other_points_are_refused(self):
        with pytest.raises(ValueError, match="aligned"):
            aligned(pca(correlated(10, 3)), pca(correlated(11, 3)))


def test_import_is_light():
    code = "import sys, mnist_tui.engine.analysis.pca as _; print({'sklearn', 'torch', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

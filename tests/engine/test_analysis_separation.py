"""Measures of separation, against scikit-learn and scipy on the same points, and on pictures with a known result."""

import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.spatial
from sklearn import manifold, metrics
from sklearn.datasets import load_digits
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from mnist_tui.engine.analysis.pca import pca
from mnist_tui.engine.analysis.separation import knn_accuracy, procrustes, separation, silhouette, trustworthiness
from tests.helpers import ROOT

DIGITS, LABELS = load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def picture():
    return pca(DIGITS).points


class TestNearestNeighbours:
    @pytest.mark.parametrize("k", [1, 2, 4, 5])
    @pytest.mark.parametrize("flat", [True, False])
    def test_is_scikit_learns_leave_one_out(self, picture, k, flat):
        points, labels = (picture if flat else DIGITS)[:150], LABELS[:150]
        predicted = cross_val_predict(KNeighborsClassifier(k), points, labels, cv=LeaveOneOut())
        assert knn_accuracy(points, labels, k) == (predicted == labels).mean()

    def test_a_point_does_not_vote_for_itself(self):
        points = np.random.default_rng(0).normal(size=(40, 2))
        assert knn_accuracy(points, np.arange(40), 1) == 0
        # Nor where others lie at the same place.
        assert knn_accuracy(np.repeat(points, 2, axis=0), np.arange(80), 1) == 0
        assert knn_accuracy(np.zeros((6, 2)), np.arange(6), 2) == 0

    def test_many_points_at_one_place(self):
        points = np.repeat([[0.0, 0], [1, 0]], 20, axis=0)
        assert knn_accuracy(points, np.repeat([7, 3], 20), 5) == 1

    def test_of_equal_votes_the_smallest_label_wins(self):
        # On a line, for k = 2: the point at 0 asks those at 1 and 3, with labels 2 and 9, and so is given the 2.
        points = np.array([[0.0, 0], [1, 0], [3, 0]])
        assert knn_accuracy(points, np.array([2, 2, 9]), 2) == pytest.approx(2 / 3)
        assert knn_accuracy(points, np.array([9, 2, 9]), 2) == 0

    def test_a_sample_of_queries_against_all_points(self):
        # Pairs of equal labels, far apart from each other: among the asked alone there would be no equal label.
        points = np.repeat(np.arange(500.0)[:, None] * [10, 0], 2, axis=0)
        points[1::2, 1] = 1
        labels = np.repeat(np.arange(500), 2)
        assert knn_accuracy(points, labels, 1, queries=20) == 1

    def test_the_seed_chooses_the_sample(self, picture):
        values = [knn_accuracy(picture, LABELS, queries=100, seed=seed) for seed in (0, 0, 1, 2, 3)]
        assert values[0] == values[1]
        assert len(set(values)) > 1
        assert all((100 * value) == pytest.approx(round(100 * value)) for value in values)
        assert np.mean(values) == pytest.approx(knn_accuracy(picture, LABELS), abs=0.1)

    def test_too_few_points(self):
        assert math.isnan(knn_accuracy(np.zeros((5, 2)), np.zeros(5, int), 5))
        assert knn_accuracy(np.zeros((6, 2)), np.zeros(6, int), 5) == 1


class TestSilhouette:
    def test_is_scikit_learns(self, picture):
        assert silhouette(picture, LABELS) == pytest.approx(metrics.silhouette_score(picture, LABELS), abs=1e-12)

    def test_by_hand(self):
        # Two classes at distance 4, their points 1 apart: a = 1; b is 4.5 for the outer points and 3.5 for the inner.
        points = np.array([[0.0, 0], [1, 0], [4, 0], [5, 0]])
        expected = ((4.5 - 1) / 4.5 + (3.5 - 1) / 3.5) / 2
        assert silhouette(points, np.array([0, 0, 1, 1])) == pytest.approx(expected)

    def test_sample(self, picture):
        values = [silhouette(picture, LABELS, sample=300, seed=seed) for seed in (0, 0, 1)]
        assert values[0] == values[1] != values[2]
        assert values[0] == pytest.approx(silhouette(picture, LABELS), abs=0.1)

    @pytest.mark.parametrize("labels", [[1, 1, 1], [1, 2, 3]])
    def test_undefined_silhouette(self, labels):
        assert math.isnan(silhouette(np.eye(3)[:, :2], np.array(labels)))


class TestTrustworthiness:
    @pytest.mark.parametrize("k", [1, 5])
    def test_is_scikit_learns(self, picture, k):
        expected = manifold.trustworthiness(DIGITS, picture, n_neighbors=k)
        assert trustworthiness(DIGITS, picture, k) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("digits", [0, 6])
    def test_in_blocks(self, dtype, digits):
        # More than two blocks, the last one short; rounded to whole numbers, nearly every row has equal distances.
        random = np.random.default_rng(5)
        x = np.maximum(random.normal(size=(620, 30)) * 3, 0).round(digits).astype(dtype)
        points = x[:, :2] + random.normal(size=(620, 2))
        expected = manifold.trustworthiness(x, points, n_neighbors=5)
        assert trustworthiness(x, points, 5) == pytest.approx(expected, abs=1e-12)
        assert 0.5 < expected < 0.95

    def test_perfect_and_random(self, picture):
        assert trustworthiness(picture, picture) == 1
        random = np.random.default_rng(0).normal(size=picture.shape)
        assert trustworthiness(DIGITS, random) == pytest.approx(0.5, abs=0.05)

    def test_sample(self, picture):
        values = [trustworthiness(DIGITS, picture, sample=300, seed=seed) for seed in (0, 0, 1)]
        assert values[0] == values[1] != values[2]

    def test_too_few_points(self):
        assert math.isnan(trustworthiness(np.eye(10), np.eye(10)[:, :2], 5))


class TestProcrustes:
    def turned(self, points, degrees, scale=1.0, mirrored=False):
        angle = math.radians(degrees)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        return points * ([1, -1] if mirrored else [1, 1]) @ turn * scale + [3, -8]

    @pytest.mark.parametrize("seed", range(5))
    def test_disparity_is_scipys(self, picture, seed):
        random = np.random.default_rng(seed)
        for other in (random.normal(size=picture.shape), self.turned(picture, 40) + random.normal(0, 5, picture.shape)):
            expected = scipy.spatial.procrustes(picture, other)[2]
            match = procrustes(picture, other)
            assert match.disparity == pytest.approx(expected, abs=1e-12)
            assert match.r2 == pytest.approx(1 - expected, abs=1e-12)
            assert 0 < expected < 1
            assert procrustes(other, picture).disparity == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("degrees", [-170, -90, 0, 12.5, 135])
    @pytest.mark.parametrize("mirrored", [True, False])
    def test_finds_the_rotation(self, picture, degrees, mirrored):
        match = procrustes(self.turned(picture, degrees, 2.5, mirrored), picture)
        assert match.disparity == pytest.approx(0, abs=1e-12)
        assert match.degrees == pytest.approx(degrees)
        assert match.reflected == mirrored
        assert match.scale == pytest.approx(2.5)

    def test_what_remains_is_the_disparity(self, picture):
        other = np.random.default_rng(3).normal(size=picture.shape) + picture
        match = procrustes(picture, other)
        target, start = picture - picture.mean(axis=0), other - other.mean(axis=0)
        remains = np.square(target - match.scale * start @ match.rotation).sum()
        assert remains / np.square(target).sum() == pytest.approx(match.disparity)
        np.testing.assert_allclose(match.rotation @ match.rotation.T, np.eye(2), atol=1e-12)

    @pytest.mark.parametrize(
        ("a", "b", "words"),
        [
            (np.eye(2), np.zeros((3, 2)), "the same shape"),
            (np.eye(3), np.eye(3), "the same shape"),
            (np.full((4, 2), 0.1), np.ones((4, 2)), "all points coincide"),
            (np.eye(2), np.full((2, 2), 0.1), "all points coincide"),
            (np.eye(2), np.array([[np.nan, 0], [1, 1]]), "not finite"),
        ],
    )
    def test_refused(self, a, b, words):
        with pytest.raises(ValueError, match=words):
            procrustes(a, b)


class TestAll:
    def test_is_made_of_the_parts(self, picture):
        result = separation(DIGITS, picture, LABELS, k=3, sample=500, queries=700, seed=4)
        assert result.knn_plane == knn_accuracy(picture, LABELS, 3, queries=700, seed=4)
        assert result.knn_full == knn_accuracy(DIGITS, LABELS, 3, queries=700, seed=4)
        assert result.silhouette == silhouette(picture, LABELS, sample=500, seed=4)
        assert result.trustworthiness == trustworthiness(DIGITS, picture, 3, sample=500, seed=4)
        assert (result.k, result.sample, result.queries) == (3, 500, 700)
        # 64 dimensions tell the digits apart far better than the best two.
        assert result.knn_full > 0.97
        assert 0.5 < result.knn_plane < 0.75

    def test_uses_all_of_5000_points(self):
        random = np.random.default_rng(2)
        result = separation(random.normal(size=(5000, 3)), random.normal(size=(5000, 2)), random.integers(0, 9, 5000))
        assert (result.sample, result.queries) == (5000, 5000)

    def test_reports_the_sample_size(self, picture):
        result = separation(DIGITS[:90], picture[:90], LABELS[:90])
        assert (result.sample, result.queries) == (90, 90)

    def test_hardly_any_points(self):
        result = separation(np.eye(3), np.eye(3)[:, :2], np.array([1, 1, 2]))
        assert math.isnan(result.knn_full)
        assert math.isnan(result.trustworthiness)
        assert not math.isnan(result.silhouette)

    def test_other_lengths_are_refused(self, picture):
        with pytest.raises(ValueError, match="differ in length"):
            separation(DIGITS, picture[:-1], LABELS)

    def test_not_finite(self, picture):
        with pytest.raises(ValueError, match="NaN"):
            separation(DIGITS, picture * np.nan, LABELS)


def test_import_is_light():
    code = "import sys, mnist_tui.engine.analysis.separation as _;"
    code += "print({'sklearn', 'torch', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

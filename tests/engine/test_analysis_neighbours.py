"""Nearest points: scikit-learn's brute force in double precision, a naive loop for ties, and close points far out."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from mnist_tui.engine.analysis import neighbours
from mnist_tui.engine.analysis.neighbours import nearest
from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.idx import read_images


def points(count, dimensions, seed, *, scale=3.0, offset=0.0):
    """Like a hidden layer: half of the values are 0."""
    values = np.maximum(np.random.default_rng(seed).normal(0, scale, (count, dimensions)), 0) + offset
    return values.astype(np.float32)


def naive(queries, references, k, exclude=None):
    """One distance at a time, in double precision; equal ones by index."""
    indices, distances = [], []
    for row, query in enumerate(queries.astype(np.float64)):
        all_distances = [
            float(np.sqrt(((reference - query) ** 2).sum())) for reference in references.astype(np.float64)
        ]
        left = [i for i in range(len(references)) if exclude is None or i != exclude[row]]
        indices.append(sorted(left, key=lambda i: (all_distances[i], i))[:k])
        distances.append([all_distances[i] for i in indices[-1]])
    return np.array(indices), np.array(distances)


def scikit_learn(queries, references, k):
    model = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(references.astype(np.float64))
    distances, indices = model.kneighbors(queries.astype(np.float64))
    return indices, distances


@pytest.mark.parametrize("k", [1, 9, 500])
@pytest.mark.parametrize("dimensions", [2, 100])
def test_is_scikit_learns(k, dimensions):
    references, queries = points(3000, dimensions, 0), points(40, dimensions, 1)
    result = nearest(queries, references, k)
    indices, distances = scikit_learn(queries, references, k)
    np.testing.assert_allclose(result.distances, distances, rtol=1e-9)
    # In 2-d a quarter of the points is (0, 0): their indices are arbitrary, their distances are not.
    if dimensions == 100:
        assert np.array_equal(result.indices, indices)
    assert (result.indices.dtype, result.distances.dtype) == (np.int64, np.float64)


def test_all_references():
    references, queries = points(50, 8, 0), points(3, 8, 1)
    expected = naive(queries, references, 50)
    result = nearest(queries, references, 50)
    assert np.array_equal(result.indices, expected[0])
    np.testing.assert_allclose(result.distances, expected[1], rtol=1e-12)


def test_ties_by_index():
    # Whole numbers: many distances are exactly equal.
    random = np.random.default_rng(0)
    references, queries = (random.integers(0, 3, (n, 4)).astype(np.float32) for n in (200, 20))
    for k in (1, 7, 60):
        assert np.array_equal(nearest(queries, references, k).indices, naive(queries, references, k)[0])


@pytest.mark.parametrize("same", [0.0, 5.0])
def test_all_references_alike(same):
    # A network whose last hidden layer is dead has the same output for every image.
    result = nearest(np.full((2, 6), 5, np.float32), np.full((40, 6), same, np.float32), 3)
    assert result.indices.tolist() == [[0, 1, 2]] * 2
    assert result.distances == pytest.approx(np.sqrt(6) * (5 - same))


def test_close_points_far_from_the_origin():
    """|a|² is about 10⁸ and the distances about 0.01, far below what is left of them in |a|² - 2ab + |b|²."""
    random = np.random.default_rng(0)
    references = (1000 + random.normal(0, 0.001, (500, 100))).astype(np.float32)
    queries = (1000 + random.normal(0, 0.001, (10, 100))).astype(np.float32)
    expected = naive(queries, references, 5)
    result = nearest(queries, references, 5)
    assert np.array_equal(result.indices, expected[0])
    np.testing.assert_allclose(result.distances, expected[1], rtol=1e-12)


def test_its_own_image_is_at_distance_0_or_excluded():
    references = points(300, 100, 0)
    chosen = np.array([5, 0, 299])
    found = nearest(references[chosen], references, 4)
    assert found.indices[:, 0].tolist() == chosen.tolist()
    assert found.distances[:, 0].tolist() == [0, 0, 0]
    without = nearest(references[chosen], references, 3, exclude=chosen)
    assert np.array_equal(without.indices, found.indices[:, 1:])
    assert np.array_equal(without.distances, found.distances[:, 1:])


def test_exclude_keeps_an_equal_point():
    references = np.array([[1, 1], [1, 1], [4, 5]], np.float32)
    result = nearest(references, references, 2, exclude=np.arange(3))
    assert result.indices.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert result.distances.tolist() == [[0, 5], [0, 5], [5, 5]]


@pytest.mark.parametrize("room", [1, 3, 7, 20])
def test_chunks_change_nothing(monkeypatch, room):
    references, queries = points(400, 10, 0), points(20, 10, 1)
    exclude = np.arange(20)
    whole = nearest(queries, references, 5, exclude)
    monkeypatch.setattr(neighbours, "CHUNK_BYTES", room * 2 * 400 * 4)
    pieces = nearest(queries, references, 5, exclude)
    assert np.array_equal(pieces.indices, whole.indices)
    assert np.array_equal(pieces.distances, whole.distances)


def test_no_queries():
    assert nearest(points(0, 5, 0), points(10, 5, 1), 3).indices.shape == (0, 3)


@pytest.mark.parametrize(("k", "exclude"), [(0, None), (11, None), (10, np.array([0]))])
def test_refuses_a_k_out_of_range(k, exclude):
    with pytest.raises(ValueError, match="k must be from 1 to"):
        nearest(points(1, 5, 0), points(10, 5, 1), k, exclude)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_what_is_not_finite(value):
    broken = points(10, 5, 0)
    broken[3, 3] = value
    for queries, references in ((broken, points(10, 5, 1)), (points(10, 5, 1), broken)):
        with pytest.raises(ValueError, match="not finite"):
            nearest(queries, references, 2)


def test_real_images(mnist_folder):
    """Pixels are whole numbers up to 255, so that double precision is exact."""
    images = read_images(mnist_folder / "MNIST" / "raw", CATALOG["mnist"].test_images).reshape(-1, 784)
    images = images.astype(np.float32)
    result = nearest(images[:25], images, 6)
    squares = np.array([((images.astype(np.float64) - image) ** 2).sum(axis=1) for image in images[:25]])
    assert np.array_equal(result.indices, np.argsort(squares, axis=1, kind="stable")[:, :6])
    assert np.array_equal(result.distances, np.sqrt(np.sort(squares, axis=1)[:, :6]))

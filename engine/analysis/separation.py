"""How well a picture keeps the classes apart, and how true it is to what it depicts: numbers beside a projection."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K = 5
"""Neighbours that vote, and that are compared."""
SAMPLE = 2000
"""Points that the silhouette and the trustworthiness look at: their work grows with the square."""
QUERIES = 5000
"""Points that are classified by their neighbours among all."""


@dataclass(frozen=True, slots=True)
class Separation:
    """Numbers about a picture of N points; NaN where there are too few points or classes for one."""

    knn_picture: float
    """Accuracy of classifying points by their nearest neighbours in the picture."""
    knn_full: float
    """The same in the full representation: what the picture could keep."""
    queries: int
    """How many points were so classified, by neighbours among all N."""
    silhouette: float
    """From -1 (among other classes) over 0 to 1 (classes far apart and dense), in the picture."""
    trustworthiness: float
    """From 0 to 1: whether neighbours in the picture are neighbours in the full representation."""
    sample: int
    """How many points the silhouette and the trustworthiness looked at, chosen at random."""
    k: int
    """Neighbours that vote, and that are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class ProcrustesMatch:
    """How well one picture b can be laid on another one, a, by shifting, scaling, rotating and mirroring it."""

    disparity: float
    """The squared distances that remain, as a fraction of a's own: from 0 (the same picture) to 1."""
    rotation: NDArray[np.float64]
    """(2, 2), orthogonal: b, centred, times `scale` times this lies best on a, centred."""
    scale: float
    reflected: bool
    """Whether the rotation also mirrors."""

    @property
    def r2(self) -> float:
        """The fraction of a's variance that b explains: 1 less the disparity."""
        return 1 - self.disparity

    @property
    def degrees(self) -> float:
        """The rotation's angle, anticlockwise, from -180 to 180; behind a mirroring of b's second axis, if any."""
        return math.degrees(math.atan2(self.rotation[0, 1], self.rotation[0, 0]))


def separation(
    x: NDArray[np.floating],
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    k: int = K,
    sample: int = SAMPLE,
    queries: int = QUERIES,
    seed: int = 0,
) -> Separation:
    """All numbers beside a picture; on one thread about half a second for 5,000 × 100.

    Args:
        x: (N, D): the representation that is depicted.
        points: (N, 2): the picture.
        labels: (N,)
        sample, queries: at most so many points for the slow and for the fast numbers, chosen by `seed`.

    Raises ValueError where the lengths differ or a value is not finite.
    """
    if not len(x) == len(points) == len(labels):
        raise ValueError(f"{len(x)} points, {len(points)} in the picture and {len(labels)} labels do not go together")
    return Separation(
        knn_picture=knn_accuracy(points, labels, k, queries=queries, seed=seed),
        knn_full=knn_accuracy(x, labels, k, queries=queries, seed=seed),
        queries=min(queries, len(x)),
        silhouette=silhouette(points, labels, sample=sample, seed=seed),
        trustworthiness=trustworthiness(x, points, k, sample=sample, seed=seed),
        sample=min(sample, len(x)),
        k=k,
    )


def knn_accuracy(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    k: int = K,
    *,
    queries: int = QUERIES,
    seed: int = 0,
) -> float:
    """The fraction of points whose label is the most frequent one among their k nearest others; NaN for N ≤ k.

    Of equally frequent labels the smallest counts. It is the leave-one-out accuracy of scikit-learn's
    `KNeighborsClassifier`; of more than `queries` points only so many are classified, chosen by `seed`, but by their
    neighbours among all.

    Args:
        points: (N, D); labels: (N,).
    """
    from sklearn.neighbors import NearestNeighbors

    if len(points) <= k:
        return math.nan
    asked = _choose(len(points), queries, seed)
    search = NearestNeighbors(n_neighbors=k + 1, n_jobs=1).fit(points)
    found = search.kneighbors(points[asked], return_distance=False)
    # A point is its own nearest neighbour. Where more than k others lie at the same place it may not be among those
    # found, and then one of them is too many.
    others = found != asked[:, None]
    others[others.all(axis=1), -1] = False
    neighbours = found[others].reshape(-1, k)

    classes, numbers = np.unique(labels, return_inverse=True)
    votes = np.zeros((len(asked), len(classes)), np.int64)
    np.add.at(votes, (np.arange(len(asked))[:, None], numbers[neighbours]), 1)
    return float((votes.argmax(axis=1) == numbers[asked]).mean())


def silhouette(
    points: NDArray[np.floating], labels: NDArray[np.integer], *, sample: int = SAMPLE, seed: int = 0
) -> float:
    """The mean silhouette of at most `sample` of (N, 2) points, in their (N,) classes.

    Returns:
        From -1 to 1; NaN where there is only one class, or where no point has another one of its class.

    Source: P. J. Rousseeuw, Silhouettes, J. Comput. Appl. Math. 20 (1987), by scikit-learn's `silhouette_score`.
    """
    from sklearn.metrics import silhouette_score

    chosen = _choose(len(points), sample, seed)
    if not 2 <= len(np.unique(labels[chosen])) < len(chosen):
        return math.nan
    return float(silhouette_score(points[chosen], labels[chosen]))


def trustworthiness(
    x: NDArray[np.floating],
    points: NDArray[np.floating],
    n_neighbors: int = K,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
) -> float:
    """How far the nearest neighbours in the picture are also near in the (N, D) points `x` that it depicts.

    Args:
        points: (N, 2): the picture; at most `sample` of its points are compared.

    Returns:
        From 0 to 1; NaN for 2 · `n_neighbors` points or less.

    Source: J. Venna and S. Kaski, ICANN 2001, by scikit-learn's `trustworthiness`.
    """
    from sklearn.manifold import trustworthiness as measure

    chosen = _choose(len(x), sample, seed)
    if len(chosen) <= 2 * n_neighbors:
        return math.nan
    return float(measure(x[chosen], points[chosen], n_neighbors=n_neighbors))


def procrustes(a: NDArray[np.floating], b: NDArray[np.floating]) -> ProcrustesMatch:
    """The best match of two (N, 2) pictures of the same N things; it does not matter which of them is moved.

    Both are centred and brought to the same size; the best orthogonal matrix comes from the singular values s of
    aᵀb, and the disparity is 1 - (Σ s)². The same as scipy's `scipy.spatial.procrustes`.

    Raises ValueError where the shapes differ, a value is not finite, or all points of a picture lie at one place.

    Source: P. H. Schönemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 31 (1966).
    """
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] != 2:
        raise ValueError(f"pictures must be (N, 2) points, as many in both, not of shapes {a.shape} and {b.shape}")
    for points in (a, b):
        if not np.isfinite(points).all():
            raise ValueError("points with values that are not finite can't be matched")
        if not np.ptp(points, axis=0).any():
            raise ValueError("points that all lie at one place can't be matched")
    target, moved = (points - points.mean(axis=0, dtype=np.float64) for points in (a, b))
    target_size, moved_size = float(np.linalg.norm(target)), float(np.linalg.norm(moved))
    left, values, right = np.linalg.svd(moved.T @ target / (target_size * moved_size))
    fit = float(values.sum())
    rotation = left @ right
    return ProcrustesMatch(
        disparity=max(0.0, 1 - fit * fit),
        rotation=rotation,
        scale=fit * target_size / moved_size,
        reflected=bool(np.linalg.det(rotation) < 0),
    )


def _choose(count: int, most: int, seed: int) -> NDArray[np.int64]:
    """All of `count` indices, or `most` of them by chance, ascending."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False)).astype(np.int64)

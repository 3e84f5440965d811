"""Exact nearest-neighbour search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 64 << 20
"""Memory limit of the distances computed at a time."""
ROUNDING = 2.0**-24
"""The largest relative error of one float32 operation."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The k nearest references of Q queries by ascending distance; ties by index."""

    indices: NDArray[np.int64]
    """(Q, k): indices into the references."""
    distances: NDArray[np.float64]
    """(Q, k): Euclidean distances."""


def nearest(
    queries: NDArray[np.float32],
    references: NDArray[np.float32],
    k: int,
    exclude: NDArray[np.integer] | None = None,
) -> Neighbours:
    """Return the exact k nearest references of each query by Euclidean distance.

    Args:
        queries: (Q, D) float32.
        references: (R, D) float32.
        k: from 1 to R, or to R - 1 with `exclude`.
        exclude: (Q,): index of a reference to skip for each query, such as the query itself.

    Raises ValueError if k is out of range or a value is not finite.
    """
    available = len(references) - (exclude is not None)
    if not 1 <= k <= available:
        raise ValueError(f"k must be from 1 to {available}, not {k}")
    # |a - b|² = |a|² - 2ab + |b|² reduces the work to a matrix product, but suffers from cancellation where a and b are
    # close. It therefore only selects candidates, with a margin for the largest rounding error; their distances are
    # then computed directly.
    query_squares = np.einsum("ij,ij->i", queries, queries)
    reference_squares = np.einsum("ij,ij->i", references, references)
    if not (np.isfinite(query_squares).all() and np.isfinite(reference_squares).all()):
        raise ValueError("the points contain values that are not finite")
    # |a|² is the same for all references and is omitted. The error of an inner product of D terms is at most D
    # roundings of |a||b|, likewise for |b|²; the remaining terms cover the subtraction and a safety margin.
    # Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), section 3.1.
    largest = reference_squares.max()
    errors = (queries.shape[1] + 4) * ROUNDING * (largest + 2 * np.sqrt(query_squares * largest))

    indices = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k), np.float64)
    chunk = max(1, CHUNK_BYTES // (2 * reference_squares.nbytes))  # half for the copy that np.partition makes
    for start in range(0, len(queries), chunk):
        stop = min(start + chunk, len(queries))
        rough = queries[start:stop] @ references.T
        rough *= -2
        rough += reference_squares
        if exclude is not None:
            rough[np.arange(stop - start), exclude[start:stop]] = np.inf
        limits = np.partition(rough, k - 1, axis=1)[:, k - 1] + 2 * errors[start:stop]
        for row, (distance, limit) in enumerate(zip(rough, limits, strict=True), start):
            candidates = np.flatnonzero(distance <= limit)
            steps = references[candidates].astype(np.float64) - queries[row]
            exact = np.sqrt(np.einsum("ij,ij->i", steps, steps))
            closest = np.argsort(exact, kind="stable")[:k]
            indices[row], distances[row] = candidates[closest], exact[closest]
    return Neighbours(indices, distances)

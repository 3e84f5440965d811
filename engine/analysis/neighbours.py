"""Which points lie nearest to a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 64 << 20
"""Room for the distances that are held at once."""
ROUNDING = 2.0**-24
"""The largest relative error of one float32 operation."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The k nearest references of Q queries, the nearest first; equally distant ones by their index."""

    indices: NDArray[np.int64]
    """(Q, k): places in the references."""
    distances: NDArray[np.float64]
    """(Q, k): Euclidean."""


def nearest(
    queries: NDArray[np.float32],
    references: NDArray[np.float32],
    k: int,
    exclude: NDArray[np.integer] | None = None,
) -> Neighbours:
    """The exact k nearest references of each query, by Euclidean distance.

    Args:
        queries: (Q, D) float32.
        references: (R, D) float32.
        k: from 1 to R, or to R - 1 with `exclude`.
        exclude: (Q,): a reference that each query may not find: itself, where queries are among the references.

    Raises ValueError where k is out of range, or where a value is not finite.
    """
    available = len(references) - (exclude is not None)
    if not 1 <= k <= available:
        raise ValueError(f"k must be from 1 to {available}, not {k}")
    # |a - b|² = |a|² - 2ab + |b|² lets the matrix product do the work, but cancels where a and b are close. So it only
    # sorts out candidates, with room for the largest rounding error; their distances are then computed directly.
    query_squares = np.einsum("ij,ij->i", queries, queries)
    reference_squares = np.einsum("ij,ij->i", references, references)
    if not (np.isfinite(query_squares).all() and np.isfinite(reference_squares).all()):
        raise ValueError("points with values that are not finite have no neighbours")
    # |a|² is the same for all references, so it is left out. An inner product of D terms is wrong by at most D
    # roundings of |a||b|, |b|² likewise; the rest is the subtraction and some air.
    # Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), section 3.1.
    largest = reference_squares.max()
    errors = (queries.shape[1] + 4) * ROUNDING * (largest + 2 * np.sqrt(query_squares * largest))

    indices = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k), np.float64)
    chunk = max(1, CHUNK_BYTES // (2 * reference_squares.nbytes))  # half for numpy's copy while it partitions
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

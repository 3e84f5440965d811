"""Principal component analysis, and its alignment across epochs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 16 << 20
"""Memory limit of the float64 copy of the points processed at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class PCA:
    """C principal components of N points in D dimensions."""

    points: NDArray[np.float64]
    """(N, C): coordinates of the centred points along the axes."""
    mean: NDArray[np.float64]
    """(D,)"""
    axes: NDArray[np.float64]
    """(C, D): orthonormal; an axis without variance is 0, and so are the coordinates along it."""
    explained_variance: NDArray[np.float64]
    """(C,): variance along each axis, with N - 1 in the denominator."""
    explained_variance_ratio: NDArray[np.float64]
    """(C,): fraction of the total variance explained by each axis; 0 if the total is 0."""


def pca(x: NDArray[np.floating], components: int = 2) -> PCA:
    """Return the principal components of (N, D) points by descending variance.

    The largest coordinate of each axis is positive, so that equal points give equal results. Components in excess of
    the dimensions or the points are 0.

    Definitions as in scikit-learn's `PCA`; computed from the eigenvectors of the D×D covariance matrix, which is much
    faster than a decomposition of all points if N is far larger than D.

    Raises ValueError for less than two points, less than one component, and values that are not finite.
    """
    if x.ndim != 2 or len(x) < 2 or x.shape[1] < 1:
        raise ValueError(f"principal components need at least two points as (N, D), not an array of shape {x.shape}")
    if components < 1:
        raise ValueError(f"components must be at least 1, not {components}")
    count, dimensions = x.shape
    mean = x.mean(axis=0, dtype=np.float64)
    if not np.isfinite(mean).all():
        raise ValueError("the points contain values that are not finite")

    rows = max(1, CHUNK_BYTES // (8 * dimensions))
    pieces = [slice(start, start + rows) for start in range(0, count, rows)]
    scatter = np.zeros((dimensions, dimensions))
    for piece in pieces:
        centred = x[piece] - mean
        scatter += centred.T @ centred
    # In ascending order; rounding can make the smallest slightly negative.
    variances, vectors = np.linalg.eigh(scatter / (count - 1))
    variances, axes = np.maximum(variances[::-1], 0), vectors.T[::-1]
    total = variances.sum()
    # Bound of the rounding errors, below which a variance counts as 0.
    rounding = np.finfo(np.float64).eps * max(count, dimensions)
    real = variances > rounding * max(variances[0], rounding * float(mean @ mean))

    kept = min(components, dimensions)
    chosen = np.zeros((components, dimensions))
    chosen[:kept] = np.where(real[:kept, None], axes[:kept], 0)
    largest = np.abs(chosen).argmax(axis=1)
    chosen *= np.where(chosen[np.arange(components), largest] < 0, -1.0, 1.0)[:, None]
    explained = np.zeros(components)
    explained[:kept] = np.where(real[:kept], variances[:kept], 0)
    return PCA(
        points=np.concatenate([(x[piece] - mean) @ chosen.T for piece in pieces]),
        mean=mean,
        axes=chosen,
        explained_variance=explained,
        explained_variance_ratio=explained / total if total else explained,
    )


def aligned(current: PCA, previous: PCA | NDArray[np.floating]) -> PCA:
    """Permute and mirror the axes of `current` so that its points lie closest to those of `previous`.

    Principal components are defined only up to their signs, and two of similar variance swap easily, so that a plot
    could flip from one epoch to the next. This function minimizes the sum of squared distances between corresponding
    points over all orders and signs of the axes. The sum is a constant minus twice Σₖ sₖ ⟨new column oₖ, old column
    k⟩, so the best sign sₖ is that of the inner product, and the best order o maximizes the sum of absolute values.

    Args:
        previous: the earlier projection or its (N, C) points, of the same images in the same order.

    Raises ValueError if the shapes differ.
    """
    before = previous.points if isinstance(previous, PCA) else previous
    if before.shape != current.points.shape:
        raise ValueError(f"points of shape {current.points.shape} can't be aligned with those of {before.shape}")
    products = current.points.T @ before
    columns = np.arange(len(products))
    orders = itertools.permutations(columns.tolist())  # the identity comes first and wins ties
    order = np.array(max(orders, key=lambda order: float(np.abs(products[order, columns]).sum())))
    signs = np.where(products[order, columns] < 0, -1.0, 1.0)
    return replace(
        current,
        points=current.points[:, order] * signs,
        axes=current.axes[order] * signs[:, None],
        explained_variance=current.explained_variance[order],
        explained_variance_ratio=current.explained_variance_ratio[order],
    )


def orientation(aligned_pca: PCA, original: PCA) -> tuple[int, int]:
    """Return the 1-based index of each of the first two axes of `aligned_pca` in `original`, negative if mirrored."""
    products = aligned_pca.axes[:2] @ original.axes[:2].T
    kept = np.abs(products.diagonal()).sum() >= np.abs(products[::-1].diagonal()).sum()
    across, up = (0, 1) if kept else (1, 0)
    return (
        (across + 1) * (-1 if products[0, across] < 0 else 1),
        (up + 1) * (-1 if products[1, up] < 0 else 1),
    )


def oriented(projection: PCA, axes: tuple[int, int]) -> PCA:
    """Permute and mirror the axes of a projection onto two components, as described by `orientation`."""
    order, signs = np.abs(axes) - 1, np.sign(axes).astype(float)
    return replace(
        projection,
        points=projection.points[:, order] * signs,
        axes=projection.axes[order] * signs[:, None],
        explained_variance=projection.explained_variance[order],
        explained_variance_ratio=projection.explained_variance_ratio[order],
    )

"""The flat picture of many-dimensional points that keeps the most of their variance."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 16 << 20
"""Room for the float64 copy of the points that are added up at once."""


@dataclass(frozen=True, slots=True, eq=False)
class PCA:
    """The principal components of N points in D dimensions, C of them."""

    points: NDArray[np.float64]
    """(N, C): each point's coordinates along the axes, measured from the mean."""
    mean: NDArray[np.float64]
    """(D,)"""
    axes: NDArray[np.float64]
    """(C, D): orthogonal and of length 1, but all 0 where no variance is left for an axis; the points then lie at 0."""
    explained_variance: NDArray[np.float64]
    """(C,): the points' variance along each axis, with N - 1 in the denominator."""
    explained_variance_ratio: NDArray[np.float64]
    """(C,): the same as a fraction of the variance in all D dimensions; 0 where there is none."""


def pca(x: NDArray[np.floating], components: int = 2) -> PCA:
    """The principal components of (N, D) points, those of the largest variance first.

    An axis's largest coordinate is positive, so that equal points give equal pictures. There may be more components
    than dimensions or points: the axes that can't be are 0.

    Raises ValueError for less than two points, less than one component, and values that are not finite.

    Definitions as in scikit-learn's `PCA`; by the eigenvectors of the D×D covariance, which is much less work than a
    decomposition of all points where N is far larger than D.
    """
    if x.ndim != 2 or len(x) < 2 or x.shape[1] < 1:
        raise ValueError(f"principal components need at least two points as (N, D), not an array of shape {x.shape}")
    if components < 1:
        raise ValueError(f"components must be at least 1, not {components}")
    count, dimensions = x.shape
    mean = x.mean(axis=0, dtype=np.float64)
    if not np.isfinite(mean).all():
        raise ValueError("points with values that are not finite have no principal components")

    rows = max(1, CHUNK_BYTES // (8 * dimensions))
    pieces = [slice(start, start + rows) for start in range(0, count, rows)]
    scatter = np.zeros((dimensions, dimensions))
    for piece in pieces:
        centred = x[piece] - mean
        scatter += centred.T @ centred
    # In ascending order; rounding can leave the smallest a little below 0.
    variances, vectors = np.linalg.eigh(scatter / (count - 1))
    variances, axes = np.maximum(variances[::-1], 0), vectors.T[::-1]
    total = variances.sum()
    # What is left of a direction without variance is the rounding of the mean and of the sums, as large as this.
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
    """`current` with its axes mirrored and in another order, so that the points lie closest to where they were.

    Principal components are known only up to their signs, and two of almost the same variance change places at the
    slightest cause; from one epoch to the next a picture would flip for no reason that one could see. Of all orders
    and signs of the axes this takes those with the least sum of squared distances between the points of `previous`
    and the same images' points now. That sum is a constant less twice Σₖ sₖ ⟨new column oₖ, old column k⟩, so the best
    sign sₖ is the inner product's own, and the best order o has the largest sum of their absolute values.

    Args:
        previous: the earlier picture or its (N, C) points, of the same images in the same order.

    Raises ValueError where the shapes differ.
    """
    before = previous.points if isinstance(previous, PCA) else previous
    if before.shape != current.points.shape:
        raise ValueError(f"points of shape {current.points.shape} can't be aligned with those of {before.shape}")
    products = current.points.T @ before
    columns = np.arange(len(products))
    orders = itertools.permutations(columns.tolist())  # as it is comes first, and so wins where all are the same
    order = np.array(max(orders, key=lambda order: float(np.abs(products[order, columns]).sum())))
    signs = np.where(products[order, columns] < 0, -1.0, 1.0)
    return replace(
        current,
        points=current.points[:, order] * signs,
        axes=current.axes[order] * signs[:, None],
        explained_variance=current.explained_variance[order],
        explained_variance_ratio=current.explained_variance_ratio[order],
    )


def orientation(turned: PCA, plain: PCA) -> tuple[int, int]:
    """Which of the first two components of `plain` each of `turned` is, from 1, and negative where it is mirrored."""
    products = turned.axes[:2] @ plain.axes[:2].T
    kept = np.abs(products.diagonal()).sum() >= np.abs(products[::-1].diagonal()).sum()
    across, up = (0, 1) if kept else (1, 0)
    return (
        (across + 1) * (-1 if products[0, across] < 0 else 1),
        (up + 1) * (-1 if products[1, up] < 0 else 1),
    )


def oriented(picture: PCA, axes: tuple[int, int]) -> PCA:
    """The picture of two components with these as its axes, as `orientation` names them."""
    order, signs = np.abs(axes) - 1, np.sign(axes).astype(float)
    return replace(
        picture,
        points=picture.points[:, order] * signs,
        axes=picture.axes[order] * signs[:, None],
        explained_variance=picture.explained_variance[order],
        explained_variance_ratio=picture.explained_variance_ratio[order],
    )

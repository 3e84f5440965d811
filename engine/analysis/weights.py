"""Weights of a network: the first layer as images, deeper layers as matrices, and details of single units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.orders import Order

if TYPE_CHECKING:  # converting a tensor to an array needs no import
    from torch import Tensor

Weights = Mapping[str, "Tensor | NDArray[np.floating]"]
"""State dict on the CPU, with its layers ordered from the input to the output."""
CHUNK = 1000
"""Images converted at a time; they fit into a CPU's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class FirstLayer:
    """Weights of the first layer as images, and their statistics."""

    pictures: NDArray[np.float32]
    """(units, side, side)"""
    norms: NDArray[np.float64]
    """(units,): Euclidean norm of the weights of each unit."""
    morans_i: NDArray[np.float64]
    """(units,): spatial autocorrelation: near 1 for smooth images, near 0 for noise, below 0 for a checkerboard."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerMatrix:
    """Parameters of a layer."""

    name: str
    weights: NDArray[np.float32]
    """(out, in)"""
    bias: NDArray[np.float32]
    """(out,)"""


@dataclass(frozen=True, slots=True, eq=False)
class Neuron:
    """Response of one unit of the first layer to N images of C classes."""

    activations: NDArray[np.float32]
    """(N,): after ReLU; logits in a network without hidden layers."""
    most_activating: NDArray[np.int64]
    """(at most k,): positions of the most activating images, by descending activation; only positive ones."""
    class_means: NDArray[np.float64]
    """(C,): mean activation by class; NaN for a class without images."""
    active: float
    """Fraction of the images with positive activation."""
    outgoing: NDArray[np.float32]
    """(units of the next layer,): outgoing weights; empty for an output."""


def first_layer(weights: Weights, image_side: int = 28) -> FirstLayer:
    """Return the weights of the first layer: `input_fc`, or `output_fc` in a network without hidden layers.

    Args:
        image_side: width and height of the images, in pixels; at least 2.

    Raises ValueError if the layer does not take images of this size.
    """
    matrix = _layers(weights)[0].weights
    if matrix.shape[1] != image_side * image_side:
        raise ValueError(f"the layer has {matrix.shape[1]} inputs, not {image_side}×{image_side}")
    pictures = matrix.reshape(-1, image_side, image_side)
    return FirstLayer(pictures, np.linalg.norm(matrix.astype(np.float64), axis=1), morans_i(pictures))


def morans_i(pictures: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return Moran's I of each of (M, H, W) images of at least 2×2 pixels: (M,).

    I = (n / w) · Σᵢ Σⱼ wᵢⱼ (xᵢ - x̄)(xⱼ - x̄) / Σᵢ (xᵢ - x̄)², with n pixels, wᵢⱼ = 1 where i and j share an edge and
    else 0, and w = Σᵢ Σⱼ wᵢⱼ. Its mean over random permutations of the pixels is -1 / (n - 1). It is defined as 0 for a
    constant image.

    Source: P. A. P. Moran, Notes on continuous stochastic phenomena, Biometrika 37 (1950), in the form of A. D. Cliff
    and J. K. Ord, Spatial Processes (1981).
    """
    _, height, width = pictures.shape
    # Not by the variance, which rounding of the mean can make slightly positive for a constant image.
    flat = pictures.min(axis=(1, 2)) == pictures.max(axis=(1, 2))
    x = pictures.astype(np.float64)
    x -= x.mean(axis=(1, 2), keepdims=True)
    products = np.einsum("mij,mij->m", x[:, 1:], x[:, :-1]) + np.einsum("mij,mij->m", x[:, :, 1:], x[:, :, :-1])
    squares = np.einsum("mij,mij->m", x, x)
    pairs = (height - 1) * width + height * (width - 1)
    # Each pair counts twice in the numerator and in w, so the factor cancels.
    return np.where(flat, 0.0, height * width / pairs * products / np.where(flat, 1.0, squares))


def order_units(layer: FirstLayer, by: Order) -> NDArray[np.int64]:
    """Return the units of the first layer by ascending index, or by descending norm or Moran's I: (units,)."""
    if by == "index":
        return np.arange(len(layer.norms), dtype=np.int64)
    keys = layer.norms if by == "norm" else layer.morans_i
    return np.argsort(-keys, kind="stable").astype(np.int64)


def deeper_layers(weights: Weights) -> list[LayerMatrix]:
    """Return all layers after the first, from the input to the output."""
    return _layers(weights)[1:]


def neuron(
    weights: Weights,
    unit: int,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    mean: float,
    std: float,
    classes: int,
    k: int = 25,
) -> Neuron:
    """Return the response of one unit of the first layer to images.

    Args:
        unit: its index in the first layer.
        images: (N, S, S) uint8; labels: (N,).
        mean, std: statistics of the training images, of pixels scaled to 0–1.
        classes: C.
        k: maximum number of most activating images.
    """
    first, *deeper = _layers(weights)
    # The normalisation is folded into the weights: w·(p/255 - mean)/std + b for an 8-bit pixel p.
    row = first.weights[unit].astype(np.float64)
    scaled = (row / (255 * std)).astype(np.float32)
    offset = np.float32(float(first.bias[unit]) - row.sum() * mean / std)
    pixels = images.reshape(len(images), -1)
    activations = np.empty(len(images), np.float32)
    for start in range(0, len(images), CHUNK):
        piece = slice(start, start + CHUNK)
        activations[piece] = pixels[piece].astype(np.float32) @ scaled + offset
    if deeper:
        np.maximum(activations, 0, out=activations)

    strongest = np.argsort(-activations, kind="stable")[:k]
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, weights=activations, minlength=classes)
    return Neuron(
        activations=activations,
        most_activating=strongest[activations[strongest] > 0].astype(np.int64),
        class_means=np.where(counts > 0, sums / np.maximum(counts, 1), math.nan),
        active=float((activations > 0).mean()),
        outgoing=deeper[0].weights[:, unit] if deeper else np.empty(0, np.float32),
    )


def _layers(weights: Weights) -> list[LayerMatrix]:
    names = [name.removesuffix(".weight") for name in weights if name.endswith(".weight")]
    return [
        LayerMatrix(name, np.asarray(weights[f"{name}.weight"]), np.asarray(weights[f"{name}.bias"])) for name in names
    ]

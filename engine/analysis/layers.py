"""Weights of an epoch, and the response of one first-layer unit to the images of a split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_tui.engine.analysis.orders import Order
from mnist_tui.engine.analysis.subject import Analyst, Network, Split, Subject
from mnist_tui.engine.analysis.weights import (
    FirstLayer,
    LayerMatrix,
    Neuron,
    deeper_layers,
    first_layer,
    neuron,
    order_units,
)

MAX_IMAGES = 100
"""Maximum number of most activating images; no screen shows more."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The weights of one epoch."""

    parameters: dict[str, np.ndarray]
    """State dict as arrays."""
    name: str
    """Name of the first layer."""
    first: FirstLayer
    bias: np.ndarray
    """(units,): biases of the first layer."""
    deeper: tuple[LayerMatrix, ...]
    classes: tuple[str, ...]
    mean: float
    std: float

    @property
    def units(self) -> int:
        return len(self.first.norms)

    @property
    def is_output(self) -> bool:
        """Whether the first layer is the output layer, whose units are the classes."""
        return not self.deeper

    def order(self, by: Order, *, reverse: bool) -> np.ndarray:
        """Return the units in this order, or in its reverse."""
        places = order_units(self.first, by)
        return places[::-1] if reverse else places

    def key(self, unit: int, by: Order) -> float:
        """Return the sort key of a unit."""
        return float({"norm": self.first.norms, "structure": self.first.morans_i}[by][unit])


@dataclass(frozen=True, slots=True, eq=False)
class UnitDetail:
    """Response of one unit to the images of a split."""

    unit: int
    split: Split
    neuron: Neuron
    images: np.ndarray
    """(k, S, S): the most activating images, by descending activation."""
    labels: np.ndarray
    """(k,)"""
    indices: np.ndarray
    """(k,): indices in the data set's file."""
    activations: np.ndarray
    """(k,)"""


@dataclass(frozen=True, slots=True, eq=False)
class WeightsData:
    """Weights, optionally with details of one unit."""

    layers: Layers
    detail: UnitDetail | None
    """None if no unit was requested."""


def weights_data(analyst: Analyst, subject: Subject, unit: int | None) -> WeightsData:
    """Return the weights, optionally with details of a first-layer unit; an invalid index selects unit 0.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    layers = network_layers(analyst, subject.network)
    if unit is None:
        return WeightsData(layers, None)
    return WeightsData(layers, _detail(analyst, subject, layers, unit if unit < layers.units else 0))


def network_layers(analyst: Analyst, network: Network) -> Layers:
    """Return the weights of a network."""
    return analyst.answer(network, "layers", lambda: _read_layers(analyst, network))


def _read_layers(analyst: Analyst, network: Network) -> Layers:
    _, dataset = analyst.run(network.folder)
    state = analyst.model(network.folder, network.epoch).state_dict()
    parameters = {name: np.asarray(tensor) for name, tensor in state.items()}
    name = next(iter(parameters)).removesuffix(".weight")
    return Layers(
        parameters,
        name,
        first_layer(parameters),
        parameters[f"{name}.bias"],
        tuple(deeper_layers(parameters)),
        dataset.classes,
        dataset.mean,
        dataset.std,
    )


def _detail(analyst: Analyst, subject: Subject, layers: Layers, unit: int) -> UnitDetail:
    chosen = analyst.images(subject.folder, subject.split)
    found = neuron(
        layers.parameters,
        unit,
        chosen.images,
        chosen.labels,
        layers.mean,
        layers.std,
        len(layers.classes),
        MAX_IMAGES,
    )
    strongest = found.most_activating
    return UnitDetail(
        unit,
        subject.split,
        found,
        chosen.images[strongest],
        chosen.labels[strongest],
        chosen.indices[strongest],
        found.activations[strongest],
    )

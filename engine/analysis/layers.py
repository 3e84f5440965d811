"""The weights of an epoch, and one unit of the first layer seen through a split's images."""

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

MOST_IMAGES = 100
"""Exciting images that are named; no screen shows more."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The weights of one epoch."""

    parameters: dict[str, np.ndarray]
    """The state dict as arrays."""
    name: str
    """The first layer's."""
    first: FirstLayer
    bias: np.ndarray
    """(units,): the first layer's."""
    deeper: tuple[LayerMatrix, ...]
    classes: tuple[str, ...]
    mean: float
    std: float

    @property
    def units(self) -> int:
        return len(self.first.norms)

    @property
    def is_output(self) -> bool:
        """Whether the first layer is the output: then its units are the classes."""
        return not self.deeper

    def order(self, by: Order, *, turned: bool) -> np.ndarray:
        """The units in this order, or in the opposite one."""
        places = order_units(self.first, by)
        return places[::-1] if turned else places

    def key(self, unit: int, by: Order) -> float:
        """What the unit is ordered by."""
        return float({"norm": self.first.norms, "structure": self.first.morans_i}[by][unit])


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """One unit, seen through the images of a split."""

    unit: int
    split: Split
    neuron: Neuron
    images: np.ndarray
    """(k, S, S): those that excite it most, the strongest first."""
    labels: np.ndarray
    """(k,)"""
    indices: np.ndarray
    """(k,): places in the data set's file."""
    activations: np.ndarray
    """(k,)"""


@dataclass(frozen=True, slots=True, eq=False)
class WeightsData:
    """The weights, and one unit where it was asked about."""

    layers: Layers
    detail: Detail | None
    """None where no unit was asked about."""


def weights_data(analyst: Analyst, subject: Subject, unit: int | None) -> WeightsData:
    """Return the weights, and one of the first layer's units in detail; one that it does not have is its first.

    Raises `RunError` and `DataError` where the run or its data can't be read.
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


def _detail(analyst: Analyst, subject: Subject, layers: Layers, unit: int) -> Detail:
    chosen = analyst.images(subject.folder, subject.split)
    found = neuron(
        layers.parameters,
        unit,
        chosen.images,
        chosen.labels,
        layers.mean,
        layers.std,
        len(layers.classes),
        MOST_IMAGES,
    )
    strongest = found.exciting
    return Detail(
        unit,
        subject.split,
        found,
        chosen.images[strongest],
        chosen.labels[strongest],
        chosen.indices[strongest],
        found.activations[strongest],
    )

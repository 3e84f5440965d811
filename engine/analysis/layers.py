"""The weights of an epoch, and one unit of the first layer seen through a split's images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_tui.engine.analysis.orders import Order
from mnist_tui.engine.analysis.subject import Analyst, Split, SplitImages, Subject
from mnist_tui.engine.analysis.weights import (
    FirstLayer,
    LayerMatrix,
    Neuron,
    deeper_layers,
    first_layer,
    neuron,
    order_units,
)
from mnist_tui.engine.runs.folder import Version

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


class Source:
    """Reads the weights and images of subjects, and remembers the last ones."""

    def __init__(self, analyst: Analyst) -> None:
        self._analyst = analyst
        self._layers: tuple[tuple[Path, int, Version], Layers] | None = None
        self._images: tuple[tuple[Path, Split], SplitImages] | None = None

    def data(self, subject: Subject, unit: int | None) -> WeightsData:
        """The weights, and one of the first layer's units in detail; one that it does not have is its first."""
        layers = self.layers(subject)
        if unit is None:
            return WeightsData(layers, None)
        return WeightsData(layers, self._detail(subject, layers, unit if unit < layers.units else 0))

    def layers(self, subject: Subject) -> Layers:
        """The weights of the subject's epoch."""
        key = subject.folder, subject.epoch, self._analyst.version(subject.folder, subject.epoch)
        known = self._layers
        if known is None or known[0] != key:
            _, dataset = self._analyst.run(subject.folder)
            state = self._analyst.model(subject.folder, subject.epoch).state_dict()
            parameters = {name: np.asarray(tensor) for name, tensor in state.items()}
            name = next(iter(parameters)).removesuffix(".weight")
            layers = Layers(
                parameters,
                name,
                first_layer(parameters),
                parameters[f"{name}.bias"],
                tuple(deeper_layers(parameters)),
                dataset.classes,
                dataset.mean,
                dataset.std,
            )
            self._layers = known = key, layers
        return known[1]

    def _detail(self, subject: Subject, layers: Layers, unit: int) -> Detail:
        key = subject.folder, subject.split
        known = self._images
        if known is None or known[0] != key:
            self._images = known = key, self._analyst.images(*key)
        chosen = known[1]
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

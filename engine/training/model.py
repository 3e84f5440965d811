"""The network: a multilayer perceptron."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Fully connected layers with ReLU in between.

    The layers are named `input_fc`, `hidden_fc`, `hidden_fc_2`, … and `output_fc`; a network without hidden layers has
    only `output_fc`.
    """

    def __init__(self, sizes: Sequence[int], layer: type[nn.Linear] = nn.Linear) -> None:
        """`sizes`: units per layer, including input and output; at least two."""
        super().__init__()
        self.names = layer_names(len(sizes) - 1)
        for name, (inputs, outputs) in zip(self.names, itertools.pairwise(sizes), strict=True):
            self.add_module(name, layer(inputs, outputs))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the activations of the last hidden layer.

        Args:
            x: (N, …) float; all axes but the first are flattened to the input size.

        Returns:
            logits: (N, classes).
            hidden: (N, last hidden size) after ReLU; the flattened input if there is no hidden layer.
        """
        hidden = x.flatten(1)
        for name in self.names[:-1]:
            hidden = torch.relu(self.get_submodule(name)(hidden))
        logits: Tensor = self.get_submodule(self.names[-1])(hidden)
        return logits, hidden


class _UninitializedLinear(nn.Linear):
    def reset_parameters(self) -> None:
        """Skip the initialization: it would draw from torch's global generator, which other threads may be using."""


def uninitialized(sizes: Sequence[int]) -> MLP:
    """Create a network with uninitialized weights, for callers that load weights next."""
    return MLP(sizes, _UninitializedLinear)


def initialized(sizes: Sequence[int], seed: int) -> MLP:
    """Create a network with the weights that torch's layers would have after `torch.manual_seed(seed)`."""
    model, generator = uninitialized(sizes), torch.Generator().manual_seed(seed)
    for layer in model.children():
        assert isinstance(layer, nn.Linear)
        nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
        bound = 1 / math.sqrt(layer.in_features)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return model


def layer_names(layers: int) -> tuple[str, ...]:
    """Return the names of `layers` fully connected layers, from input to output."""
    hidden = ("hidden_fc", *(f"hidden_fc_{i}" for i in range(2, layers)))
    return (*("input_fc", *hidden)[: layers - 1], "output_fc")

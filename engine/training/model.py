"""The multilayer perceptron."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Fully connected layers with ReLU between them, none on the input or the output.

    The layers are called `input_fc`, `hidden_fc`, `hidden_fc_2`, … and `output_fc`; a network without hidden layers
    has only `output_fc`.
    """

    def __init__(self, sizes: Sequence[int], layer: type[nn.Linear] = nn.Linear) -> None:
        """`sizes`: units of every layer, the input's and the output's included; at least two."""
        super().__init__()
        self.names = layer_names(len(sizes) - 1)
        for name, (inputs, outputs) in zip(self.names, itertools.pairwise(sizes), strict=True):
            self.add_module(name, layer(inputs, outputs))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The logits and the last hidden layer.

        Args:
            x: (N, …) float; everything behind the first axis is flattened to the input's size.

        Returns:
            logits: (N, classes).
            hidden: (N, last hidden size) after its ReLU; the flattened input where there is no hidden layer.
        """
        hidden = x.flatten(1)
        for name in self.names[:-1]:
            hidden = torch.relu(self.get_submodule(name)(hidden))
        logits: Tensor = self.get_submodule(self.names[-1])(hidden)
        return logits, hidden


class _Unset(nn.Linear):
    def reset_parameters(self) -> None:
        """Draw nothing: torch's generator is shared by all threads, and what one draws is missing to the others."""


def unset(sizes: Sequence[int]) -> MLP:
    """A network whose weights are whatever the memory held: for those that get others at once."""
    return MLP(sizes, _Unset)


def initial(sizes: Sequence[int], seed: int) -> MLP:
    """A network with the weights that torch's own layers begin with after `torch.manual_seed(seed)`."""
    model, generator = unset(sizes), torch.Generator().manual_seed(seed)
    for layer in model.children():
        assert isinstance(layer, nn.Linear)
        nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
        bound = 1 / math.sqrt(layer.in_features)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return model


def layer_names(layers: int) -> tuple[str, ...]:
    """The names of `layers` fully connected layers, from the input to the output."""
    hidden = ("hidden_fc", *(f"hidden_fc_{i}" for i in range(2, layers)))
    return (*("input_fc", *hidden)[: layers - 1], "output_fc")

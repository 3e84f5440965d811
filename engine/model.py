"""The multilayer perceptron."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Fully connected layers with ReLU between them, none on the input or the output.

    The layers are called `input_fc`, `hidden_fc`, `hidden_fc_2`, … and `output_fc`; a network without hidden layers
    has only `output_fc`.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        """`sizes`: units of every layer, the input's and the output's included; at least two."""
        super().__init__()
        self.names = layer_names(len(sizes) - 1)
        for name, (inputs, outputs) in zip(self.names, itertools.pairwise(sizes), strict=True):
            self.add_module(name, nn.Linear(inputs, outputs))

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


def layer_names(layers: int) -> tuple[str, ...]:
    """The names of `layers` fully connected layers, from the input to the output."""
    hidden = ("hidden_fc", *(f"hidden_fc_{i}" for i in range(2, layers)))
    return (*("input_fc", *hidden)[: layers - 1], "output_fc")

"""One training step of the network, written out: forward, backward, update.

With the images of a batch of B as the columns of x, y their classes, and for each layer weights W and bias b,

    forward    z₁ = W₁·x + b₁     h₁ = max(z₁, 0)     z₂ = W₂·h₁ + b₂     …     the last z are the logits
    loss       L = mean of -log p(y), where p = softmax(logits)
    backward   δ = (p - onehot(y)) / B at the logits, and from layer to layer
               ∂L/∂W = δ·hᵀ      ∂L/∂b = sum of δ over the batch      δ of the layer before = (Wᵀ·δ) where h > 0, else 0
    update     the optimiser's rule

This is what `cross_entropy(model(x), y).backward(); optimizer.step()` works out. Written out it needs no graph of the
operations, no gradient of the images, and nothing new in memory: all results have a place of their own. The network's
parameters lie one behind the other in one tensor, and so do their gradients: the optimiser has one call to make.
Columns instead of torch's usual rows, because a CPU multiplies and sums matrices of these shapes quicker that way.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_tui.engine.training.model import MLP
from mnist_tui.engine.training.optimizers import Rate, make_optimizer


@dataclass(frozen=True, slots=True)
class _Layer:
    """Views of a layer's parameters and gradients."""

    weight: Tensor
    """(outputs, inputs)"""
    transposed: Tensor
    """(inputs, outputs): the same numbers."""
    bias: Tensor
    """(outputs, 1)"""
    weight_gradient: Tensor
    bias_gradient: Tensor


@dataclass(frozen=True, slots=True)
class _Room:
    """Where a hidden layer's results for B examples go."""

    activation: Tensor
    """(units, B)"""
    transposed: Tensor
    """(B, units): the same numbers."""
    delta: Tensor
    """(units, B)"""


class Step:
    """Trains a network, batch by batch."""

    def __init__(self, model: MLP, optimizer: str, *, decay: float | None = None) -> None:
        """
        Args:
            model: on its device; its parameters become views of one tensor, which every step changes in place.
            optimizer: a name in `optimizers.OPTIMIZERS`.
            decay: AdamW's weight decay; None for torch's default.
        """
        parameters = list(model.parameters())
        self.parameters = torch.cat([parameter.detach().flatten() for parameter in parameters])
        """(P,): all parameters."""
        self.gradients = torch.zeros_like(self.parameters)
        self.optimizer = make_optimizer(optimizer, self.parameters, self.gradients, decay)
        self.targets = torch.eye(len(parameters[-1])).to(self.parameters)
        """(classes, classes): what the probabilities should be for each true class, its one-hot row."""
        values, gradients = (_views(whole, parameters) for whole in (self.parameters, self.gradients))
        for parameter, value in zip(parameters, values, strict=True):
            parameter.data = value
        # Parameters come in pairs, a layer's weight and its bias.
        self.layers = [
            _Layer(values[i], values[i].t(), values[i + 1][:, None], gradients[i], gradients[i + 1])
            for i in range(0, len(values), 2)
        ]
        self._rooms: dict[int, list[_Room]] = {}

    def __call__(self, x: Tensor, y: Tensor, lr: Rate) -> Tensor:
        """Learn from one batch.

        Args:
            x: (B, inputs); y: (B,) int64.
            lr: the learning rate of this step.

        Returns:
            (B, classes): the logits, as they were before the network changed.
        """
        # Forward.
        *hidden, last = self.layers
        rooms = self._rooms_for(len(x))
        given = x.t()
        for layer, room in zip(hidden, rooms, strict=True):
            torch.addmm(layer.bias, layer.weight, given, out=room.activation)
            given = room.activation.relu_()
        logits = torch.addmm(last.bias, last.weight, given)

        # Backward. For a ReLU's output h, which is never below 0, sign(h) is 1 where h > 0, else 0.
        delta = torch.softmax(logits, 0).sub_(self.targets.index_select(1, y)).mul_(1 / len(x))
        for layer, before in zip(reversed(self.layers), (*reversed(rooms), None), strict=True):
            torch.mm(delta, before.transposed if before else x, out=layer.weight_gradient)
            torch.sum(delta, 1, out=layer.bias_gradient)
            if before:
                torch.mm(layer.transposed, delta, out=before.delta)
                delta = before.delta.mul_(before.activation.sign_())

        self.optimizer.step(lr)
        return logits.t()

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on, copied to the CPU: the parameters and what the optimiser remembers."""
        everything = {"parameters": self.parameters, **self.optimizer.memory}
        return {name: tensor.to("cpu", copy=True) for name, tensor in everything.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave.

        Raises ValueError where it is another network's or another optimiser's, and then changes nothing.
        """
        everything = {"parameters": self.parameters, **self.optimizer.memory}
        if {name: tensor.shape for name, tensor in state.items()} != {n: t.shape for n, t in everything.items()}:
            raise ValueError("this is the state of another network or another optimiser")
        for name, tensor in everything.items():
            tensor.copy_(state[name])

    def _rooms_for(self, count: int) -> Sequence[_Room]:
        """Each hidden layer's room for so many examples."""
        if count not in self._rooms:
            sizes = [len(layer.bias) for layer in self.layers[:-1]]
            pairs = [self.parameters.new_empty(2, size, count).unbind() for size in sizes]
            self._rooms[count] = [_Room(activation, activation.t(), delta) for activation, delta in pairs]
        return self._rooms[count]


def _views(whole: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Parts of a flat tensor, one behind the other, in the shapes of the parameters."""
    ends = itertools.accumulate(parameter.numel() for parameter in parameters)
    return [whole[end - p.numel() : end].view_as(p) for end, p in zip(ends, parameters, strict=True)]

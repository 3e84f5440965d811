"""One training step of the network, spelled out: forward, backward, update.

With the images of a batch of B as the columns of x, y their classes, and for each layer weights W and bias b,

    forward    z₁ = W₁·x + b₁     h₁ = max(z₁, 0)     z₂ = W₂·h₁ + b₂     …     the last z are the logits
    loss       L = mean of -log p(y), where p = softmax(logits)
    backward   δ = (p - onehot(y)) / B at the logits, and from layer to layer
               ∂L/∂W = δ·hᵀ      ∂L/∂b = sum of δ over the batch      δ of the layer before = (Wᵀ·δ) where h > 0, else 0
    update     the optimizer's rule

This is equivalent to `cross_entropy(model(x), y).backward(); optimizer.step()`. Spelled out it needs no autograd graph,
no gradient with respect to the images, and no allocations: all results go to preallocated buffers. The network's
parameters are contiguous in one tensor, and so are their gradients, so one optimizer call updates all of them. Examples
are columns rather than rows, as usual in torch, because a CPU multiplies and sums matrices of these shapes faster so.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_tui.engine.training.fused import Rate
from mnist_tui.engine.training.model import MLP
from mnist_tui.engine.training.optimizers import make_optimizer


@dataclass(frozen=True, slots=True)
class _Layer:
    """Views of a layer's parameters and gradients."""

    weight: Tensor
    """(outputs, inputs)"""
    transposed: Tensor
    """(inputs, outputs): a view of the same numbers."""
    bias: Tensor
    """(outputs, 1)"""
    weight_gradient: Tensor
    bias_gradient: Tensor


@dataclass(frozen=True, slots=True)
class _Buffers:
    """Preallocated results of a hidden layer for B examples."""

    activation: Tensor
    """(units, B)"""
    transposed: Tensor
    """(B, units): a view of the same numbers."""
    delta: Tensor
    """(units, B)"""


class Step:
    """Trains a network, one batch per call."""

    def __init__(self, model: MLP, optimizer: str, *, decay: float | None = None) -> None:
        """
        Args:
            model: On its device; its parameters become views of one tensor, which every step changes in place.
            optimizer: A name in `optimizers.OPTIMIZERS`.
            decay: AdamW's weight decay; None for torch's default.
        """
        parameters = list(model.parameters())
        self.parameters = torch.cat([parameter.detach().flatten() for parameter in parameters])
        """(P,): all parameters."""
        self.gradients = torch.zeros_like(self.parameters)
        self.optimizer = make_optimizer(optimizer, self.parameters, self.gradients, decay)
        self.targets = torch.eye(len(parameters[-1])).to(self.parameters)
        """(classes, classes): target probabilities for each true class, that is, the identity matrix."""
        values, gradients = (_split(whole, parameters) for whole in (self.parameters, self.gradients))
        for parameter, value in zip(parameters, values, strict=True):
            parameter.data = value
        # Parameters alternate: the weight and the bias of each layer.
        self.layers = [
            _Layer(values[i], values[i].t(), values[i + 1][:, None], gradients[i], gradients[i + 1])
            for i in range(0, len(values), 2)
        ]
        self._buffers: dict[int, list[_Buffers]] = {}

    def __call__(self, x: Tensor, y: Tensor, lr: Rate) -> Tensor:
        """Train on one batch.

        Args:
            x: (B, inputs); y: (B,) int64.
            lr: the learning rate of this step.

        Returns:
            (B, classes): the logits before the update.
        """
        # Forward.
        *hidden, last = self.layers
        buffers = self._buffers_for(len(x))
        inputs = x.t()
        for layer, buffer in zip(hidden, buffers, strict=True):
            torch.addmm(layer.bias, layer.weight, inputs, out=buffer.activation)
            inputs = buffer.activation.relu_()
        logits = torch.addmm(last.bias, last.weight, inputs)

        # Backward. The output h of a ReLU is never negative, so sign(h) is the derivative: 1 where h > 0, else 0.
        delta = torch.softmax(logits, 0).sub_(self.targets.index_select(1, y)).mul_(1 / len(x))
        for layer, before in zip(reversed(self.layers), (*reversed(buffers), None), strict=True):
            torch.mm(delta, before.transposed if before else x, out=layer.weight_gradient)
            torch.sum(delta, 1, out=layer.bias_gradient)
            if before:
                torch.mm(layer.transposed, delta, out=before.delta)
                delta = before.delta.mul_(before.activation.sign_())

        self.optimizer.step(lr)
        return logits.t()

    def state(self) -> dict[str, Tensor]:
        """Return a copy on the CPU of everything the next step depends on: parameters and optimizer state."""
        tensors = {"parameters": self.parameters, **self.optimizer.memory}
        return {name: tensor.to("cpu", copy=True) for name, tensor in tensors.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Restore a state returned by `state`.

        Raises:
            ValueError: It belongs to another network or optimizer; nothing is changed.
        """
        tensors = {"parameters": self.parameters, **self.optimizer.memory}
        if {name: tensor.shape for name, tensor in state.items()} != {n: t.shape for n, t in tensors.items()}:
            raise ValueError("the state belongs to another network or optimizer")
        for name, tensor in tensors.items():
            tensor.copy_(state[name])

    def _buffers_for(self, count: int) -> Sequence[_Buffers]:
        """Return the buffers of the hidden layers for `count` examples."""
        if count not in self._buffers:
            sizes = [len(layer.bias) for layer in self.layers[:-1]]
            pairs = [self.parameters.new_empty(2, size, count).unbind() for size in sizes]
            self._buffers[count] = [_Buffers(activation, activation.t(), delta) for activation, delta in pairs]
        return self._buffers[count]


def _split(whole: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Split a flat tensor into consecutive views with the shapes of the parameters."""
    ends = itertools.accumulate(parameter.numel() for parameter in parameters)
    return [whole[end - p.numel() : end].view_as(p) for end, p in zip(ends, parameters, strict=True)]

"""Optimisers over one flat tensor: an update of all parameters is one call.

The rules and their settings are torch's. Where torch has the whole rule as one fused operator, that is called: `fused`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from mnist_tui.engine.training import fused
from mnist_tui.engine.training.fused import EPSILON, Rate

SMOOTHING = 0.99
DECAY = 0.01


class Optimizer(ABC):
    """What all share: the parameters, their gradients, and a memory of both that can be stored."""

    memory: Mapping[str, Tensor]
    """What the rule remembers of the steps before; changed in place."""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        """`parameters`, `gradients`: (P,), of one dtype and device; a step reads the second and changes the first."""
        self.parameters, self.gradients = parameters, gradients

    @abstractmethod
    def step(self, lr: Rate) -> None:
        """Change the parameters by their gradients."""


class Adam(Optimizer):
    """m ← β₁·m + (1 - β₁)·g,  v ← β₂·v + (1 - β₂)·g²,  p ← p - lr · m̂ / (√v̂ + ε).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) undo that both means begin at 0. With `decay` it is AdamW, which before
    that shrinks the parameters themselves: p ← p - lr · decay · p.
    """

    def __init__(self, parameters: Tensor, gradients: Tensor, decay: float = 0.0) -> None:
        super().__init__(parameters, gradients)
        self.memory = {
            "mean": torch.zeros_like(parameters),
            "square": torch.zeros_like(parameters),
            "steps": torch.zeros((), device=parameters.device),
        }
        self._update = fused.adamw((parameters, gradients, *self.memory.values()), decay)

    def step(self, lr: Rate) -> None:
        self._update(lr)


class SGD(Optimizer):
    """b ← μ·b + g,  p ← p - lr · (g + μ·b): gradient descent with Nesterov's momentum."""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.memory = {"momentum": torch.zeros_like(parameters)}
        self._update = fused.sgd((parameters, gradients, *self.memory.values()))

    def step(self, lr: Rate) -> None:
        self._update(lr)


class RMSprop(Optimizer):
    """v ← α·v + (1 - α)·g²,  p ← p - lr · g / (√v + ε)."""

    def __init__(self, parameters: Tensor, gradients: Tensor) -> None:
        super().__init__(parameters, gradients)
        self.memory = {"square": torch.zeros_like(parameters)}
        self._change = torch.empty_like(parameters)

    def step(self, lr: Rate) -> None:
        square, change = self.memory["square"], self._change
        square.mul_(SMOOTHING).addcmul_(self.gradients, self.gradients, value=1 - SMOOTHING)
        torch.sqrt(square, out=change).add_(EPSILON)
        self.parameters.sub_(torch.div(self.gradients, change, out=change).mul_(lr))


OPTIMIZERS: dict[str, Callable[[Tensor, Tensor, float], Optimizer]] = {
    "adam": lambda parameters, gradients, decay: Adam(parameters, gradients),
    "adamw": Adam,
    "sgd": lambda parameters, gradients, decay: SGD(parameters, gradients),
    "rmsprop": lambda parameters, gradients, decay: RMSprop(parameters, gradients),
}


def make_optimizer(name: str, parameters: Tensor, gradients: Tensor, decay: float | None = None) -> Optimizer:
    """Return the optimizer of that name in `OPTIMIZERS`; `decay` is AdamW's, None for torch's default."""
    return OPTIMIZERS[name](parameters, gradients, DECAY if decay is None else decay)

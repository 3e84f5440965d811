"""An optimiser's whole update as one call of torch: a fused operator, or `torch.optim` where that is not as expected.

The operators have private names, so that a release of torch may take them away or change what they are given; each is
tried on two numbers before it is used. `torch.optim` calls the same operators with bookkeeping around them, which takes
half as much time again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

Rate: TypeAlias = "float | Tensor"
"""A learning rate: a number, or where the host must not wait a tensor () on the device."""
Update: TypeAlias = Callable[[Rate], None]
"""Changes the parameters by their gradients, at a learning rate."""
Maker: TypeAlias = Callable[..., Update]
"""Makes an update of the tensors that it is given, the parameters and the gradients first."""

BETAS = (0.9, 0.999)
EPSILON = 1e-8
MOMENTUM = 0.9
TRIED_RATE, TRIED_DECAY = 0.5, 0.125


def adamw(tensors: Sequence[Tensor], decay: float) -> Update:
    """Return AdamW's update, which with a `decay` of 0 is Adam's.

    Args:
        tensors: parameters, gradients, mean, square, each (P,), and steps, (): changed in place.
    """
    after = (1 - TRIED_RATE * TRIED_DECAY) - TRIED_RATE / (1 + EPSILON)
    makers = (_fused_adamw, partial(_torchs_adamw, fused=True), _torchs_adamw)
    return _first_that_works(makers, tensors, (decay,), (TRIED_DECAY,), after)


def sgd(tensors: Sequence[Tensor]) -> Update:
    """Return the update of gradient descent with Nesterov's momentum.

    Args:
        tensors: parameters, gradients, momentum, each (P,): changed in place.
    """
    after = 1 - TRIED_RATE * (1 + MOMENTUM)
    return _first_that_works((_fused_sgd, partial(_torchs_sgd, fused=True), _torchs_sgd), tensors, (), (), after)


def _first_that_works(
    makers: Sequence[Maker],
    tensors: Sequence[Tensor],
    settings: Sequence[float],
    tried_settings: Sequence[float],
    after: float,
) -> Update:
    """Make the first update that brings parameters and gradients of 1 to `after`; the last maker is taken untried."""
    *doubtful, last = makers
    for make in doubtful:
        tried = [(torch.ones if i < 2 else torch.zeros)(2 if t.dim() else ()).to(t) for i, t in enumerate(tensors)]
        try:
            make(*tried, *tried_settings)(TRIED_RATE)
            if math.isclose(float(tried[0][-1]), after, rel_tol=1e-4):
                return make(*tensors, *settings)
        except Exception:
            logging.getLogger(__name__).info("%s can't be used", make, exc_info=True)
    return last(*tensors, *settings)


def _fused_adamw(
    parameters: Tensor, gradients: Tensor, mean: Tensor, square: Tensor, steps: Tensor, decay: float
) -> Update:
    operator = torch._fused_adamw_

    def update(lr: Rate) -> None:
        steps.add_(1)
        operator(
            [parameters], [gradients], [mean], [square], [], [steps],
            lr=lr, beta1=BETAS[0], beta2=BETAS[1], weight_decay=decay, eps=EPSILON, amsgrad=False, maximize=False,
        )  # fmt: skip

    return update


def _torchs_adamw(
    parameters: Tensor,
    gradients: Tensor,
    mean: Tensor,
    square: Tensor,
    steps: Tensor,
    decay: float,
    fused: bool | None = None,
) -> Update:
    own = parameters.detach()
    optimizer = torch.optim.AdamW(
        [own], betas=BETAS, eps=EPSILON, weight_decay=decay, fused=fused, capturable=own.is_cuda
    )
    optimizer.state[own] = {"step": steps, "exp_avg": mean, "exp_avg_sq": square}
    return _update(optimizer, own, gradients)


def _fused_sgd(parameters: Tensor, gradients: Tensor, momentum: Tensor) -> Update:
    operator = torch._fused_sgd_

    def update(lr: Rate) -> None:
        operator(
            [parameters], [gradients], [momentum],
            lr=lr, momentum=MOMENTUM, dampening=0.0, nesterov=True, weight_decay=0.0, maximize=False,
            is_first_step=False,
        )  # fmt: skip

    return update


def _torchs_sgd(parameters: Tensor, gradients: Tensor, momentum: Tensor, fused: bool | None = None) -> Update:
    own = parameters.detach()
    optimizer = torch.optim.SGD([own], lr=TRIED_RATE, momentum=MOMENTUM, nesterov=True, fused=fused)
    optimizer.state[own] = {"momentum_buffer": momentum}
    return _update(optimizer, own, gradients)


def _update(optimizer: torch.optim.Optimizer, parameters: Tensor, gradients: Tensor) -> Update:
    parameters.grad = gradients
    (group,) = optimizer.param_groups

    def update(lr: Rate) -> None:
        group["lr"] = lr
        optimizer.step()

    return update

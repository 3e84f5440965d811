"""The picture that the network takes for a digit most surely, found by climbing along the gradient of its answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_tui.engine.training.model import MLP

STEPS = 200
SMOOTHNESS = 0.3
"""A weight of the prior that makes digits visible."""
RATE = 0.1
"""How far a pixel moves in a step, about, in normalised units."""
START = 0.1
"""Standard deviation of the noise at the beginning, in normalised units."""
SURE = 0.9995
"""The prior is taken back until the probability is at least this …"""
SETTLING = 30
"""… beginning after so many steps, because at first the picture is of nothing yet …"""
EASING = 0.97
"""… by this factor a step."""


@dataclass(frozen=True, slots=True, eq=False)
class Ascent:
    """The picture after some steps."""

    digit: int
    image: NDArray[np.float32]
    """(S, S) in normalised units, each pixel between black and white."""
    probability: float
    """The network's probability of the digit for this image."""
    roughness: float
    """The sum of the squared differences of neighbouring pixels, in normalised units; outside of the image is black."""
    smoothness: float
    """The weight of the roughness in force: 0, or what was asked for as far as it was not taken back."""
    step: int
    """Steps made."""
    steps: int
    """Steps to make."""


def ascend(
    model: MLP,
    digit: int,
    mean: float,
    std: float,
    *,
    smoothness: float = 0.0,
    steps: int = STEPS,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Ascent]:
    """Climb from faint noise to a picture of high probability, within the pixels that real images can have.

    What is climbed are the log-odds of the digit, log p / (1 - p), by Adam: they rise with the probability, but don't
    flatten where it nears 1, so that the gradient goes on to say what makes the picture still more like the digit.
    A prior against rough pictures, `smoothness` times the roughness, is subtracted from them. Where it is so strong
    that the probability stays low, it is taken back little by little.

    Args:
        model: on the CPU; its input is a square image.
        digit: the class, within the network's outputs.
        mean, std: the training images' statistics, of pixels scaled to 0–1: black is -mean/std, white (1 - mean)/std.
        smoothness: at least 0, which is no prior; `SMOOTHNESS` shows digits.
        steps: at least 1.
        seed: of the noise at the beginning.
        stopping: whether to end; asked after every picture.

    Yields:
        The noise, and the picture after every step.

    Raises ValueError, at once, where an argument is out of range or a weight is not finite.
    """
    classes = model.get_parameter("output_fc.bias").numel()
    if not 0 <= digit < classes:
        raise ValueError(f"the digit must be one of 0 … {classes - 1}, not {digit}")
    if not 0 <= smoothness < math.inf:
        raise ValueError(f"the smoothness must be at least 0, not {smoothness}")
    if steps < 1:
        raise ValueError(f"at least one step must be made, not {steps}")
    if not 0 < std < math.inf or not math.isfinite(mean):
        raise ValueError(f"the pixels' mean and deviation must be finite, the latter above 0, not {mean} and {std}")
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("a network with weights that are not finite has no probabilities")
    return _climb(model, digit, -mean / std, (1 - mean) / std, smoothness, steps, seed, stopping)


def _climb(
    model: MLP,
    digit: int,
    black: float,
    white: float,
    smoothness: float,
    steps: int,
    seed: int,
    stopping: Callable[[], bool],
) -> Iterator[Ascent]:
    side = math.isqrt(model.get_parameter(f"{model.names[0]}.weight").shape[1])
    noise = torch.randn(side, side, generator=torch.Generator().manual_seed(seed))
    x = noise.mul_(START).clamp_(black, white).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=RATE, maximize=True)
    for step in range(steps + 1):
        odds, rough = _measure(model, digit, x, black, smoothness)
        probability = 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
        image = x.detach().numpy().copy()
        yield Ascent(digit, image, probability, rough, smoothness, step, steps)
        if step == steps or stopping():
            return
        if step >= SETTLING and probability < SURE:
            smoothness *= EASING
        optimizer.step()
        with torch.no_grad():
            x.clamp_(black, white)


def _measure(model: MLP, digit: int, x: Tensor, black: float, smoothness: float) -> tuple[float, float]:
    """The digit's log-odds and the roughness of (S, S) pixels; leaves the gradient of what is climbed in `x`."""
    with torch.enable_grad():
        logits = model(x[None])[0][0]
        others = torch.cat((logits[:digit], logits[digit + 1 :]))
        odds = logits[digit] - others.logsumexp(0)
        framed = torch.nn.functional.pad(x - black, (1, 1, 1, 1))
        roughness = framed.diff(dim=0).square().sum() + framed.diff(dim=1).square().sum()
        # Not backward(), which would leave gradients in the network's weights too.
        (x.grad,) = torch.autograd.grad(odds - smoothness * roughness, [x])
    return odds.item(), roughness.item()

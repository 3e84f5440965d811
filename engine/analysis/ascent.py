"""Activation maximization: find the image with the highest probability of a digit by gradient ascent."""

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
"""Default weight of the smoothness prior, with which the results look like digits."""
LEARNING_RATE = 0.1
"""Learning rate of Adam: roughly the change of a pixel per step, in normalised units."""
INITIAL_NOISE = 0.1
"""Standard deviation of the initial noise, in normalised units."""
TARGET_PROBABILITY = 0.9995
"""The weight of the prior decays while the probability is below this."""
DECAY_START = 30
"""Steps before the decay begins, because the probability is always low at first."""
SMOOTHNESS_DECAY = 0.97
"""Factor by which the weight of the prior decays per step."""


@dataclass(frozen=True, slots=True, eq=False)
class Ascent:
    """The image after a number of steps."""

    digit: int
    image: NDArray[np.float32]
    """(S, S): in normalised units, clipped to the range from black to white."""
    probability: float
    """Predicted probability of the digit."""
    roughness: float
    """Sum of the squared differences of adjacent pixels, in normalised units, with a black border."""
    smoothness: float
    """Current weight of the roughness; it decays while the probability stays low."""
    step: int
    """Steps completed."""
    steps: int
    """Total number of steps."""


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
    """Optimize an image, starting from faint noise, within the range of valid pixels.

    The objective is the log-odds of the digit, log p / (1 - p), maximized by Adam: unlike the probability, they do not
    saturate near 1, so the gradient does not vanish. A smoothness prior, `smoothness` times the roughness, is
    subtracted. Its weight decays while it is so strong that the probability stays low.

    Args:
        model: on the CPU; its input is a square image.
        digit: the class, within the network's outputs.
        mean, std: statistics of the training images, of pixels scaled to 0–1: black is -mean/std, white (1 - mean)/std.
        smoothness: at least 0; 0 disables the prior.
        steps: at least 1.
        seed: of the initial noise.
        stopping: whether to end; called after every image.

    Yields:
        The initial noise, then the image after every step.

    Raises ValueError immediately if an argument is out of range or a weight is not finite.
    """
    classes = model.get_parameter("output_fc.bias").numel()
    if not 0 <= digit < classes:
        raise ValueError(f"the digit must be from 0 to {classes - 1}, not {digit}")
    if not 0 <= smoothness < math.inf:
        raise ValueError(f"the smoothness must be at least 0, not {smoothness}")
    if steps < 1:
        raise ValueError(f"the number of steps must be at least 1, not {steps}")
    if not 0 < std < math.inf or not math.isfinite(mean):
        raise ValueError(f"the mean must be finite and the standard deviation positive, not {mean} and {std}")
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("the network has weights that are not finite")
    return _optimize(model, digit, -mean / std, (1 - mean) / std, smoothness, steps, seed, stopping)


def _optimize(
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
    x = noise.mul_(INITIAL_NOISE).clamp_(black, white).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=LEARNING_RATE, maximize=True)
    for step in range(steps + 1):
        log_odds, roughness = _objective(model, digit, x, black, smoothness)
        probability = 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
        image = x.detach().numpy().copy()
        yield Ascent(digit, image, probability, roughness, smoothness, step, steps)
        if step == steps or stopping():
            return
        if step >= DECAY_START and probability < TARGET_PROBABILITY:
            smoothness *= SMOOTHNESS_DECAY
        optimizer.step()
        with torch.no_grad():
            x.clamp_(black, white)


def _objective(model: MLP, digit: int, x: Tensor, black: float, smoothness: float) -> tuple[float, float]:
    """Return the log-odds and the roughness of (S, S) pixels; store the gradient of the objective in `x.grad`."""
    with torch.enable_grad():
        logits = model(x[None])[0][0]
        others = torch.cat((logits[:digit], logits[digit + 1 :]))
        log_odds = logits[digit] - others.logsumexp(0)
        framed = torch.nn.functional.pad(x - black, (1, 1, 1, 1))
        roughness = framed.diff(dim=0).square().sum() + framed.diff(dim=1).square().sum()
        # Not backward(), which would also accumulate gradients in the weights.
        (x.grad,) = torch.autograd.grad(log_odds - smoothness * roughness, [x])
    return log_odds.item(), roughness.item()

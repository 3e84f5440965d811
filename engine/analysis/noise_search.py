"""Noise that the network takes for a digit: the best of very many images of standard normal noise.

It finds what drawing every image in full would find, several times as fast:

1. Of an image x the network sees only W·x + b, which is normal with the covariance W·Wᵀ. With the QR factors of
   Wᵀ = Q·R it is Rᵀ·ξ + b, where the coordinates ξ = Qᵀ·x are standard normal, and no more of them than the layer has
   units. The rest of x is independent of them: x = Q·ξ + (z - Q·Qᵀ·z) for any standard normal z. So only ξ is drawn.
   (R is the Cholesky factor of W·Wᵀ up to signs, but W needs no full rank. A layer of more units than there are
   pixels saves nothing here.)
2. Of ξ only the leading 16 bits of the random numbers behind it are drawn.
3. The network's answer to that is worked out roughly, in bfloat16 where this machine is faster with it.

Whatever comes near the best image yet is then drawn in full, with its remaining bits and pixels, and judged by the
network itself. "Near" is within ten times the largest scatter that the roundings of 2 and 3 bring into the answers to
the first 128 images, which are all judged both ways.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.model import MLP

Float = TypeVar("Float", np.float32, np.float64)

IMAGES = 50_000 * 32
"""As many as the notebook tries."""
CHUNK = 1024
"""Images drawn at once: few enough for a CPU's cache."""
BLOCK = 96
"""Rows of the first layer multiplied at once; right of them a triangular matrix is 0 and is left out."""
TRIAL = 128
"""Images that are judged both roughly and in full to begin with."""
CAUTION = 10
"""How many times the largest scatter an image may fall short of the best one and still be judged in full."""
REPORT_SECONDS = 0.1
"""At most this long between two reports."""
COARSE = 1 << 16
"""The values that the leading bits of a random number can have."""


@dataclass(frozen=True, slots=True, eq=False)
class NoiseSearch:
    """The best images yet, for K digits."""

    digits: tuple[int, ...]
    """(K,): the classes that were asked for."""
    images: NDArray[np.float32]
    """(K, S, S): the best image of each digit, in the units that the network is given: standard normal ones."""
    probabilities: NDArray[np.float64]
    """(K,): the network's probability of the digit for that image."""
    tried: int
    """Images drawn until now; the same ones serve all digits."""
    total: int
    """Images to draw."""


def noise_search(
    model: MLP,
    digits: Sequence[int],
    *,
    images: int = IMAGES,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[NoiseSearch]:
    """For each digit the image, out of `images` of independent standard normal pixels, of the highest probability.

    The images depend on nothing but the seed and the network: a longer search begins with the images of a shorter one,
    and all digits at once find what each would find alone.

    Args:
        model: on the CPU; its input is a square image.
        digits: classes, each within the network's outputs.
        images: at least 1.
        stopping: whether to end; asked every few milliseconds, first after the first chunk of images.

    Yields:
        Whenever a better image is found, at least ten times a second, and at the end.

    Raises ValueError, at once, for digits that the network does not know, no images, and weights that are not finite.
    """
    classes = model.get_parameter("output_fc.bias").numel()
    if not digits or not all(0 <= digit < classes for digit in digits):
        raise ValueError(f"digits must be one or more of 0 … {classes - 1}, not {list(digits)}")
    if images < 1:
        raise ValueError(f"at least one image must be tried, not {images}")
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("a network with weights that are not finite has no probabilities")
    return _search(model, tuple(digits), images, seed, stopping)


class Noise:
    """Images of standard normal pixels, numbered from 0, drawn as far as they are looked at."""

    def __init__(self, weight: Tensor, seed: int) -> None:
        """`weight`: (H, D), of the layer that looks at the images."""
        self.seed = seed
        self.pixels = weight.shape[1]
        self.basis, upper = np.linalg.qr(weight.detach().double().numpy().T)
        """(D, coordinates): Q."""
        self.factor = upper.T
        """(H, coordinates), 0 above the diagonal: the layer's pre-activations are this times ξ, plus the bias."""
        self.coordinates = self.factor.shape[1]

    def coarse(self, chunk: int) -> NDArray[np.float32]:
        """ξ of the chunk's images, with the random numbers cut to their leading bits: (coordinates, CHUNK)."""
        numbers = self._leading_bits(chunk).astype(np.float32)
        numbers += np.float32(0.5)
        numbers *= np.float32(1 / COARSE)
        return _normal(numbers)[: self.coordinates]

    def exact(self, chunk: int, columns: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """ξ of some of the chunk's images, (n, coordinates), and the images themselves, (n, D)."""
        generators = [np.random.default_rng([self.seed, 1, chunk * CHUNK + int(column)]) for column in columns]
        leading = self._leading_bits(chunk)[:, :, columns]
        rest = np.stack([generator.random(leading.shape[:2]) for generator in generators], axis=2)
        xi = _normal((leading + (1 - rest)) / COARSE)[: self.coordinates].T
        z = np.stack([generator.standard_normal(self.pixels) for generator in generators])
        return xi, z + (xi - z @ self.basis) @ self.basis.T

    def _leading_bits(self, chunk: int) -> NDArray[np.uint16]:
        """(2, pairs, CHUNK): of the two random numbers behind each pair of coordinates."""
        shape = (2, (self.coordinates + 1) // 2, CHUNK)
        generator = np.random.Generator(np.random.SFC64([self.seed, 0, chunk]))
        words = generator.integers(0, 2**64 - 1, math.prod(shape) // 4, np.uint64, endpoint=True)
        return words.view(np.uint16).reshape(shape)


@torch.no_grad()
def _search(
    model: MLP, digits: tuple[int, ...], images: int, seed: int, stopping: Callable[[], bool]
) -> Iterator[NoiseSearch]:
    noise = Noise(model.get_parameter(f"{model.names[0]}.weight"), seed)
    screen = min((_Screen(model, noise, dtype) for dtype in (torch.float32, torch.bfloat16)), key=_seconds)
    best = _Best(model, noise, digits)

    trial = np.arange(min(TRIAL, images))
    differences = best.judge(0, trial) - best.log_odds(screen.logits(noise.coarse(0)))[:, trial]
    shift = differences.mean(dim=1, keepdim=True)
    margin = CAUTION * float((differences - shift).abs().max())
    reported_at = -math.inf
    for chunk in range(math.ceil(images / CHUNK)):
        tried = min((chunk + 1) * CHUNK, images)
        rough = best.log_odds(screen.logits(noise.coarse(chunk)))[:, : tried - chunk * CHUNK] + shift
        before = best.odds
        near = (rough > before[:, None] - margin).any(0).nonzero().flatten().numpy()
        if len(near):
            best.judge(chunk, near)
        improved = bool((best.odds > before).any())
        ending = tried == images or stopping()
        if ending or improved or time.perf_counter() - reported_at > REPORT_SECONDS:
            yield NoiseSearch(digits, best.images.copy(), torch.sigmoid(best.odds).numpy(), tried, images)
            reported_at = time.perf_counter()
        if ending:
            return


class _Best:
    """The best image yet of each of K digits."""

    def __init__(self, model: MLP, noise: Noise, digits: tuple[int, ...]) -> None:
        self.model, self.noise, self.digits = model, noise, list(digits)
        side = math.isqrt(noise.pixels)
        self.images = np.zeros((len(digits), side, side), np.float32)
        self.odds = torch.full((len(digits),), -math.inf, dtype=torch.float64)
        # Added to the logits, it leaves out the digit itself.
        self.others = torch.zeros(len(digits), model.get_parameter("output_fc.bias").numel(), 1)
        self.others[torch.arange(len(digits)), self.digits] = -math.inf

    def log_odds(self, logits: Tensor) -> Tensor:
        """(K, n) float64: log p / (1 - p) of each digit, from (classes, n) logits.

        Unlike p it still tells images apart where p rounds to 1.
        """
        return (logits[self.digits] - (logits + self.others).logsumexp(dim=1)).double()

    def judge(self, chunk: int, columns: NDArray[np.integer]) -> Tensor:
        """Draw some of the chunk's images in full and keep the best; their (K, n) log-odds."""
        pictures = self.noise.exact(chunk, columns)[1].astype(np.float32)
        logits, _ = self.model(torch.from_numpy(pictures))
        odds = self.log_odds(logits.T)
        found, places = odds.max(dim=1)
        better = found > self.odds
        self.odds = torch.where(better, found, self.odds)
        self.images[better.numpy()] = pictures[places[better].numpy()].reshape(-1, *self.images.shape[1:])
        return odds


class _Screen:
    """The network's logits, roughly, from the coordinates of a chunk of images."""

    def __init__(self, model: MLP, noise: Noise, dtype: torch.dtype) -> None:
        layers = [(model.get_parameter(f"{name}.weight"), model.get_parameter(f"{name}.bias")) for name in model.names]
        (_, bias), *deeper = [(weight.to(dtype), bias.to(dtype)[:, None]) for weight, bias in layers]
        self.deeper = deeper
        self.first = torch.empty(len(bias), CHUNK, dtype=dtype)
        self.blocks: list[tuple[Tensor, Tensor, Tensor]] = []
        """A part of `first`, its bias, and its rows of the factor as far as they are not 0."""
        for start in range(0, len(bias), BLOCK):
            rows = slice(start, min(start + BLOCK, len(bias)))
            factor = torch.tensor(noise.factor[rows, : rows.stop], dtype=dtype)
            self.blocks.append((self.first[rows], bias[rows], factor))

    def logits(self, coordinates: NDArray[np.float32]) -> Tensor:
        """(classes, CHUNK) float32, from (coordinates, CHUNK)."""
        x = torch.from_numpy(coordinates).to(self.first.dtype)
        for part, bias, factor in self.blocks:
            torch.addmm(bias, factor, x[: factor.shape[1]], out=part)
        y = self.first
        for weight, bias in self.deeper:
            y = torch.addmm(bias, weight, y.relu_())
        return y.float()


def _seconds(screen: _Screen) -> float:
    """How long a chunk takes, the second time."""
    coordinates = np.zeros((screen.blocks[-1][2].shape[1], CHUNK), np.float32)
    for _ in range(2):
        began = time.perf_counter()
        screen.logits(coordinates)
    return time.perf_counter() - began


def _normal(uniform: NDArray[Float]) -> NDArray[Float]:
    """Independent standard normal numbers, (2·pairs, n), from uniform ones in (0, 1], (2, pairs, n).

    Overwrites what it is given. Source: G. E. P. Box and M. E. Muller, Ann. Math. Statist. 29 (1958).
    """
    radius, angle = uniform
    np.log(radius, out=radius)
    radius *= -2
    np.sqrt(radius, out=radius)
    angle *= 2 * math.pi
    normal = np.empty_like(uniform)
    np.cos(angle, out=normal[0])
    np.sin(angle, out=normal[1])
    normal *= radius
    return normal.reshape(-1, normal.shape[-1])

"""Random search for digits: among many images of standard normal noise, find those of the highest probability.

The result is that of drawing and evaluating every image in full, obtained several times as fast:

1. The network depends on an image x only through W·x + b, which is normal with covariance W·Wᵀ. With the QR
   decomposition Wᵀ = Q·R it equals Rᵀ·ξ + b, where the coordinates ξ = Qᵀ·x are standard normal and at most as many as
   the layer has units. The rest of x is independent of them: x = Q·ξ + (z - Q·Qᵀ·z) for any standard normal z. So only
   ξ is drawn. (R is the Cholesky factor of W·Wᵀ up to signs, but W need not have full rank. A layer with more units
   than pixels saves nothing here.)
2. Of the random numbers behind ξ only the leading bits are drawn: a byte selects one of 255 equally probable intervals
   of the normal distribution or, with the same probability, its two tails, in which two more bytes select an interval.
3. The network is evaluated approximately on the means of these intervals, in bfloat16 if that is faster.

Images that come close to the best one so far are then drawn in full, with their remaining bits and pixels, and
evaluated exactly. "Close" means within 16 standard deviations of the approximation error of steps 2 and 3, which is
measured on the first 128 images by evaluating all of them both ways.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_tui.engine.training.model import MLP

IMAGES = 50_000 * 32
"""Default number of images, as in the notebook."""
CHUNK = 2048
"""Images drawn at a time; they fit into a CPU's cache."""
BLOCK = 84
"""Rows of the triangular first layer multiplied at a time; the zeros to their right are skipped."""
CALIBRATION_IMAGES = 128
"""Images evaluated both approximately and exactly to measure the approximation error."""
MARGIN_DEVIATIONS = 16
"""Standard deviations of the approximation error added to an estimate before it is compared with the best image."""
REPORT_SECONDS = 0.1
"""Maximum interval between reports."""
TAILS = 255
"""Byte value that stands for the two tails."""
TAIL_INTERVALS = 1 << 16
"""Number of intervals in the two tails together."""


@dataclass(frozen=True, slots=True, eq=False)
class NoiseSearch:
    """The best images of K digits so far."""

    digits: tuple[int, ...]
    """(K,): the requested classes."""
    images: NDArray[np.float32]
    """(K, S, S): best image of each digit, in normalised units."""
    probabilities: NDArray[np.float64]
    """(K,): predicted probability of the digit for that image."""
    tried: int
    """Number of images drawn so far, shared by all digits."""
    total: int
    """Total number of images to draw."""


def noise_search(
    model: MLP,
    digits: Sequence[int],
    *,
    images: int = IMAGES,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[NoiseSearch]:
    """Find the image of the highest probability for each digit among `images` of independent standard normal pixels.

    The images depend only on the seed and the network: a longer search starts with the images of a shorter one, and
    the result for a digit does not depend on the other digits.

    Args:
        model: on the CPU; its input is a square image.
        digits: classes, each within the network's outputs.
        images: at least 1.
        stopping: whether to end; called every few milliseconds, after each chunk of images.

    Yields:
        A report for every improvement, at least ten times per second, and at the end.

    Raises ValueError immediately for invalid digits, less than one image, and weights that are not finite.
    """
    classes = model.get_parameter("output_fc.bias").numel()
    if not digits or not all(0 <= digit < classes for digit in digits):
        raise ValueError(f"digits must be one or more of 0 to {classes - 1}, not {list(digits)}")
    if images < 1:
        raise ValueError(f"the number of images must be at least 1, not {images}")
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("the network has weights that are not finite")
    return _search(model, tuple(digits), images, seed, stopping)


@dataclass(frozen=True, slots=True, eq=False)
class LeadingBits:
    """LeadingBits bits of ξ of a chunk of images."""

    parts: NDArray[np.uint8]
    """(coordinates, CHUNK): index of each number's interval of the normal distribution."""
    tails: NDArray[np.int64]
    """(T,): flat indices into `parts` whose value is `TAILS`."""
    further: NDArray[np.uint16]
    """(T,): index of the interval in the tails: the lower tail from the outside to the inside, then the upper tail."""


class Noise:
    """Reproducible sequence of images of standard normal pixels, drawn only as far as needed."""

    def __init__(self, weight: Tensor, seed: int) -> None:
        """`weight`: (H, D): weights of the first layer."""
        self.seed = seed
        self.pixels = weight.shape[1]
        self.basis, upper = np.linalg.qr(weight.detach().double().numpy().T)
        """(D, coordinates): Q."""
        self.factor = upper.T
        """(H, coordinates), lower triangular: the layer's pre-activations are this times ξ, plus the bias."""
        self.coordinates = self.factor.shape[1]

    def leading(self, chunk: int) -> LeadingBits:
        """Return the leading bits of ξ of a chunk's images."""
        generator = np.random.SFC64([self.seed, 0, chunk])
        parts = generator.random_raw(self.coordinates * CHUNK // 8).view(np.uint8)
        tails = np.flatnonzero(parts == TAILS)
        further = generator.random_raw(len(tails) // 4 + 1).view(np.uint16)[: len(tails)]
        return LeadingBits(parts.reshape(self.coordinates, CHUNK), tails, further)

    def exact(self, chunk: int, columns: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return ξ, (n, coordinates), and the pixels, (n, D), of some images of a chunk."""
        generators = [np.random.default_rng([self.seed, 1, chunk * CHUNK + int(column)]) for column in columns]
        leading = self.leading(chunk)
        further = np.zeros(leading.parts.shape)
        further.ravel()[leading.tails] = leading.further
        rest = np.stack([generator.random(self.coordinates) for generator in generators])
        xi = _normal_numbers(leading.parts[:, columns].T, further[:, columns].T, rest)
        z = np.stack([generator.standard_normal(self.pixels) for generator in generators])
        return xi, z + (xi - z @ self.basis) @ self.basis.T


def _normal_numbers(
    part: NDArray[np.uint8], further: NDArray[np.float64], rest: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the normal numbers at relative position `rest`, in [0, 1), of these intervals."""
    # Measured from the nearer tail, where double precision resolves extreme values.
    in_tail = part == TAILS
    place, last = np.where(in_tail, further, part), np.where(in_tail, TAIL_INTERVALS, TAILS) - 1
    probability = (np.minimum(place, last - place) + 1 - rest) / np.where(in_tail, TAIL_INTERVALS, 1) / (TAILS + 1)
    probability += np.where(in_tail, 0, 0.5 / (TAILS + 1))
    return np.where(place <= last / 2, 1, -1) * _quantile(probability)


def levels() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means of the intervals, which approximate the numbers until they are drawn in full.

    Returns:
        (TAILS + 1,): of the intervals, 0 for the tails; (TAIL_INTERVALS,): of the intervals in the tails.
    """
    middle = _means((np.arange(TAILS + 1) + 0.5) / (TAILS + 1))
    lower = _means(np.arange(TAIL_INTERVALS // 2 + 1) / TAIL_INTERVALS / (TAILS + 1))
    return np.append(middle, 0), np.concatenate((lower, -lower[::-1]))


def _means(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of a standard normal variable between successive quantiles of these probabilities."""
    density = np.exp(-(_quantile(edges) ** 2) / 2) / math.sqrt(2 * math.pi)
    return np.asarray((density[:-1] - density[1:]) / np.diff(edges))


def _quantile(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of the standard normal distribution."""
    return np.asarray(torch.special.ndtri(torch.from_numpy(probability)).numpy())


@torch.no_grad()
def _search(
    model: MLP, digits: tuple[int, ...], images: int, seed: int, stopping: Callable[[], bool]
) -> Iterator[NoiseSearch]:
    noise = Noise(model.get_parameter(f"{model.names[0]}.weight"), seed)
    screeners = [_Screener(model, noise, dtype) for dtype in (torch.float32, torch.bfloat16)]
    screener = min(screeners, key=lambda screener: _seconds_per_chunk(screener, noise))
    best = _Best(model, noise, digits)

    trial = np.arange(min(CALIBRATION_IMAGES, images))
    differences = best.evaluate(0, trial) - best.log_odds(screener.logits(noise.leading(0)))[:, trial]
    scatter, shift = torch.std_mean(differences, dim=1, correction=0)
    allowance = (shift + MARGIN_DEVIATIONS * scatter)[:, None]
    reported_at = -math.inf
    for chunk in range(math.ceil(images / CHUNK)):
        tried = min((chunk + 1) * CHUNK, images)
        estimates = best.log_odds(screener.logits(noise.leading(chunk)))[:, : tried - chunk * CHUNK] + allowance
        before = best.odds
        if bool((estimates > before[:, None]).any()):
            # The most promising images first, so that fewer others come close to the best one.
            best.evaluate(chunk, torch.unique(estimates.argmax(dim=1)).numpy())
            close = (estimates > best.odds[:, None]).any(0).nonzero().flatten().numpy()
            if len(close):
                best.evaluate(chunk, close)
        improved = bool((best.odds > before).any())
        ending = tried == images or stopping()
        if ending or improved or time.perf_counter() - reported_at > REPORT_SECONDS:
            yield NoiseSearch(digits, best.images.copy(), torch.sigmoid(best.odds).numpy(), tried, images)
            reported_at = time.perf_counter()
        if ending:
            return


class _Best:
    """The best image so far of each of K digits."""

    def __init__(self, model: MLP, noise: Noise, digits: tuple[int, ...]) -> None:
        self.model, self.noise, self.digits = model, noise, list(digits)
        side = math.isqrt(noise.pixels)
        self.images = np.zeros((len(digits), side, side), np.float32)
        self.odds = torch.full((len(digits),), -math.inf, dtype=torch.float64)
        # Added to the logits, this masks the digit itself.
        self.others = torch.zeros(len(digits), model.get_parameter("output_fc.bias").numel(), 1)
        self.others[torch.arange(len(digits)), self.digits] = -math.inf

    def log_odds(self, logits: Tensor) -> Tensor:
        """Return log p / (1 - p) of each digit, (K, n) float64, from (classes, n) logits.

        Unlike p, it distinguishes images whose p rounds to 1.
        """
        return (logits[self.digits] - (logits + self.others).logsumexp(dim=1)).double()

    def evaluate(self, chunk: int, columns: NDArray[np.integer]) -> Tensor:
        """Draw some images of a chunk in full, keep the best ones, and return the (K, n) log-odds."""
        pictures = self.noise.exact(chunk, columns)[1].astype(np.float32)
        logits, _ = self.model(torch.from_numpy(pictures))
        odds = self.log_odds(logits.T)
        found, places = odds.max(dim=1)
        better = found > self.odds
        self.odds = torch.where(better, found, self.odds)
        self.images[better.numpy()] = pictures[places[better].numpy()].reshape(-1, *self.images.shape[1:])
        return odds


class _Screener:
    """Computes approximate logits from the leading bits of a chunk of images.

    The inputs of each layer have a first row of ones, and its weights a first column with the biases.
    """

    def __init__(self, model: MLP, noise: Noise, dtype: torch.dtype) -> None:
        biases = [model.get_parameter(f"{name}.bias")[:, None] for name in model.names]
        matrices = [torch.tensor(noise.factor), *(model.get_parameter(f"{name}.weight") for name in model.names[1:])]
        first, *deeper = [torch.cat(pair, 1).to(dtype) for pair in zip(biases, matrices, strict=True)]
        inputs = [torch.ones(weight.shape[1], CHUNK, dtype=dtype) for weight in (first, *deeper)]
        self.output = torch.empty(len(biases[-1]), CHUNK, dtype=dtype)
        results = [*(tensor[1:] for tensor in inputs[1:]), self.output]
        self.blocks: list[tuple[Tensor, Tensor, Tensor]] = []
        """Nonzero parts of the rows of the first layer, their inputs and their outputs."""
        for start in range(0, len(first), BLOCK):
            rows = slice(start, min(start + BLOCK, len(first)))
            part = first[rows, : rows.stop + 1].contiguous()
            self.blocks.append((part, inputs[0][: part.shape[1]], results[0][rows]))
        integer, double = (torch.int16, torch.int32) if dtype == torch.bfloat16 else (torch.int32, torch.int64)
        # ReLU on the bits as integers, which have the same sign: torch's ReLU in bfloat16 takes ten times as long.
        bits = [result.view(integer) for result in results[:-1]]
        self.deeper = list(zip(bits, deeper, inputs[1:], results[1:], strict=True))
        # Two bytes are looked up at a time, and give two numbers that are copied as one of double the size.
        middle, self.tails = (torch.tensor(level).to(dtype) for level in levels())
        self.pairs = torch.cartesian_prod(middle, middle).flip(1).contiguous().view(double).flatten()
        self.coordinates = inputs[0][1:].view(-1)
        self.twos = self.coordinates.view(double)

    def logits(self, leading: LeadingBits) -> Tensor:
        """Return (classes, CHUNK) float32 logits."""
        places = torch.from_numpy(leading.parts.view(np.uint16).astype(np.int32)).view(-1)
        torch.index_select(self.pairs, 0, places, out=self.twos)
        further = self.tails[torch.from_numpy(leading.further.astype(np.int64))]
        self.coordinates.index_copy_(0, torch.from_numpy(leading.tails), further)
        for factor, inputs, result in self.blocks:
            torch.mm(factor, inputs, out=result)
        for bits, weight, inputs, result in self.deeper:
            bits.clamp_(min=0)
            torch.mm(weight, inputs, out=result)
        return self.output.float()


def _seconds_per_chunk(screener: _Screener, noise: Noise) -> float:
    """Return the time for a chunk, after a warm-up."""
    leading = noise.leading(0)
    for _ in range(2):
        started_at = time.perf_counter()
        screener.logits(leading)
    return time.perf_counter() - started_at

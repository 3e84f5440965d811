"""Noise that the network takes for a digit: the best of very many images of standard normal noise.

It finds what drawing every image in full would find, several times as fast:

1. Of an image x the network sees only W·x + b, which is normal with the covariance W·Wᵀ. With the QR factors of
   Wᵀ = Q·R it is Rᵀ·ξ + b, where the coordinates ξ = Qᵀ·x are standard normal, and no more of them than the layer has
   units. The rest of x is independent of them: x = Q·ξ + (z - Q·Qᵀ·z) for any standard normal z. So only ξ is drawn.
   (R is the Cholesky factor of W·Wᵀ up to signs, but W needs no full rank. A layer of more units than there are
   pixels saves nothing here.)
2. Of ξ only the leading bits of the random numbers behind it are drawn: a byte chooses one of 255 equally probable
   parts of the normal distribution or, just as probable, its two tails, of which two more bytes then choose a part.
3. The network's answer to what they stand for is worked out roughly, in bfloat16 where this machine is faster with it.

Whatever comes near the best image yet is then drawn in full, with its remaining bits and pixels, and judged by the
network itself. "Near" is within sixteen standard deviations of the scatter that 2 and 3 bring into the answers: it is
measured with the first 128 images, which are all judged both ways.
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
"""As many as the notebook tries."""
CHUNK = 2048
"""Images drawn at once: few enough for a CPU's cache."""
BLOCK = 84
"""Rows of the first layer multiplied at once; right of them a triangular matrix is 0 and is left out."""
TRIAL = 128
"""Images that are judged both roughly and in full to begin with."""
CAUTION = 16
"""So many standard deviations of the scatter an image may fall short of the best one and still be judged in full."""
REPORT_SECONDS = 0.1
"""At most this long between two reports."""
TAILS = 255
"""The byte that says that a number lies in one of the tails …"""
FURTHER = 1 << 16
"""… and in how many parts both together are divided."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Leading:
    """The leading bits of ξ of a chunk of images."""

    parts: NDArray[np.uint8]
    """(coordinates, CHUNK): which part of the normal distribution each lies in."""
    tails: NDArray[np.int64]
    """(T,): where in `parts`, which is counted through row by row, it is `TAILS`."""
    further: NDArray[np.uint16]
    """(T,): which part of the tails; the lower ones are first, from the outside to the inside, then the upper ones."""


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

    def leading(self, chunk: int) -> Leading:
        """The leading bits of ξ of the chunk's images."""
        generator = np.random.SFC64([self.seed, 0, chunk])
        parts = generator.random_raw(self.coordinates * CHUNK // 8).view(np.uint8)
        tails = np.flatnonzero(parts == TAILS)
        further = generator.random_raw(len(tails) // 4 + 1).view(np.uint16)[: len(tails)]
        return Leading(parts.reshape(self.coordinates, CHUNK), tails, further)

    def exact(self, chunk: int, columns: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """ξ of some of the chunk's images, (n, coordinates), and the images themselves, (n, D)."""
        generators = [np.random.default_rng([self.seed, 1, chunk * CHUNK + int(column)]) for column in columns]
        leading = self.leading(chunk)
        further = np.zeros(leading.parts.shape)
        further.ravel()[leading.tails] = leading.further
        rest = np.stack([generator.random(self.coordinates) for generator in generators])
        xi = _within(leading.parts[:, columns].T, further[:, columns].T, rest)
        z = np.stack([generator.standard_normal(self.pixels) for generator in generators])
        return xi, z + (xi - z @ self.basis) @ self.basis.T


def _within(part: NDArray[np.uint8], further: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """The normal numbers that lie in these parts, `rest` in [0, 1) saying where within."""
    # Counted from the nearer end, where double precision tells numbers apart that are far out.
    in_tail = part == TAILS
    place, last = np.where(in_tail, further, part), np.where(in_tail, FURTHER, TAILS) - 1
    probability = (np.minimum(place, last - place) + 1 - rest) / np.where(in_tail, FURTHER, 1) / (TAILS + 1)
    probability += np.where(in_tail, 0, 0.5 / (TAILS + 1))
    return np.where(place <= last / 2, 1, -1) * _quantile(probability)


def levels() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What numbers are taken for until they are drawn in full: the mean of each part.

    Returns:
        (TAILS + 1,): of the parts; 0 for the tails. (FURTHER,): of the tails' parts.
    """
    middle = _means((np.arange(TAILS + 1) + 0.5) / (TAILS + 1))
    lower = _means(np.arange(FURTHER // 2 + 1) / FURTHER / (TAILS + 1))
    return np.append(middle, 0), np.concatenate((lower, -lower[::-1]))


def _means(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of a standard normal number between each two neighbours of these probabilities."""
    density = np.exp(-(_quantile(edges) ** 2) / 2) / math.sqrt(2 * math.pi)
    return np.asarray((density[:-1] - density[1:]) / np.diff(edges))


def _quantile(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a standard normal number stays below with that probability."""
    return np.asarray(torch.special.ndtri(torch.from_numpy(probability)).numpy())


@torch.no_grad()
def _search(
    model: MLP, digits: tuple[int, ...], images: int, seed: int, stopping: Callable[[], bool]
) -> Iterator[NoiseSearch]:
    noise = Noise(model.get_parameter(f"{model.names[0]}.weight"), seed)
    screens = [_Screen(model, noise, dtype) for dtype in (torch.float32, torch.bfloat16)]
    screen = min(screens, key=lambda screen: _seconds(screen, noise))
    best = _Best(model, noise, digits)

    trial = np.arange(min(TRIAL, images))
    differences = best.judge(0, trial) - best.log_odds(screen.logits(noise.leading(0)))[:, trial]
    scatter, shift = torch.std_mean(differences, dim=1, correction=0)
    allowance = (shift + CAUTION * scatter)[:, None]
    reported_at = -math.inf
    for chunk in range(math.ceil(images / CHUNK)):
        tried = min((chunk + 1) * CHUNK, images)
        hoped = best.log_odds(screen.logits(noise.leading(chunk)))[:, : tried - chunk * CHUNK] + allowance
        before = best.odds
        if bool((hoped > before[:, None]).any()):
            # The most promising ones first: they leave fewer that come near.
            best.judge(chunk, torch.unique(hoped.argmax(dim=1)).numpy())
            near = (hoped > best.odds[:, None]).any(0).nonzero().flatten().numpy()
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
    """The network's logits, roughly, from the leading bits of a chunk of images.

    What a layer is given has a first row of ones, and its weights a first column that is the bias.
    """

    def __init__(self, model: MLP, noise: Noise, dtype: torch.dtype) -> None:
        biases = [model.get_parameter(f"{name}.bias")[:, None] for name in model.names]
        matrices = [torch.tensor(noise.factor), *(model.get_parameter(f"{name}.weight") for name in model.names[1:])]
        first, *deeper = [torch.cat(pair, 1).to(dtype) for pair in zip(biases, matrices, strict=True)]
        given = [torch.ones(weight.shape[1], CHUNK, dtype=dtype) for weight in (first, *deeper)]
        self.answer = torch.empty(len(biases[-1]), CHUNK, dtype=dtype)
        results = [*(tensor[1:] for tensor in given[1:]), self.answer]
        self.blocks: list[tuple[Tensor, Tensor, Tensor]] = []
        """Rows of the first layer as far as they are not 0, what they are given, and where the result goes."""
        for start in range(0, len(first), BLOCK):
            rows = slice(start, min(start + BLOCK, len(first)))
            part = first[rows, : rows.stop + 1].contiguous()
            self.blocks.append((part, given[0][: part.shape[1]], results[0][rows]))
        integer, twice = (torch.int16, torch.int32) if dtype == torch.bfloat16 else (torch.int32, torch.int64)
        # The bits of a negative number are a negative integer, and torch's ReLU of bfloat16 takes ten times as long.
        bits = [result.view(integer) for result in results[:-1]]
        self.deeper = list(zip(bits, deeper, given[1:], results[1:], strict=True))
        # Two bytes are looked up at once: two numbers, which move as one of twice the size.
        middle, self.tails = (torch.tensor(level).to(dtype) for level in levels())
        self.pairs = torch.cartesian_prod(middle, middle).flip(1).contiguous().view(twice).flatten()
        self.coordinates = given[0][1:].view(-1)
        self.twos = self.coordinates.view(twice)

    def logits(self, leading: Leading) -> Tensor:
        """(classes, CHUNK) float32, which hold until the next call."""
        places = torch.from_numpy(leading.parts.view(np.uint16).astype(np.int32)).view(-1)
        torch.index_select(self.pairs, 0, places, out=self.twos)
        further = self.tails[torch.from_numpy(leading.further.astype(np.int64))]
        self.coordinates.index_copy_(0, torch.from_numpy(leading.tails), further)
        for factor, given, result in self.blocks:
            torch.mm(factor, given, out=result)
        for bits, weight, given, result in self.deeper:
            bits.clamp_(min=0)
            torch.mm(weight, given, out=result)
        return self.answer.float()


def _seconds(screen: _Screen, noise: Noise) -> float:
    """How long a chunk takes, the second time."""
    leading = noise.leading(0)
    for _ in range(2):
        began = time.perf_counter()
        screen.logits(leading)
    return time.perf_counter() - began

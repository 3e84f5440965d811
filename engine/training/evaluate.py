"""What a network says about images that it is only measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.training.batches import normalise
from mnist_tui.engine.training.model import MLP

CHUNK = 500
"""Images measured at once."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A network's answers for N images, on the CPU."""

    logits: np.ndarray
    """(N, classes) float32."""
    hidden: np.ndarray
    """(N, last hidden size) float32, after ReLU."""
    labels: np.ndarray
    """(N,) uint8, the true classes."""

    @property
    def probabilities(self) -> np.ndarray:
        """(N, classes) float64: softmax of the logits."""
        logits = self.logits.astype(np.float64)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))

    @property
    def predictions(self) -> np.ndarray:
        """(N,) int64: the most probable class."""
        return np.asarray(self.logits.argmax(axis=1))

    @property
    def correct(self) -> int:
        """Images whose most probable class is the true one."""
        return int((self.predictions == self.labels).sum())

    @property
    def loss(self) -> float:
        """Mean cross-entropy per image, in nats."""
        logits = self.logits.astype(np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(axis=1))
        return float((log_sums - shifted[np.arange(len(shifted)), self.labels]).mean())


def judge(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Each image's cross-entropy, in nats, and whether its most probable class is the true one: (N,) each.

    Args:
        logits: (classes, N), contiguous: a CPU goes through columns ten times as fast as through short rows.
        labels: (N,) int64.
    """
    # Not `cross_entropy`: over columns CUDA has no deterministic one.
    losses = -torch.log_softmax(logits, 0).gather(0, labels[None])[0]
    return losses, logits.max(0).indices == labels


@torch.inference_mode()
def measure(model: MLP, images: Tensor, labels: Tensor, mean: float, std: float) -> tuple[float, int]:
    """Mean cross-entropy per image, in nats, and how many images are answered rightly.

    Args:
        model: on the images' device.
        images: (N, S, S) uint8; labels: (N,) int64, on the same device.
        mean, std: the training images' statistics.
    """
    # MPS has no float64; there the sum over some thousands of images is good to seven digits.
    wide = torch.float32 if images.device.type == "mps" else torch.float64
    loss = torch.zeros((), dtype=wide, device=images.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    for x, y in zip(torch.split(images, CHUNK), torch.split(labels, CHUNK), strict=True):
        logits, _ = model(normalise(x, mean, std))
        losses, right = judge(logits.t().contiguous(), y)
        loss += losses.to(wide).sum()
        correct += right.sum()
    return float(loss) / len(images), int(correct)


@torch.inference_mode()
def evaluate(model: MLP, images: np.ndarray, labels: np.ndarray, mean: float, std: float) -> Evaluation:
    """All answers of a network on the CPU for (N, S, S) uint8 images with (N,) labels."""
    parts = [model(normalise(x, mean, std)) for x in torch.split(torch.tensor(images), CHUNK)]
    logits, hidden = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return Evaluation(logits, hidden, labels)

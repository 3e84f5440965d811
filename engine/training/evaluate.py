"""Evaluates a network on images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.training.batches import normalise
from mnist_tui.engine.training.model import MLP

CHUNK = 500
"""Images per forward pass."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Outputs of a network for N images, on the CPU."""

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
        """(N,) int64: the predicted classes."""
        return np.asarray(self.logits.argmax(axis=1))

    @property
    def correct(self) -> int:
        """Number of images whose predicted class is the true one."""
        return int((self.predictions == self.labels).sum())

    @property
    def loss(self) -> float:
        """Mean cross-entropy per image, in nats."""
        logits = self.logits.astype(np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(axis=1))
        return float((log_sums - shifted[np.arange(len(shifted)), self.labels]).mean())


def judge(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return each image's cross-entropy, in nats, and whether its predicted class is the true one: (N,) each.

    Args:
        logits: (classes, N), contiguous: a CPU reduces columns ten times as fast as short rows.
        labels: (N,) int64.
    """
    # Not `cross_entropy`, which is not deterministic on CUDA for this layout.
    losses = -torch.log_softmax(logits, 0).gather(0, labels[None])[0]
    return losses, logits.max(0).indices == labels


@torch.inference_mode()
def measure(model: MLP, images: Tensor, labels: Tensor, mean: float, std: float) -> tuple[float, int]:
    """Return the mean cross-entropy per image, in nats, and the number of correctly classified images.

    Args:
        model: On the same device as the images.
        images: (N, S, S) uint8; labels: (N,) int64.
        mean, std: Statistics of the training images.
    """
    # MPS has no float64; in float32 the sum over thousands of images is accurate to about seven digits.
    accumulator_type = torch.float32 if images.device.type == "mps" else torch.float64
    loss = torch.zeros((), dtype=accumulator_type, device=images.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.device)
    for x, y in zip(torch.split(images, CHUNK), torch.split(labels, CHUNK), strict=True):
        logits, _ = model(normalise(x, mean, std))
        losses, is_correct = judge(logits.t().contiguous(), y)
        loss += losses.to(accumulator_type).sum()
        correct += is_correct.sum()
    return float(loss) / len(images), int(correct)


@torch.inference_mode()
def evaluate(model: MLP, images: np.ndarray, labels: np.ndarray, mean: float, std: float) -> Evaluation:
    """Return all outputs of a network on the CPU for (N, S, S) uint8 images with (N,) labels."""
    parts = [model(normalise(x, mean, std)) for x in torch.split(torch.tensor(images), CHUNK)]
    logits, hidden = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return Evaluation(logits, hidden, labels)

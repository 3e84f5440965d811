"""The usual training loop: DataLoader, PIL transforms one image at a time, `.item()` after every batch.

Written straightforwardly on purpose, with the notebook's settings, as the peer that speed and accuracy are measured
against. It averages the batch means, as the notebook does.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split
from torchvision import transforms
from torchvision.datasets import MNIST

from mnist_tui.engine.training.model import MLP

BATCH = 64


@dataclass(frozen=True, slots=True)
class LoopEpoch:
    """One epoch's figures."""

    train_loss: float
    valid_loss: float
    valid_acc: float
    seconds: float


class _Transformed(Dataset[tuple[torch.Tensor, int]]):
    """A subset with a transform of its own: validation comes out of the training set but is not augmented."""

    def __init__(self, subset: Dataset[tuple[object, int]], transform: transforms.Compose) -> None:
        self.subset, self.transform = subset, transform

    def __len__(self) -> int:
        return len(self.subset)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image, label = self.subset[index]
        return self.transform(image), label


class NotebookLoop:
    """The loop, its data loaders and its model."""

    def __init__(self, data_dir: Path, seed: int, *, workers: int = 0, device: str = "cpu") -> None:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        whole = MNIST(data_dir, train=True, download=False)
        mean = whole.data.float().mean().item() / 255
        std = whole.data.float().std().item() / 255
        plain = [transforms.ToTensor(), transforms.Normalize(mean=[mean], std=[std])]
        augmented = [transforms.RandomRotation(5, fill=(0,)), transforms.RandomCrop(28, padding=2), *plain]
        train, valid = random_split(whole, [54_000, 6_000])
        test = MNIST(data_dir, train=False, download=False)
        self.train_loader = DataLoader(
            _Transformed(train, transforms.Compose(augmented)), BATCH, shuffle=True, num_workers=workers
        )
        self.valid_loader = DataLoader(_Transformed(valid, transforms.Compose(plain)), BATCH, num_workers=workers)
        self.test_loader = DataLoader(_Transformed(test, transforms.Compose(plain)), BATCH, num_workers=workers)
        self.device = torch.device(device)
        self.model = MLP((784, 250, 100, 10)).to(self.device)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.criterion = nn.CrossEntropyLoss()

    def epochs(self, count: int) -> Iterator[LoopEpoch]:
        """Train and validate `count` epochs; the best weights are loaded when the last is over."""
        best_loss, best = float("inf"), {}
        for _ in range(count):
            began = time.perf_counter()
            train_loss = self._train()
            valid_loss, valid_acc = self.measure(self.valid_loader)
            if valid_loss < best_loss:
                best_loss, best = valid_loss, copy.deepcopy(self.model.state_dict())
            yield LoopEpoch(train_loss, valid_loss, valid_acc, time.perf_counter() - began)
        self.model.load_state_dict(best)

    def _on_device(self, loader: DataLoader[tuple[torch.Tensor, int]]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for x, y in loader:
            yield x.to(self.device), y.to(self.device)

    def _train(self) -> float:
        self.model.train()
        total = 0.0
        for x, y in self._on_device(self.train_loader):
            self.optimizer.zero_grad()
            logits, _ = self.model(x)
            loss = self.criterion(logits, y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
            (logits.argmax(1) == y).float().mean().item()
        return total / len(self.train_loader)

    @torch.no_grad()
    def measure(self, loader: DataLoader[tuple[torch.Tensor, int]]) -> tuple[float, float]:
        """Mean of the batches' losses, and the share of all images that is right."""
        self.model.eval()
        total, correct, count = 0.0, 0, 0
        for x, y in self._on_device(loader):
            logits, _ = self.model(x)
            total += self.criterion(logits, y).item()
            correct += int((logits.argmax(1) == y).sum().item())
            count += len(y)
        return total / len(loader), correct / count

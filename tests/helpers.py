"""What several tests share: small data sets, trainings, and the command line run inside the test's process."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset, make_dataset
from mnist_tui.engine.events import Epoch, Event, Progress
from mnist_tui.engine.training.control import Control
from mnist_tui.engine.training.loop import train

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""
HANG = 500
"""Seconds until a process that does not end counts as hung; no test is meant to come near it."""
QUICK = RunConfig(dataset="digits", epochs=3, batch_size=32, hidden=(16,), device="cpu", threads=1)
"""A training that takes milliseconds."""
STILL = replace(QUICK, rotation=0.0, shift=0)
"""The same training on images that are not augmented."""

Kind = TypeVar("Kind")


def noise_dataset(count: int = 230, test: int = 60, seed: int = 0) -> Dataset:
    """Random images with random labels: they can only be memorised."""
    random = np.random.default_rng(seed)
    images, test_images = (random.integers(0, 256, (n, 28, 28), np.uint8) for n in (count, test))
    labels, test_labels = (random.integers(0, 10, n).astype(np.uint8) for n in (count, test))
    return make_dataset("noise", "Noise", tuple("0123456789"), images, labels, test_images, test_labels)


def of_kind(events: Iterable[object], kind: type[Kind]) -> list[Kind]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def timeless(events: Iterable[Event]) -> list[Epoch]:
    """The epochs with their durations set to 0: for comparing two runs."""
    return [replace(epoch, seconds=0.0) for epoch in of_kind(events, Epoch)]


@dataclass
class Training:
    """A training's events, and every epoch's weights."""

    events: list[Event]
    weights: dict[int, dict[str, Tensor]]


def run_training(config: RunConfig, dataset: Dataset, control: Control | None = None) -> Training:
    """Train to the end."""
    weights: dict[int, dict[str, Tensor]] = {}

    def save(epoch: int, state: Mapping[str, Tensor]) -> None:
        weights[epoch] = {name: tensor.clone() for name, tensor in state.items()}

    return Training(list(train(config, dataset, control, run="a-run", save=save)), weights)


def answers(weights: Mapping[str, Tensor], images: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Logits in double precision from the plain formula, without the code under test; (N, 10) float64."""
    x = (images.reshape(len(images), -1) / 255 - mean) / std
    *layers, last = [name.removesuffix(".weight") for name in weights if name.endswith(".weight")]
    for layer in layers:
        x = np.maximum(x @ weights[f"{layer}.weight"].double().numpy().T + weights[f"{layer}.bias"].numpy(), 0)
    return np.asarray(x @ weights[f"{last}.weight"].double().numpy().T + weights[f"{last}.bias"].numpy())


def judged(logits: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """Return the mean cross-entropy and the number of correct predictions, by torch's own functions."""
    scores, targets = torch.tensor(logits), torch.tensor(labels, dtype=torch.int64)
    loss = torch.nn.functional.nll_loss(torch.log_softmax(scores, 1), targets)
    return loss.item(), int((scores.argmax(1) == targets).sum())


def groups_of(progress: list[Progress], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an epoch's fine curve: losses, accuracies, and the number of examples of each point."""
    losses = np.array([loss for event in progress for loss in event.losses])
    accs = np.array([acc for event in progress for acc in event.accs])
    starts = np.arange(0, len(sizes), progress[0].group)
    return losses, accs, np.add.reduceat(sizes, starts)


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in the folder, by name; without the saved state, which contains times."""
    paths = sorted(path for path in folder.iterdir() if path.name != "state.pt")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@dataclass
class Outcome:
    """The exit code and the output of a command."""

    status: int
    out: str
    err: str


class Screen(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def command(*arguments: str, terminal: bool = False) -> Outcome:
    """Run `mnist-tui` with these arguments in this process, in a pipe or as on a terminal."""
    out, err = (Screen(), Screen()) if terminal else (io.StringIO(), io.StringIO())
    with (
        patch.object(sys, "argv", ["mnist-tui", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        from mnist_tui.tui.cli.commands import main

        try:
            main()
        except SystemExit as end:
            status = end.code
    assert isinstance(status, int), "main must end the process with a number"
    return Outcome(status, out.getvalue(), err.getvalue())


def plant(path: Path, kind: str) -> None:
    """Put what is no regular file at a path: a `pipe`, a `device`, a `folder`, a `loop` of a link, or `nothing`."""
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path)

"""`make bench`: an epoch beside the notebook-style loop; with `--seeds`, the test accuracies of both."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

import torch

from bench.notebook_loop import NotebookLoop
from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.data.folder import data_folder
from engine.data.loading import load
from engine.events import Epoch, Test
from engine.train import train


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--data-dir", help="where MNIST lies; else $MNIST_TUI_DATA")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of epochs that are timed in turn (3)")
    parser.add_argument("--seeds", type=int, default=0, help="test accuracy over the seeds 1 … N, ten epochs each")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    folder = data_folder(options.data_dir)
    dataset = read(folder)
    figures: dict[str, object] = {"torch": torch.__version__, "epoch": speed(folder, dataset, options.pairs)}
    if options.seeds:
        figures["accuracy"] = accuracy(folder, dataset, options.seeds)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def read(folder: Path) -> Dataset:
    """MNIST from the folder."""
    steps = load("mnist", folder, explicit_folder=True)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset


def speed(folder: Path, dataset: Dataset, pairs: int) -> dict[str, object]:
    """Seconds of an epoch, training and validation, on one CPU thread: both loops in turn, A B A B …"""
    torch.set_num_threads(1)
    loop = NotebookLoop(folder, 1234)
    peer_epochs = loop.epochs(pairs)
    config = RunConfig(epochs=pairs, threads=1, device="cpu")
    ours_epochs = (event for event in train(config, dataset) if isinstance(event, Epoch))
    peer, ours = [], []
    for _ in range(pairs):
        peer.append(next(peer_epochs).seconds)
        ours.append(next(ours_epochs).seconds)
    ratios = [a / b for a, b in zip(peer, ours, strict=True)]
    print("one epoch, one CPU thread      median    min    max")
    for name, values in (("notebook-style loop, s", peer), ("mnist-tui, s", ours), ("ratio", ratios)):
        print(f"{name:<28}  {statistics.median(values):>7.2f}  {min(values):>5.2f}  {max(values):>5.2f}")
    sys.stdout.flush()
    return {"notebook_loop_s": peer, "mnist_tui_s": ours, "ratio": ratios}


def accuracy(folder: Path, dataset: Dataset, seeds: int) -> dict[str, object]:
    """Test accuracy after ten epochs with the best validation loss's weights, for the seeds 1 … `seeds`."""
    peer, ours = [], []
    print("\nseed   notebook-style loop   mnist-tui")
    for seed in range(1, seeds + 1):
        loop = NotebookLoop(folder, seed)
        for _ in loop.epochs(10):
            pass
        peer.append(loop.measure(loop.test_loader)[1])
        events = train(RunConfig(seed=seed, threads=1, device="cpu"), dataset)
        ours.append(next(event.acc for event in events if isinstance(event, Test)))
        print(f"{seed:>4}   {peer[-1] * 100:>17.2f} %   {ours[-1] * 100:.2f} %", flush=True)
    difference = statistics.mean(ours) - statistics.mean(peer)
    print(f"mean   {statistics.mean(peer) * 100:>17.3f} %   {statistics.mean(ours) * 100:.3f} %")
    print(f"difference of the means: {difference * 100:+.3f} percentage points")
    return {"notebook_loop": peer, "mnist_tui": ours, "difference": difference}


if __name__ == "__main__":
    main()

"""The recipes over several seeds: accuracy on validation and test, and time beside the notebook-style loop.

python -m bench.recipes fast --seeds 5
python -m bench.recipes best --seeds 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from bench.notebook_loop import NotebookLoop
from bench.row import read
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.folder import data_folder
from mnist_tui.engine.events import Epoch, RunStarted, Test
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.training.loop import train

PRINTED = 0.9837
"""Test accuracy that the notebook's own printed run reached."""
NOTEBOOK_EPOCHS = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One training of a recipe."""

    seed: int
    seconds: float
    """From the first batch to the end of the last validation."""
    epoch: int
    """Whose weights were tested: those of the lowest validation loss."""
    valid_acc: float
    test_acc: float


def measure(recipe: str, seed: int, dataset: Dataset) -> Result:
    """Train a recipe on one CPU thread, without a run folder."""
    config = RunConfig.from_recipe(recipe, seed=seed, threads=1, device="cpu")
    began, ended, epochs = 0.0, 0.0, {}
    for event in train(config, dataset):
        if isinstance(event, RunStarted):
            began = time.perf_counter()
        elif isinstance(event, Epoch):
            ended, epochs[event.epoch] = time.perf_counter(), event
        elif isinstance(event, Test):
            return Result(seed, ended - began, event.epoch, epochs[event.epoch].valid_acc, event.acc)
    raise AssertionError("a training ends with its test")


def over_seeds(recipe: str, seeds: int, dataset: Dataset) -> list[Result]:
    """Train a recipe with the seeds 1 … `seeds` and print the figures."""
    print(f"{recipe:<8}  seconds   tested epoch   validation      test")
    results = []
    for seed in range(1, seeds + 1):
        result = measure(recipe, seed, dataset)
        results.append(result)
        print(
            f"seed {seed:<3}  {result.seconds:>7.2f}   {result.epoch:>12}   {result.valid_acc * 100:>8.2f} %   "
            f"{result.test_acc * 100:.2f} %",
            flush=True,
        )
    accuracies = [result.test_acc for result in results]
    mean_valid = statistics.mean(result.valid_acc for result in results)
    seconds = statistics.median(result.seconds for result in results)
    print(f"seconds, median {seconds:.2f}; validation, mean {mean_valid * 100:.3f} %")
    print(f"test, mean {statistics.mean(accuracies) * 100:.3f} %, from {min(accuracies) * 100:.2f} %")
    return results


def loop_seconds(folder: Path, pairs: int) -> float:
    """What the notebook-style loop needs for its ten epochs: ten times the median of a few."""
    torch.set_num_threads(1)
    seconds = [epoch.seconds for epoch in NotebookLoop(folder, 1234).epochs(pairs)]
    return NOTEBOOK_EPOCHS * statistics.median(seconds)


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(prog="bench.recipes", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("recipe", choices=tuple(RECIPES))
    parser.add_argument("--seeds", type=int, default=3, help="the seeds 1 … N (3)")
    parser.add_argument("--loop", type=int, default=0, metavar="N", help="beside N epochs of the notebook-style loop")
    parser.add_argument("--data-dir", help="where MNIST lies; else $MNIST_TUI_DATA")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    folder = data_folder(options.data_dir)
    dataset = read(folder)
    results = over_seeds(options.recipe, options.seeds, dataset)
    figures: dict[str, object] = {"torch": torch.__version__, "results": [asdict(result) for result in results]}
    if options.loop:
        loop = loop_seconds(folder, options.loop)
        ratio = loop / statistics.median(result.seconds for result in results)
        reached = sum(result.test_acc >= PRINTED for result in results)
        print(f"{reached} of {len(results)} reached {PRINTED * 100:.2f} % on test")
        print(f"ten epochs of the notebook-style loop take {loop:.1f} s: {ratio:.1f} times as long")
        figures |= {"loop_seconds": loop, "ratio": ratio, "reached": reached}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

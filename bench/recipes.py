"""What the recipes reach: test accuracies over seeds, measured once at the end of each training."""

from __future__ import annotations

import statistics

import torch

from bench.notebook_loop import NotebookLoop
from bench.row import Row, Setting
from engine.config import RunConfig
from engine.events import Epoch, Test
from engine.train import train

NOTEBOOKS = 0.9837
"""The test accuracy that the notebook prints."""


def trained(setting: Setting, recipe: str, seed: int) -> tuple[float, float]:
    """Test accuracy, and the seconds of all epochs together."""
    torch.set_num_threads(1)
    config = RunConfig.from_recipe(recipe, seed=seed, threads=1, device="cpu")
    events = list(train(config, setting.dataset))
    (test,) = (event for event in events if isinstance(event, Test))
    return test.acc, sum(event.seconds for event in events if isinstance(event, Epoch))


def fast(setting: Setting) -> list[Row]:
    """Recipe `fast` to the notebook's accuracy, against ten epochs of the notebook-style loop."""
    runs = [trained(setting, "fast", seed) for seed in range(1, setting.repeats(5) + 1)]
    peer = statistics.median(epoch.seconds for epoch in NotebookLoop(setting.folder, 1234).epochs(setting.repeats(3)))
    ratio = 10 * peer / statistics.median(taken for _, taken in runs)
    short = sum(acc < NOTEBOOKS for acc, _ in runs)
    accuracies = ", ".join(f"{acc * 100:.2f}" for acc, _ in runs)
    reasons = [f"{short} of {len(runs)} seeds stay below"] if short else []
    reasons += ["the training takes too long"] if ratio < 25 else []
    return [
        Row(
            "time to 98.37 % (recipe fast) against ten epochs of the notebook-style loop",
            "≥ 25×, all seeds",
            f"{ratio:.3g}× ({accuracies} %)",
            not reasons,
            "; ".join(reasons),
            {"runs": runs, "notebook_epoch_s": peer},
        )
    ]


def best(setting: Setting) -> list[Row]:
    """Recipe `best`: its mean test accuracy."""
    runs = [trained(setting, "best", seed) for seed in range(1, setting.repeats(3) + 1)]
    mean = statistics.mean(acc for acc, _ in runs)
    figure = f"{mean * 100:.2f} % ({', '.join(f'{acc * 100:.2f}' for acc, _ in runs)})"
    return [Row("recipe best: test accuracy, mean over seeds", "≥ 99.4 %", figure, mean >= 0.994, "", {"runs": runs})]


def notebook(setting: Setting) -> list[Row]:
    """Recipe `notebook` and the notebook-style loop over the same seeds."""
    peers, mines = [], []
    for seed in range(1, setting.repeats(5) + 1):
        loop = NotebookLoop(setting.folder, seed)
        for _ in loop.epochs(10):
            pass
        peers.append(loop.measure(loop.test_loader)[1])
        mines.append(trained(setting, "notebook", seed)[0])
    difference = statistics.mean(mines) - statistics.mean(peers)
    figure = f"{difference * 100:+.2f} points ({statistics.mean(mines) * 100:.2f} %)"
    figures: dict[str, object] = {"notebook_loop": peers, "mnist_tui": mines}
    return [
        Row(
            "recipe notebook: mean test accuracy less the loop's",
            "≥ -0.1 points",
            figure,
            difference >= -0.001,
            "",
            figures,
        )
    ]

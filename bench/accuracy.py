"""What the recipes reach: test accuracies over seeds, measured once at the end of each training."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict

from bench.notebook_loop import NotebookLoop
from bench.row import Row, Setting


def fast(setting: Setting) -> list[Row]:
    """Recipe `fast` to the notebook's accuracy, against ten epochs of the notebook-style loop."""
    from bench.recipes import PRINTED, loop_seconds, measure

    runs = [measure("fast", seed, setting.dataset) for seed in range(1, setting.repeats(5) + 1)]
    peer = loop_seconds(setting.folder, setting.repeats(3))
    ratio = peer / statistics.median(run.seconds for run in runs)
    short = sum(run.test_acc < PRINTED for run in runs)
    reasons = [f"{short} of {len(runs)} seeds stay below"] if short else []
    reasons += ["the training is too slow"] if ratio < 25 else []
    return [
        Row(
            "time to 98.37 % (recipe fast) against ten epochs of the notebook-style loop",
            "≥ 25×, all seeds",
            f"{ratio:.3g}× ({_percents([run.test_acc for run in runs])})",
            not reasons,
            "; ".join(reasons),
            {"runs": [asdict(run) for run in runs], "loop_s": peer},
        )
    ]


def best(setting: Setting) -> list[Row]:
    """Recipe `best`: its mean test accuracy."""
    from bench.recipes import measure

    runs = [measure("best", seed, setting.dataset) for seed in range(1, setting.repeats(3) + 1)]
    mean = statistics.mean(run.test_acc for run in runs)
    figure = f"{mean * 100:.2f} % ({_percents([run.test_acc for run in runs])})"
    figures: dict[str, object] = {"runs": [asdict(run) for run in runs]}
    return [Row("recipe best: test accuracy, mean over seeds", "≥ 99.4 %", figure, mean >= 0.994, "", figures)]


def notebook(setting: Setting) -> list[Row]:
    """Recipe `notebook` and the notebook-style loop over the same seeds."""
    from bench.recipes import measure

    peers, mines = [], []
    for seed in range(1, setting.repeats(5) + 1):
        loop = NotebookLoop(setting.folder, seed)
        for _ in loop.epochs(10):
            pass
        peers.append(loop.measure(loop.test_loader)[1])
        mines.append(measure("notebook", seed, setting.dataset).test_acc)
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


def _percents(accuracies: Sequence[float]) -> str:
    return ", ".join(f"{acc * 100:.2f}" for acc in accuracies) + " %"

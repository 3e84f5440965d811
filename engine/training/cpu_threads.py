"""How many CPU threads a training is given: by a short measurement, once for a machine and a kind of step.

Sums depend on how many threads share them, so the same seed gives the same run only with the same number. That is why
a measurement is written down, and read the next time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs
import torch

from mnist_tui.engine import files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.training.model import initial
from mnist_tui.engine.training.step import Step

ENOUGH = 0.8
"""More threads are taken only where a step's time falls below this share: a thread that waits burns a core."""
STEPS, TRIALS = 3, 5


def choose_threads(config: RunConfig, cores: int, processor: str) -> int:
    """CPU threads for torch: the configuration's, else the quickest number that leaves a core for the screen.

    Args:
        cores: that this process may use; with two or one there is nothing to choose.
        processor: its name, for the measurement's own.
    """
    if config.threads:
        return config.threads
    most = cores - 1
    if most < 2:
        return 1
    kind = f"{processor}, {cores} cores, torch {torch.__version__}, {config.layer_sizes}, {config.batch_size}"
    known = _known()
    if kind not in known:
        known[kind] = quickest(most, lambda threads: step_seconds(config, threads))
        _remember(known)
    return min(known[kind], most)


def quickest(most: int, seconds: Callable[[int], float]) -> int:
    """The number of threads, 1, 2, 4 … and `most`, from which more is hardly quicker."""
    best, best_seconds = 1, seconds(1)
    for threads in sorted({*(2**i for i in range(1, most.bit_length())), most} - {1}):
        taken = seconds(threads)
        if taken < ENOUGH * best_seconds:
            best, best_seconds = threads, taken
    return best


def step_seconds(config: RunConfig, threads: int) -> float:
    """The best of a few short measurements of the configured step."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        step = Step(initial(config.layer_sizes, 0), config.optimizer)
        x = torch.zeros(config.batch_size, config.layer_sizes[0])
        y = torch.zeros(config.batch_size, dtype=torch.int64)
        step(x, y, 0.0)
        taken = []
        for _ in range(TRIALS):
            began = time.perf_counter()
            for _ in range(STEPS):
                step(x, y, 0.0)
            taken.append(time.perf_counter() - began)
        return min(taken) / STEPS
    finally:
        torch.set_num_threads(before)


def _file() -> Path:
    return platformdirs.user_cache_path("mnist-tui") / "threads.json"


def _known() -> dict[str, int]:
    """What was measured before; nothing where it can't be read."""
    try:
        record = json.loads(_file().read_text(encoding="utf-8"))
        return {str(kind): max(1, int(threads)) for kind, threads in record.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(known: dict[str, int]) -> None:
    try:
        os.makedirs(_file().parent, exist_ok=True)
        files.replace(_file(), json.dumps(known, indent=1, ensure_ascii=False).encode())
    except OSError:
        pass  # then the next training measures again

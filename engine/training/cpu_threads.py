"""Chooses the number of CPU threads by a short benchmark, once per machine and type of step.

Floating-point sums depend on the number of threads, so a run is reproducible only with the same number. That is why
the result of the benchmark is cached.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mnist_tui.engine import files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.training.model import initialized
from mnist_tui.engine.training.step import Step

MAX_TIME_RATIO = 0.8
"""More threads are used only if they reduce a step's time to below this fraction: waiting threads burn a core each."""
STEPS, TRIALS = 3, 5
MAX_CACHE_BYTES = 1 << 20


def choose_threads(config: RunConfig, cores: int, processor: str) -> int:
    """Return the number of CPU threads: the configured one, else the fastest that leaves one core for the screen.

    Args:
        cores: Number of cores available to this process; with at most two there is nothing to choose.
        processor: Name of the processor, part of the cache key.
    """
    if config.threads:
        return config.threads
    max_threads = cores - 1
    if max_threads < 2:
        return 1
    kind = f"{processor}, {cores} cores, torch {torch.__version__}, {config.layer_sizes}, {config.batch_size}"
    cache = _load_cache()
    if kind not in cache:
        cache[kind] = fastest_thread_count(max_threads, lambda threads: step_seconds(config, threads))
        _save_cache(cache)
    return min(cache[kind], max_threads)


def fastest_thread_count(max_threads: int, seconds: Callable[[int], float]) -> int:
    """Return the smallest of 1, 2, 4 … `max_threads` threads beyond which a step hardly becomes faster."""
    best, best_seconds = 1, seconds(1)
    for threads in sorted({*(2**i for i in range(1, max_threads.bit_length())), max_threads} - {1}):
        durations = seconds(threads)
        if durations < MAX_TIME_RATIO * best_seconds:
            best, best_seconds = threads, durations
    return best


def step_seconds(config: RunConfig, threads: int) -> float:
    """Return the time of one step of the configured network: the best of several measurements, in seconds."""
    previous = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        step = Step(initialized(config.layer_sizes, 0), config.optimizer)
        x = torch.zeros(config.batch_size, config.layer_sizes[0])
        y = torch.zeros(config.batch_size, dtype=torch.int64)
        step(x, y, 0.0)
        durations = []
        for _ in range(TRIALS):
            started_at = time.perf_counter()
            for _ in range(STEPS):
                step(x, y, 0.0)
            durations.append(time.perf_counter() - started_at)
        return min(durations) / STEPS
    finally:
        torch.set_num_threads(previous)


def _cache_file() -> Path:
    return files.user_folder("cache") / "threads.json"


def _load_cache() -> dict[str, int]:
    """Return the cached results; empty if the cache cannot be read."""
    try:
        record = json.loads(files.read_limited(_cache_file(), MAX_CACHE_BYTES).decode())
        return {str(kind): max(1, int(threads)) for kind, threads in record.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def _save_cache(cache: dict[str, int]) -> None:
    try:
        os.makedirs(_cache_file().parent, exist_ok=True)
        files.replace(_cache_file(), json.dumps(cache, indent=1, ensure_ascii=False).encode())
    except OSError:
        pass  # the next training repeats the benchmark

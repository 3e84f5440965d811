"""The console's rows: what it costs, how soon it answers, how soon it is there."""

from __future__ import annotations

from typing import Any

from bench import console
from bench.row import Row, Setting, at_most


def cost(setting: Setting) -> list[Row]:
    """Training in the console against `mnist-tui train`."""
    figures: Any = console.cost(setting.repeats(3), epochs=3 if setting.quick else 10)
    return [at_most("training in the console against mnist-tui train", 1.05, "×", figures["ratio"], figures)]


def keys(setting: Setting) -> list[Row]:
    """From a key press to the repaint while it trains."""
    figures: Any = console.keys(24 if setting.quick else 80)
    names = (("median_s", "median", 25), ("p99_s", "99th percentile", 60))
    return [
        at_most(f"key press to repaint while training, {words}", goal, " ms", [figures[name] * 1000], figures)
        for name, words, goal in names
    ]


def first_frame(setting: Setting) -> list[Row]:
    """From the start of the process."""
    figures: Any = console.first_frame(setting.repeats(9))
    return [at_most("first frame after start", 0.35, " s", figures["seconds"], figures)]

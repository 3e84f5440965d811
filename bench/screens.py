"""The console's rows: what it costs, how soon it answers, how soon it is there."""

from __future__ import annotations

from typing import Any

from bench import console
from bench.row import Row, Setting, at_most


def cost(setting: Setting) -> list[Row]:
    """Training in the console against `mnist-tui train`."""
    figures: Any = console.cost(setting.repeats(3), epochs=3 if setting.quick else 10)
    why = "the training waits for Python's lock while the screen's thread draws"
    return [at_most("training in the console against mnist-tui train", 1.05, "×", figures["ratio"], figures, why)]


def scrubbing(setting: Setting) -> list[Row]:
    """Stepping through the epochs of a run that trains."""
    figures: Any = console.scrubbing(setting.repeats(3), epochs=5 if setting.quick else 10)
    why = "the views' computations share the cores with the training"
    return [at_most("training while its epochs are stepped through", 1.1, "×", figures["ratio"], figures, why)]


def bytes_written(setting: Setting) -> list[Row]:
    """Bytes written to the terminal."""
    figures: Any = console.written(10.0 if setting.quick else 30.0)
    rate = figures["bytes_per_second"] / 1000
    why = "curves that move change many cells with every drawing"
    return [at_most("written to the terminal while training at 160×45", 15, " kB/s", [rate], figures, why)]


def keys(setting: Setting) -> list[Row]:
    """From a key press to the repaint while it trains."""
    figures: Any = console.keys(24 if setting.quick else 80)
    names = (("median_s", "median", 25), ("p99_s", "99th percentile", 60))
    slowest = max(
        (kind for kind in figures["slowest_of_each"] if "first" not in kind), key=figures["slowest_of_each"].get
    )
    why = f"the slowest, {slowest!r}, waited for another redraw, or is slow to draw itself"
    return [
        at_most(f"key press to repaint while training, {words}", goal, " ms", [figures[name] * 1000], figures, why)
        for name, words, goal in names
    ]


def first_frame(setting: Setting) -> list[Row]:
    """From the start of the process, and how soon keys are answered then."""
    figures: Any = console.first_frame(setting.repeats(9))
    slowest = [max(taken) * 1000 for taken in figures["keys_s"]]
    modules, torch = "importing Textual takes most of it", "torch is imported meanwhile, and holds Python's lock"
    return [
        at_most("first frame after start", 0.35, " s", figures["seconds"], figures, modules),
        at_most(
            "a key typed with the command is answered", 0.5, " s after start", figures["first_key_s"], figures, modules
        ),
        at_most("slowest answer to a key in the first three seconds", 100, " ms", slowest, figures, torch),
    ]


def quitting(setting: Setting) -> list[Row]:
    """From the key that quits to the end of the process, in every phase."""
    figures: Any = console.quitting()
    phase, slowest = max(figures["seconds"].items(), key=lambda item: item[1])
    what = f"from q to the end of the process, slowest of {len(figures['seconds'])} phases"
    return [Row(what, "≤ 1 s", f"{slowest:.2f} s ({phase})", slowest <= 1, "", figures)]

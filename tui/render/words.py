"""Numbers and states in words, the same on the screen and on the plain command."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_tui.engine.events import Phase, Test
    from mnist_tui.engine.runs.history import History

PHASES = {
    "download": "downloading",
    "verify": "checking the files",
    "load": "reading the images",
    "warm-up": "waking the device",
    "train": "training",
    "paused": "paused",
    "test": "measuring the test images",
}


def printable(text: str, width: int = 80) -> str:
    """Foreign text without what would steer a terminal or can't be encoded, cut to `width` characters."""
    clean = "".join(character if character.isprintable() else "?" for character in text[: width + 1])
    return clean if len(clean) <= width else clean[: width - 1] + "…"


def moment(seconds_since_1970: float) -> str:
    """A point in time as `2026-11-23 19:30`, local; a dash where no calendar has it."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds_since_1970)) if seconds_since_1970 else "–"
    except (OverflowError, ValueError, OSError):
        return "–"


def percent(fraction: float, digits: int = 2) -> str:
    """0.98371 as `98.37 %`; a dash where it is not a number."""
    return "–" if math.isnan(fraction) else f"{fraction * 100:.{digits}f} %"


def seconds(value: float) -> str:
    """A duration: `28 ms`, `0.8 s`, `42 s`, `3:07`, `2:03:07`; a dash where it is not a number."""
    if not math.isfinite(value) or value < 0:
        return "–"
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bytes_words(value: float) -> str:
    """A size: `512 B`, `9.9 MB`, `5.4 GB` (powers of ten)."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 999.5 else f"{value:.3g} {unit}"
        value /= 1000
    return ""


def phase_words(phase: Phase) -> str:
    """What is being done, with what is known of how far it is."""
    words = PHASES.get(phase.name, phase.name)
    if phase.name == "download":
        size = f" of {bytes_words(phase.total)}" if phase.total else ""
        rate = f", {bytes_words(phase.rate)}/s" if phase.rate else ""
        return f"{words} {phase.detail}: {bytes_words(phase.done)}{size}{rate}"
    return f"{words} {phase.detail}".rstrip() if phase.name in ("verify", "load") else words


def test_words(test: Test, dataset: str) -> str:
    """The test's result with its 95 % interval and the data set that it holds for."""
    from mnist_tui.engine.analysis.intervals import wilson_interval

    low, high = wilson_interval(test.correct, test.total)
    return (
        f"test accuracy on {dataset} {percent(test.acc)} ({test.correct:,} of {test.total:,}; 95 % interval "
        f"{low * 100:.2f}–{high * 100:.2f} %), loss {test.loss:.4f}, weights of epoch {test.epoch}"
    )


def state_words(history: History, *, training: bool, paused: bool, failure: Exception | None) -> tuple[str, str]:
    """The training's state in a few words, and the theme's colour for it."""
    if failure is not None:
        return "✕ failed", "error"
    if not training:
        if history.test is not None:
            return f"✓ test {percent(history.test.acc)}", "success"
        return "", "foreground"
    progress = history.progress
    epochs = history.started.config.get("epochs", 0) if history.started else 0
    where = f"{progress.epoch}/{epochs}" if progress else ""
    if paused:
        return f"‖ paused {where}".rstrip(), "warning"
    if progress is None:
        return f"● {PHASES.get(history.phase.name, '') if history.phase else 'starting'}", "accent"
    return f"● {where}  {percent(progress.acc, 1)}", "accent"

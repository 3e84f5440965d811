"""Labels for numbers and states, shared by the console and the plain commands."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from mnist_tui.engine import errors
from mnist_tui.engine.analysis.percentages import percent, percent_range

if TYPE_CHECKING:
    from mnist_tui.engine.events import Phase, Test
    from mnist_tui.engine.runs.history import History

PHASES = {
    "download": "downloading",
    "verify": "verifying files",
    "load": "loading images",
    "warm-up": "warming up the device",
    "train": "training",
    "paused": "paused",
    "test": "evaluating on test images",
}


def printable(text: str, width: int = 80) -> str:
    """Escape control characters in untrusted text and truncate it to `width` characters."""
    clean = errors.printable(text[: width + 1])
    return clean if len(clean) <= width else clean[: width - 1] + "…"


def date_label(timestamp: float) -> str:
    """Format a Unix time in local time as `2026-11-23 19:30`; a dash if it is zero or out of range."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(timestamp)) if timestamp else "–"
    except (OverflowError, ValueError, OSError):
        return "–"


def seconds(value: float) -> str:
    """Format a duration: `28 ms`, `0.8 s`, `42 s`, `3:07`, `2:03:07`; a dash if it is negative or not finite."""
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


def bytes_label(value: float) -> str:
    """Format a size in decimal units: `512 B`, `9.9 MB`, `5.4 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 999.5 else f"{value:.3g} {unit}"
        value /= 1000
    return ""


def phase_label(phase: Phase) -> str:
    """Describe the current activity, with its progress if known."""
    activity = PHASES.get(phase.name, phase.name)
    if phase.name == "download":
        size = f" of {bytes_label(phase.total)}" if phase.total else ""
        rate = f", {bytes_label(phase.rate)}/s" if phase.rate else ""
        return f"{activity} {phase.detail}: {bytes_label(phase.done)}{size}{rate}"
    return f"{activity} {phase.detail}".rstrip() if phase.name in ("verify", "load") else activity


def result_label(test: Test, dataset: str) -> str:
    """Describe a test result: data set, accuracy with its 95 % confidence interval, loss and epoch."""
    from mnist_tui.engine.analysis.intervals import wilson_interval
    from mnist_tui.engine.runs.history import epoch_label

    interval = wilson_interval(test.correct, test.total)
    return (
        f"test accuracy on {dataset} {percent(test.acc)} ({test.correct:,} of {test.total:,}; 95 % interval "
        f"{percent_range(*interval)} %), loss {test.loss:.4f}, weights of epoch "
        f"{epoch_label(test.epoch, complete=test.complete)}"
    )


def epoch_marks(*, best: bool, complete: bool) -> str:
    """Return the marks in front of an epoch's number: a star for the best one, an ellipsis for a partial one."""
    return ("★" if best else "") + ("" if complete else "…")


def _partial_mark(test: Test) -> str:
    return "" if test.complete else f" (partial epoch {test.epoch})"


def state_label(history: History, *, training: bool, paused: bool, failure: Exception | None) -> tuple[str, str]:
    """Return a short description of the training state and the name of the theme colour for it."""
    if failure is not None:
        return "✕ failed", "error"
    if not training:
        if history.test is not None:
            return f"✓ test {percent(history.test.acc)}" + _partial_mark(history.test), "success"
        return "", "foreground"
    progress = history.progress
    where = f"{history.current_epoch}/{history.planned_epochs}" if progress else ""
    if paused:
        return f"‖ paused {where}".rstrip(), "warning"
    if progress is None:
        return f"● {PHASES.get(history.phase.name, '') if history.phase else 'starting'}", "accent"
    acc = f"  {percent(progress.acc, 1)}" if progress.epoch == history.current_epoch else ""
    return f"● {where}{acc}", "accent"

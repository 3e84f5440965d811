"""Learning curves: of one run, or of several laid over each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from mnist_tui.engine.analysis.curves import Curve, CurvesData, comparison, run_curves
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures.colours import DASHES, FINE, RUNS, TRAIN, VALID
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size, percent
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History

COLOURS = {"batches": FINE, "training": TRAIN, "validation": VALID}
FEW = 40
"""Points up to which each is marked."""
TRIM = (0.1, 0.9)
"""Quantiles of the fine line that the axis holds."""


def compute(context: Context, subject: Subject, settings: Settings) -> CurvesData:
    """The curves of one run."""
    history = History.of(RunFolder(subject.folder).events())
    name = subject.folder.name
    return run_curves(history, smoothing=settings.smooth, last=settings.last, name=name)


def compute_comparison(context: Context, subject: Subject, settings: Settings) -> CurvesData:
    """The curves of the subject's run and of those that it is compared with."""
    if not settings.compared:
        raise ConfigError({"compare": "compare lays several runs over each other: name the others with --with RUN"})
    folders = [RunFolder(path) for path in (subject.folder, *settings.compared)]
    histories = [(folder.name, History.of(folder.events(progress=False))) for folder in folders]
    return comparison(histories, smoothing=settings.smooth, last=settings.last)


def natural(data: CurvesData, settings: Settings) -> Size:
    """Width and height in inches."""
    runs = len({curve.run for curve in data.curves})
    return Size(9.0, 4.1 + (0.19 * runs if runs > 1 else 0.0))


def draw(page: Page, data: CurvesData, settings: Settings) -> None:
    """Loss and accuracy of one run, training and validation."""
    at = next(curve for curve in data.curves if curve.role == "validation")
    best = np.flatnonzero(at.xs == data.best)
    facts = ""
    if len(best):
        loss, acc = at.loss[best[0]], at.acc[best[0]]
        facts = f"lowest validation loss {loss:.4f} in epoch {data.best}, accuracy {percent(acc)} there"
    page.head("Learning curves", "; ".join(part for part in (facts, _words(settings)) if part))
    names = {"batches": "training, within the epochs", "training": "training, mean of an epoch"}
    labels = [names.get(curve.role, "validation") for curve in data.curves]
    _panels(page, data, settings, labels, [COLOURS[curve.role] for curve in data.curves], 3)


def draw_comparison(page: Page, data: CurvesData, settings: Settings) -> None:
    """Validation loss and accuracy of several runs."""
    page.head("Validation of several runs", _words(settings))
    labels = []
    for curve in data.curves:
        lowest = int(np.nanargmin(curve.loss)) if np.isfinite(curve.loss).any() else None
        words = "no epoch yet" if lowest is None else f"{curve.loss[lowest]:.4f}, {percent(curve.acc[lowest])}"
        labels.append(f"{curve.run}: {words}" + ("" if lowest is None else f" in epoch {curve.xs[lowest]:.0f}"))
    _panels(page, data, settings, labels, [RUNS[i % len(RUNS)] for i in range(len(labels))], 1)


def numbers(data: CurvesData, settings: Settings) -> Table:
    """A row for each point."""
    return Table(
        {
            "run": [curve.run for curve in data.curves for _ in curve.xs],
            "curve": [curve.role for curve in data.curves for _ in curve.xs],
            "epoch": _joined([curve.xs for curve in data.curves]),
            "loss": _joined([curve.loss for curve in data.curves]),
            "accuracy": _joined([curve.acc for curve in data.curves]),
        }
    )


def _joined(parts: list[np.ndarray]) -> list[float]:
    return list(itertools.chain.from_iterable(part.tolist() for part in parts))


def _words(settings: Settings) -> str:
    parts = [f"smoothed {settings.smooth:g}"] if settings.smooth else []
    if settings.last:
        parts.append(f"last {settings.last:,} epochs")
    return ", ".join(parts)


def _panels(
    page: Page, data: CurvesData, settings: Settings, labels: Sequence[str], colours: Sequence[str], columns: int
) -> None:
    loss, acc = page.figure.subplots(1, 2)
    comparing = len({curve.run for curve in data.curves}) > 1
    for axes, which in ((loss, "loss"), (acc, "acc")):
        drawn = []
        for i, (curve, label, colour) in enumerate(zip(data.curves, labels, colours, strict=True)):
            ys = getattr(curve, which)
            inside = (curve.xs >= data.x_range[0]) & (curve.xs <= data.x_range[1])
            fine = curve.role == "batches"
            marks = "o" if inside.sum() <= FEW and not fine else ""
            style = DASHES[i // len(RUNS) % len(DASHES)] if comparing else "-"
            width = (0.8 if fine else 1.6) * page.scale
            size = 3.5 * page.scale
            axes.plot(
                curve.xs[inside], ys[inside], style, marker=marks, markersize=size, linewidth=width, color=colour,
                label=label,
            )  # fmt: skip
            drawn.append((curve, ys[inside]))
        _scales(axes, drawn, data, log=settings.log and which == "loss", fraction=which == "acc")
        if not any(len(ys) for _, ys in drawn):
            page.say(axes, "no epoch to show yet")
    loss.set_ylabel("mean cross-entropy (nats per image)")
    acc.set_ylabel("accuracy (% of the images)")
    for axes, title in ((loss, "loss"), (acc, "accuracy")):
        axes.set_title(f"validation {title}" if comparing else title)
    handles, texts = loss.get_legend_handles_labels()
    texts = [page.cut(text, page.size.width - 0.9 * page.scale, 8.1 * page.scale) for text in texts]
    page.figure.legend(handles, texts, loc="outside lower center", ncols=columns)


def _scales(
    axes: Axes, drawn: Sequence[tuple[Curve, np.ndarray]], data: CurvesData, *, log: bool, fraction: bool
) -> None:
    """Axes that hold what matters: of the fine line, which begins steeply, not the outermost points."""
    first, last = data.x_range
    air = max((last - first) * 0.02, 0.02)
    axes.set_xlim(first - air, last + air)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.grid(True)
    firm = [ys for curve, ys in drawn if curve.role != "batches"]
    fine = [ys[np.isfinite(ys)] for curve, ys in drawn if curve.role == "batches"]
    loose = [np.quantile(ys, TRIM) for ys in fine if len(ys)]  # a diverged run has no finite ones
    values = np.concatenate([*firm, *loose]) if firm or loose else np.empty(0)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    log = log and len(values) > 0  # an axis without a value above 0 has no logarithms
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif fraction:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{round(y * 100, 4):g}"))
    if len(values):
        low, high = float(values.min()), float(values.max())
        if log:
            room = max((math.log(high) - math.log(low)) * 0.05, 0.01)
            axes.set_ylim(low * math.exp(-room), high * math.exp(room))
        else:
            room = (high - low) * 0.05 or max(abs(high) * 0.05, 1e-3)
            axes.set_ylim(low - room, min(high + room, 1.002) if fraction else high + room)

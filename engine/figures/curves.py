"""Learning curves of one run, or of several for comparison."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from mnist_tui.engine.analysis.curves import Curve, CurvesData, comparison, run_curves
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError, printable
from mnist_tui.engine.figures.colours import DASHES, FINE, RUNS, TRAIN, VALID
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size, percent
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History

COLOURS = {"batches": FINE, "training": TRAIN, "validation": VALID}
MAX_MARKED_POINTS = 40
"""Maximum number of points that are marked individually."""
BATCH_CURVE_QUANTILES = (0.1, 0.9)
"""Quantiles of the batch curve that determine the range of the axis."""


def compute(context: Context, subject: Subject, settings: Settings) -> CurvesData:
    """The curves of one run."""
    history = History.of(RunFolder(subject.folder).events())
    name = printable(subject.folder.name)
    return run_curves(history, smoothing=settings.smooth, last=settings.last, name=name)


def compute_comparison(context: Context, subject: Subject, settings: Settings) -> CurvesData:
    """The curves of the subject's run and of those that it is compared with."""
    if not settings.compared:
        raise ConfigError({"compare": "compare lays several runs over each other: name the others with --with RUN"})
    folders = [RunFolder(path) for path in (subject.folder, *settings.compared)]
    histories = [(folder.name, History.of(folder.events(progress=False))) for folder in folders]
    return comparison(histories, smoothing=settings.smooth, last=settings.last)


def natural(data: CurvesData, settings: Settings) -> Size:
    """Return the natural width and height."""
    runs = len({curve.run for curve in data.curves})
    return Size(9.0, 4.1 + (0.19 * runs if runs > 1 else 0.0))


def draw(page: Page, data: CurvesData, settings: Settings) -> None:
    """Draw training and validation loss and accuracy of one run."""
    validation = next(curve for curve in data.curves if curve.role == "validation")
    best = np.flatnonzero(validation.xs == data.best)
    facts = ""
    if len(best):
        loss, acc = validation.loss[best[0]], validation.acc[best[0]]
        facts = f"best epoch {data.best}: validation loss {loss:.4f}, accuracy {percent(acc)}"
    page.add_heading("Learning curves", "; ".join(part for part in (facts, _facts(settings)) if part))
    names = {"batches": "training, within epochs", "training": "training, mean per epoch"}
    labels = [names.get(curve.role, "validation") for curve in data.curves]
    _panels(page, data, settings, labels, [COLOURS[curve.role] for curve in data.curves], 3)


def draw_comparison(page: Page, data: CurvesData, settings: Settings) -> None:
    """Draw validation loss and accuracy of several runs."""
    page.add_heading("Validation of several runs", _facts(settings))
    labels = []
    for curve in data.curves:
        lowest = int(np.nanargmin(curve.loss)) if np.isfinite(curve.loss).any() else None
        text = "no epoch yet" if lowest is None else f"{curve.loss[lowest]:.4f}, {percent(curve.acc[lowest])}"
        labels.append(f"{curve.run}: {text}" + ("" if lowest is None else f" in epoch {curve.xs[lowest]:.0f}"))
    _panels(page, data, settings, labels, [RUNS[i % len(RUNS)] for i in range(len(labels))], 1)


def numbers(data: CurvesData, settings: Settings) -> Table:
    """Return one row per point."""
    return Table(
        {
            "run": [curve.run for curve in data.curves for _ in curve.xs],
            "curve": [curve.role for curve in data.curves for _ in curve.xs],
            "epoch": _concatenated([curve.xs for curve in data.curves]),
            "loss": _concatenated([curve.loss for curve in data.curves]),
            "accuracy": _concatenated([curve.acc for curve in data.curves]),
        }
    )


def _concatenated(parts: list[np.ndarray]) -> list[float]:
    return list(itertools.chain.from_iterable(part.tolist() for part in parts))


def _facts(settings: Settings) -> str:
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
            visible = (curve.xs >= data.x_range[0]) & (curve.xs <= data.x_range[1])
            is_batch_curve = curve.role == "batches"
            marks = "o" if visible.sum() <= MAX_MARKED_POINTS and not is_batch_curve else ""
            style = DASHES[i // len(RUNS) % len(DASHES)] if comparing else "-"
            width = (0.8 if is_batch_curve else 1.6) * page.scale
            size = 3.5 * page.scale
            axes.plot(
                curve.xs[visible], ys[visible], style, marker=marks, markersize=size, linewidth=width, color=colour,
                label=label,
            )  # fmt: skip
            drawn.append((curve, ys[visible]))
        _scales(axes, drawn, data, log=settings.log and which == "loss", fraction=which == "acc")
        if not any(len(ys) for _, ys in drawn):
            page.add_placeholder(axes, "no epochs yet")
    loss.set_ylabel("mean cross-entropy (nats per image)")
    acc.set_ylabel("accuracy (% of the images)")
    for axes, title in ((loss, "loss"), (acc, "accuracy")):
        axes.set_title(f"validation {title}" if comparing else title)
    handles, texts = loss.get_legend_handles_labels()
    texts = [page.truncate(text, page.size.width - 0.9 * page.scale, 8.1 * page.scale) for text in texts]
    page.figure.legend(handles, texts, loc="outside lower center", ncols=columns)


def _scales(
    axes: Axes, drawn: Sequence[tuple[Curve, np.ndarray]], data: CurvesData, *, log: bool, fraction: bool
) -> None:
    """Set the ranges and scales of the axes; outliers of the batch curve, which starts steeply, are cut off."""
    first, last = data.x_range
    padding = max((last - first) * 0.02, 0.02)
    axes.set_xlim(first - padding, last + padding)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.grid(True)
    epoch_curves = [ys for curve, ys in drawn if curve.role != "batches"]
    batch_curves = [ys[np.isfinite(ys)] for curve, ys in drawn if curve.role == "batches"]
    batch_ranges = [np.quantile(ys, BATCH_CURVE_QUANTILES) for ys in batch_curves if len(ys)]
    values = np.concatenate([*epoch_curves, *batch_ranges]) if epoch_curves or batch_ranges else np.empty(0)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    log = log and len(values) > 0  # a logarithmic axis needs a positive value
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
            padding = max((math.log(high) - math.log(low)) * 0.05, 0.01)
            axes.set_ylim(low * math.exp(-padding), high * math.exp(padding))
        else:
            padding = (high - low) * 0.05 or max(abs(high) * 0.05, 1e-3)
            axes.set_ylim(low - padding, min(high + padding, 1.002) if fraction else high + padding)

"""Learning curves of one run, or of several for comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from mnist_tui.engine.analysis.curves import Curve, CurvesData, comparison, run_curves
from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError, printable
from mnist_tui.engine.figures.colours import CLASSES, DASHES, FINE, TRAIN, VALID
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History, epoch_label

COLOURS = {"batches": FINE, "training": TRAIN, "validation": VALID}
MAX_MARKED_POINTS = 40
"""Maximum number of points that are marked individually."""
RAW_ALPHA = 0.3
"""Opacity of the values behind their moving average."""
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
    best = data.results[0] if data.results else None
    facts = ""
    if best is not None:
        label = epoch_label(best.epoch, complete=best.complete)
        facts = f"best epoch {label}: validation loss {best.valid_loss:.4f}, accuracy {percent(best.valid_acc)}"
    page.add_heading("Learning curves", "; ".join(part for part in (facts, _facts(settings)) if part))
    names = {"batches": "training, within epochs", "training": "training, mean per epoch"}
    labels = [names.get(curve.role, "validation") for curve in data.curves]
    _panels(page, data, settings, labels, [COLOURS[curve.role] for curve in data.curves], 3)


def draw_comparison(page: Page, data: CurvesData, settings: Settings) -> None:
    """Draw validation loss and accuracy of several runs."""
    page.add_heading("Validation of several runs", "; ".join(part for part in (data.warning, _facts(settings)) if part))
    labels = []
    for curve, best in zip(data.curves, data.results, strict=True):
        text = "no epoch yet"
        if best is not None:
            label = epoch_label(best.epoch, complete=best.complete)
            text = f"{best.valid_loss:.4f}, {percent(best.valid_acc)} in epoch {label}"
        labels.append(f"{curve.run} ({curve.dataset}): {text}")
    _panels(page, data, settings, labels, [CLASSES[i % len(CLASSES)] for i in range(len(labels))], 1)


def numbers(data: CurvesData, settings: Settings) -> Table:
    """Return one row per point."""
    curves = data.curves
    columns: dict[str, list[Any]] = {
        "run": [curve.run for curve in curves for _ in curve.xs],
        "dataset": [curve.dataset for curve in curves for _ in curve.xs],
        "curve": [curve.role for curve in curves for _ in curve.xs],
        "epoch": _concatenated(curves, "xs"),
        "loss": _concatenated(curves, "loss"),
        "accuracy": _concatenated(curves, "acc"),
    }
    if settings.smooth:
        columns["loss_smoothed"] = _concatenated(curves, "smoothed_loss")
        columns["accuracy_smoothed"] = _concatenated(curves, "smoothed_acc")
    return Table(columns)


def _concatenated(curves: Sequence[Curve], values: str) -> list[float | None]:
    """Return the values of all curves in a row; None for the points of a curve that has none."""
    parts = (getattr(curve, values) for curve in curves)
    return [
        value
        for part, curve in zip(parts, curves, strict=True)
        for value in ([None] * len(curve.xs) if part is None else part.tolist())
    ]


def _facts(settings: Settings) -> str:
    parts = [f"smoothed {settings.smooth:g}, measured values faint behind"] if settings.smooth else []
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
            raw, smoothed = getattr(curve, which), getattr(curve, f"smoothed_{which}")
            ys = raw if smoothed is None else smoothed
            visible = (curve.xs >= data.x_range[0]) & (curve.xs <= data.x_range[1])
            is_batch_curve = curve.role == "batches"
            marks = "o" if visible.sum() <= MAX_MARKED_POINTS and not is_batch_curve else ""
            style = DASHES[i // len(CLASSES) % len(DASHES)] if comparing else "-"
            width = (0.8 if is_batch_curve else 1.6) * page.scale
            size = 3.5 * page.scale
            if smoothed is not None:
                axes.plot(curve.xs[visible], raw[visible], style, linewidth=width, color=colour, alpha=RAW_ALPHA)
                drawn.append((curve, raw[visible]))
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

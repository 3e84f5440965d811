"""Projections of the network's representations: one, or PCA and t-SNE of the output and the last hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.projection import (
    LAYERS,
    METHOD_LABELS,
    Layer,
    Method,
    Projection,
    ProjectionSpec,
    compute_metrics,
    project,
)
from mnist_tui.engine.analysis.stored_answers import run_tsne
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import Cancelled, RunError
from mnist_tui.engine.figures.colours import CLASSES, INK
from mnist_tui.engine.figures.context import Context, check_classes, check_stored
from mnist_tui.engine.figures.numbers import Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size

ORDINALS = {1: "first", 2: "second"}
DIMMED_ALPHA = 0.12
"""Opacity of correctly classified points while misclassified ones are highlighted."""


def compute(method: Method, layer: Layer) -> Callable[[Context, Subject, Settings], Projection]:
    """Return the function that computes this projection."""
    return lambda context, subject, settings: _projection(context, subject, settings, method, layer)


def compute_panels(context: Context, subject: Subject, settings: Settings) -> tuple[Projection, ...]:
    """PCA of output and hidden layer, then t-SNE of both."""
    methods: tuple[Method, ...] = ("pca", "tsne")
    return tuple(_projection(context, subject, settings, method, layer) for method in methods for layer in LAYERS)


def _projection(context: Context, subject: Subject, settings: Settings, method: Method, layer: Layer) -> Projection:
    projection = project(context.analyst, subject, ProjectionSpec(method, layer, settings.points), settings.axes)
    check_classes("classes", settings.classes, projection.classes)
    return _formed(context, projection) if projection.points is None else projection


def _formed(context: Context, projection: Projection) -> Projection:
    """The projection with its t-SNE, which is stored; without one where the points allow none."""
    name = f"t-SNE of the {projection.layer}"
    embedding = None
    try:
        for step in run_tsne(context.analyst, projection, stopping=context.cancelled):
            embedding = step.embedding
            if embedding.phase == "stopped":
                raise Cancelled
            context.report(name, embedding.iteration / embedding.iterations)
            if step.stored is not None:
                check_stored(context, step.stored, name, projection.subject.epoch)
    except ValueError:  # too few points, or values that are no numbers: the figure says so
        return projection
    return projection if embedding is None else replace(projection, points=embedding.points, embedding=embedding)


def natural(data: Projection, settings: Settings) -> Size:
    """Return the natural width and height; a window has its own aspect ratio."""
    height = 5.6
    if settings.window is not None:
        left, bottom, right, top = settings.window
        height = min(max(6.2 * (top - bottom) / (right - left), 2.6), 9.0)
    return Size(7.4 + _legend(data), height + 1.2)


def natural_panels(data: tuple[Projection, ...], settings: Settings) -> Size:
    """Return the natural width and height."""
    return Size(9.4 + _legend(data[0]), 9.4)


def _legend(data: Projection) -> float:
    """Return the extra width needed for class names longer than a digit, in inches."""
    return 0.065 * max(map(len, data.classes))


def draw(page: Page, data: Projection, settings: Settings) -> None:
    """Draw one projection, coloured by class."""
    page.add_heading(f"{METHOD_LABELS[data.spec.method]} of the {data.layer}", _facts(data, settings))
    _legend_of(page, data, settings)
    _panel(page, page.figure.subplots(), data, settings)


def draw_panels(page: Page, data: tuple[Projection, ...], settings: Settings) -> None:
    """Draw several projections of the same images side by side."""
    page.add_heading("Representations of the output and the layer below", _facts(data[0], settings))
    _legend_of(page, data[0], settings)
    for axes, projection in zip(page.figure.subplots(2, 2).flat, data, strict=True):
        axes.set_title(f"{METHOD_LABELS[projection.spec.method]} of the {projection.layer}")
        _panel(page, axes, projection, settings)


def numbers(data: Projection | tuple[Projection, ...], settings: Settings) -> Table:
    """Return one row per point and projection, for all classes."""
    projections = data if isinstance(data, tuple) else (data,)
    drawn = [projection for projection in projections if projection.points is not None]
    names = [f"{projection.spec.method}-{projection.spec.layer}" for projection in drawn for _ in projection.labels]
    columns = {
        "index": [projection.indices for projection in drawn],
        "label": [projection.labels for projection in drawn],
        "predicted": [projection.predictions for projection in drawn],
        "p_predicted": [projection.probabilities.max(axis=1) for projection in drawn],
        "x": [projection.points[:, 0] for projection in drawn if projection.points is not None],
        "y": [projection.points[:, 1] for projection in drawn if projection.points is not None],
    }
    return Table({"picture": names} | {k: np.concatenate(v).tolist() if v else [] for k, v in columns.items()})


def facts(context: Context, data: Projection | tuple[Projection, ...]) -> dict[str, Any]:
    """Return the quality metrics of every projection, its explained variance and its Kullback–Leibler divergence."""
    found: dict[str, Any] = {}
    for projection in data if isinstance(data, tuple) else (data,):
        values: dict[str, Any] = {}
        if projection.variance is not None:
            values |= dict(zip(("variance_x", "variance_y"), projection.variance.tolist(), strict=True))
        if projection.embedding is not None:
            values |= {
                "kl_divergence": projection.embedding.kl_divergence,
                "iterations": projection.embedding.iteration,
            }
        if projection.points is not None:
            values |= _quality(context, projection)
        name = f"{projection.spec.method}-{projection.spec.layer}"
        found |= {f"{name} {key}": value for key, value in values.items()}
    return found


def _quality(context: Context, projection: Projection) -> dict[str, Any]:
    if context.cancelled():
        raise Cancelled
    context.report("embedding quality", 1.0)
    try:
        metrics = compute_metrics(context.analyst, projection)
    except RunError as error:
        return {"metrics": error}
    measured = metrics.separation
    return {
        "knn_plane": measured.knn_plane,
        "knn_full": measured.knn_full,
        "knn_k": measured.k,
        "knn_points": measured.queries,
        "silhouette": measured.silhouette,
        "trustworthiness": measured.trustworthiness,
        "silhouette_points": measured.sample,
        "trustworthiness_points": measured.sample,
        "trustworthiness_k": measured.k,
        "procrustes_r2": metrics.procrustes_r2,
        "procrustes_degrees": metrics.rotation_degrees,
        "procrustes_mirrored": metrics.is_mirrored,
        "procrustes_from": metrics.lower_layer,
    }


def _facts(data: Projection, settings: Settings) -> str:
    facts = [f"the first {len(data.labels):,} of {data.available:,} images"]
    if settings.classes:
        facts.append("only " + ", ".join(data.classes[i] for i in settings.classes))
    if settings.wrong:
        facts.append(f"{int(data.wrong.sum()):,} misclassified images outlined")
    if settings.window is not None:
        facts.append("zoomed in")
    return "; ".join(facts)


def _legend_of(page: Page, data: Projection, settings: Settings) -> None:
    shown = settings.classes or range(len(data.classes))
    page.class_legend([(data.classes[i], CLASSES[i % len(CLASSES)]) for i in shown])


def _panel(page: Page, axes: Axes, data: Projection, settings: Settings) -> None:
    if data.points is None:
        page.add_placeholder(axes, "t-SNE is not possible for these images")
        return
    shown = settings.classes or tuple(range(len(data.classes)))
    size = (2.6 if len(data.labels) <= 6000 else 1.6) * page.scale
    for i in shown:
        in_class = data.labels == i
        correct = in_class & ~data.wrong if settings.wrong else in_class
        axes.plot(
            *data.points[correct].T, linestyle="", marker="o", markersize=size, markeredgewidth=0.0,
            color=CLASSES[i % len(CLASSES)], alpha=DIMMED_ALPHA if settings.wrong else 0.75,
        )  # fmt: skip
    if settings.wrong:
        for i in shown:
            wrong = (data.labels == i) & data.wrong
            axes.plot(
                *data.points[wrong].T, linestyle="", marker="o", markersize=2 * size, markeredgewidth=0.5 * page.scale,
                markeredgecolor=INK, color=CLASSES[i % len(CLASSES)],
            )  # fmt: skip
    _mark(page, axes, data, settings)
    axes.set_aspect("equal", adjustable="datalim" if settings.window is None else "box")
    if settings.window is not None:
        left, bottom, right, top = settings.window
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
    if data.spec.method == "pca" and data.variance is not None:
        words = [
            f"{'−' if axis < 0 else ''}{ORDINALS[abs(axis)]} principal component ({percent(share, 1)} of the variance)"
            for axis, share in zip(data.axes, data.variance, strict=True)
        ]
    else:
        words = ["t-SNE, first axis (no unit)", "t-SNE, second axis (no unit)"]
        embedding = data.embedding
        if embedding is not None and embedding.phase != "done":
            words[0] += f"; stopped at {embedding.iteration:,} of {embedding.iterations:,} iterations"
    axes.set_xlabel(words[0])
    axes.set_ylabel(words[1].replace(" (", "\n("))  # wrapped, because the axes may be low


def _mark(page: Page, axes: Axes, data: Projection, settings: Settings) -> None:
    """Draw a ring around the selected image."""
    found = np.flatnonzero(data.indices == (-1 if settings.index is None else settings.index))
    if len(found) and data.points is not None:
        x, y = data.points[found[0]]
        size = 9 * page.scale
        axes.plot(x, y, "o", markersize=size, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=size / 7)
        axes.annotate(f"#{settings.index}", (x, y), (size, size), textcoords="offset points")

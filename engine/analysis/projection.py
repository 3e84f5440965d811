"""Two-dimensional projections of a network's representations by PCA and t-SNE, and their quality metrics."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.analysis.pca import PCA, aligned, orientation, oriented, pca
from mnist_tui.engine.analysis.separation import Separation, procrustes, separation
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.analysis.tsne import Embedding, load
from mnist_tui.engine.errors import DataError, RunError
from mnist_tui.engine.runs.folder import Version

Axes: TypeAlias = tuple[int, int]
"""1-based indices of the principal components on the x and y axes, negative if mirrored."""
DEFAULT_AXES: Axes = (1, 2)
Method: TypeAlias = Literal["pca", "tsne"]
Layer: TypeAlias = Literal["output", "hidden"]
LAYERS: tuple[Layer, ...] = ("output", "hidden")
METHOD_LABELS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE"}
POINT_COUNTS = (1000, 5000, 10_000, 1 << 30)
"""Selectable metrics of points; the last one means all."""
MAX_TSNE_POINTS = 10_000
"""Maximum number of points for t-SNE; more would take many minutes."""
STORE = "projections"
"""Folder of the stored t-SNEs in a run's folder."""


@dataclass(frozen=True, slots=True)
class ProjectionSpec:
    """Method, layer and number of points of a projection."""

    method: Method = "pca"
    layer: Layer = "hidden"
    points: int = POINT_COUNTS[1]

    def count(self, available: int) -> int:
        """Return the number of points if `available` images exist."""
        return min(self.points, available, MAX_TSNE_POINTS if self.method == "tsne" else available)

    def step_points(self, by: int, available: int, stored: Iterable[int] = ()) -> ProjectionSpec:
        """Return a copy with the next larger (`by` = 1) or smaller (-1) number of points, if there is one.

        Args:
            stored: further numbers of points, for which a t-SNE is stored.
        """
        now = self.count(available)
        counts = (*POINT_COUNTS, *stored)
        choices = {ProjectionSpec(self.method, self.layer, points).count(available): points for points in counts}
        numbers = sorted(choices)
        place = max(0, min(len(numbers) - 1, numbers.index(now) + by)) if now in numbers else 0
        return ProjectionSpec(self.method, self.layer, choices[numbers[place]])


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A two-dimensional projection of the first N images of a split."""

    subject: Subject
    spec: ProjectionSpec
    points: NDArray[np.float64] | None
    """(N, 2); None if the t-SNE has not been computed."""
    x: NDArray[np.float32]
    """(N, D): the projected representations."""
    layer: str
    """Description of `x`."""
    images: NDArray[np.uint8]
    """(N, 28, 28)"""
    indices: NDArray[np.int64]
    """(N,): indices in the data set's file."""
    labels: NDArray[np.int64]
    """(N,)"""
    predictions: NDArray[np.int64]
    """(N,)"""
    probabilities: NDArray[np.float64]
    """(N, classes)"""
    classes: tuple[str, ...]
    available: int
    """Number of images in the split."""
    variance: NDArray[np.float64] | None = None
    """(2,): explained variance ratios of a PCA."""
    embedding: Embedding | None = None
    """State of the t-SNE."""
    damaged: bool = False
    """Whether a t-SNE is stored but can't be read."""
    others: tuple[tuple[int, int], ...] = ()
    """If no t-SNE is stored: epochs and numbers of points of those that are, for the same layer and split."""
    axes: Axes = DEFAULT_AXES
    """Principal components on the x and y axes."""
    version: Version = None
    """Version of the weights."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(N,): whether an image is misclassified."""
        return np.asarray(self.predictions != self.labels)

    @property
    def store(self) -> Path:
        """Path of the stored t-SNE."""
        return store_path(self.subject, self.spec.layer, len(self.labels))


@dataclass(frozen=True, slots=True)
class ProjectionMetrics:
    """Quality metrics of a projection."""

    separation: Separation
    procrustes_r2: float
    """Procrustes R² of the PCAs of the output and of the layer below, 0 to 1; NaN if undefined."""
    rotation_degrees: float
    """Angle by which the principal components of the layer below are rotated onto those of the output, after the
    reflection if there is one; NaN if undefined."""
    is_mirrored: bool
    """Whether the second component must be reflected before the rotation."""
    lower_layer: str
    """Kind of the layer below the output: `hidden`, or `input` if there is no hidden layer."""
    count: int
    """Number of points."""


def store_path(subject: Subject, layer: Layer, count: int) -> Path:
    """Return the path of the stored t-SNE of a subject's first `count` images."""
    return subject.folder / STORE / f"tsne-{layer}-{subject.split}-{subject.epoch}-{count}.npz"


def stored_tsne(path: Path, count: int) -> tuple[Embedding | None, bool]:
    """Return the stored t-SNE of `count` points or None, and whether the stored file is unusable."""
    if not path.exists():
        return None, False
    try:
        embedding = load(path)
    except RunError:
        return None, True
    return (embedding, False) if len(embedding.points) == count else (None, True)


def stored_variants(subject: Subject, layer: Layer) -> tuple[tuple[int, int], ...]:
    """Return epochs and numbers of points of the stored t-SNEs of a layer for the subject's split, ascending."""
    pattern = re.compile(rf"tsne-{layer}-{subject.split}-(\d{{1,9}})-(\d{{1,9}})\.npz")
    try:
        names = os.listdir(subject.folder / STORE)
    except OSError:
        return ()
    return tuple(sorted((int(match[1]), int(match[2])) for match in map(pattern.fullmatch, names) if match))


def store_version(folder: Path) -> int | None:
    """Return a value that changes when a t-SNE is stored in a run's folder, also by another process."""
    try:
        return (folder / STORE).stat().st_mtime_ns
    except OSError:
        return None


def first_point(projection: Projection) -> int:
    """Return the initial cursor: the most confident mistake, or else the least confident image."""
    confidence = projection.probabilities.max(axis=1)
    wrong = np.flatnonzero(projection.wrong)
    return int(wrong[confidence[wrong].argmax()] if len(wrong) else confidence.argmin())


def project(analyst: Analyst, subject: Subject, spec: ProjectionSpec, axes: Axes | None = None) -> Projection:
    """Compute a PCA, or load a stored t-SNE.

    Args:
        axes: orientation of a PCA; None aligns it with the previous one of the same images.

    Raises `RunError` or `DataError` if the run or its data can't be read, or the split has less than two images.
    """
    config, dataset = analyst.run(subject.folder)
    chosen = analyst.images(subject.folder, subject.split)
    if len(chosen.images) < 2:
        raise DataError(f"a projection needs at least two images, not {len(chosen.images)}: select another split")
    count = spec.count(len(chosen.images))
    version = analyst.version(subject.folder, subject.epoch)  # read before everything that depends on it
    scores = analyst.scores(subject)
    x = _representation(analyst, subject, spec.layer)[:count]
    layer = "output" if spec.layer == "output" else "hidden layer" if config.hidden else "input"
    points = variance = embedding = None
    damaged, used_axes = False, DEFAULT_AXES
    if spec.method == "pca":
        used_axes = _orientation(analyst, subject, spec.layer, count) if axes is None else axes
        found = oriented(_plain(analyst, subject, spec.layer, count), used_axes)
        points, variance = found.points, found.explained_variance_ratio
    else:
        embedding, damaged = stored_tsne(store_path(subject, spec.layer, count), count)
        points = embedding.points if embedding else None
    return Projection(
        subject=subject,
        spec=spec,
        points=points,
        x=x,
        layer=f"{layer}, {x.shape[1]}-d",
        images=chosen.images[:count],
        indices=scores.indices[:count],
        labels=scores.labels[:count],
        predictions=scores.predictions[:count],
        probabilities=scores.probabilities[:count],
        classes=dataset.classes,
        available=len(chosen.images),
        variance=variance,
        embedding=embedding,
        damaged=damaged,
        others=stored_variants(subject, spec.layer) if spec.method == "tsne" and points is None else (),
        axes=used_axes,
        version=version,
    )


def _representation(analyst: Analyst, subject: Subject, layer: Layer) -> NDArray[np.float32]:
    evaluation = analyst.evaluation(subject)
    return evaluation.logits if layer == "output" else evaluation.hidden


def _plain(analyst: Analyst, subject: Subject, layer: Layer, count: int) -> PCA:
    def compute() -> PCA:
        try:
            return pca(_representation(analyst, subject, layer)[:count])
        except ValueError as error:
            raise RunError(f"epoch {subject.epoch} can't be projected: {error}") from error

    return analyst.answer(subject, ("pca", layer, count), compute)


def _orientation(analyst: Analyst, subject: Subject, layer: Layer, count: int) -> Axes:
    """Align a PCA with the previous one of the same images, at another epoch or of the other layer."""

    def last_key(layer: Layer) -> Hashable:
        return "last pca", subject.folder, subject.split, layer, count

    def compute() -> Axes:
        other = LAYERS[1 - LAYERS.index(layer)]
        last = analyst.answers.peek(last_key(layer)) or analyst.answers.peek(last_key(other))
        return DEFAULT_AXES if last is None else orientation(aligned(plain, last), plain)

    plain = _plain(analyst, subject, layer, count)
    axes = analyst.answer(subject, ("orientation", layer, count), compute)
    analyst.answers.update(last_key(layer), lambda _: oriented(plain, axes))
    return axes


# -- quality metrics -------------------------------------------------------------------------------------------


def cached_metrics(analyst: Analyst, projection: Projection) -> ProjectionMetrics | None:
    """Return the metrics of a projection if they are cached."""
    known: ProjectionMetrics | None = analyst.answers.peek(_metrics_key(projection))
    return known


def compute_metrics(analyst: Analyst, projection: Projection) -> ProjectionMetrics:
    """Compute the metrics of a finished projection; takes about two seconds.

    Raises `RunError` if the representations are not finite.
    """
    return analyst.answers.get(_metrics_key(projection), lambda: _compute_metrics(analyst, projection))


def _metrics_key(projection: Projection) -> Hashable:
    """Return the cache key of a projection's metrics, which for a t-SNE depend on its iteration."""
    embedding = projection.embedding
    state = None if embedding is None else (embedding.iteration, repr(embedding.kl_divergence))
    return projection.subject, projection.version, ("metrics", projection.spec, state)


def _compute_metrics(analyst: Analyst, projection: Projection) -> ProjectionMetrics:
    assert projection.points is not None
    subject, count = projection.subject, len(projection.labels)
    config, _ = analyst.run(subject.folder)
    lower_layer = "hidden" if config.hidden else "input"
    try:
        measured = separation(projection.x, projection.points, projection.labels)
    except ValueError as error:
        raise RunError(f"the metrics of epoch {subject.epoch} can't be computed: {error}") from error
    try:
        # Not oriented as on the screen, where the signs of the components depend on the epochs shown before.
        match = procrustes(*(_plain(analyst, subject, layer, count).points for layer in LAYERS))
    except ValueError:  # all points coincide
        return ProjectionMetrics(measured, math.nan, math.nan, False, lower_layer, count)
    return ProjectionMetrics(measured, match.r2, match.degrees, match.reflected, lower_layer, count)

"""Pictures of a network's representations by PCA and t-SNE, how good they are, and where they are stored."""

from __future__ import annotations

from collections.abc import Hashable
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
"""Numbers of principal components from 1, negative where one is mirrored."""
AS_THEY_ARE: Axes = (1, 2)
Method: TypeAlias = Literal["pca", "tsne"]
Layer: TypeAlias = Literal["output", "hidden"]
LAYERS: tuple[Layer, ...] = ("output", "hidden")
METHOD_WORDS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE"}
COUNTS = (1000, 5000, 10_000, 1 << 30)
"""Points that can be asked for; the last are all."""
TSNE_MOST = 10_000
"""Points of a t-SNE at most; more would take many minutes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which picture of a subject."""

    method: Method = "pca"
    layer: Layer = "hidden"
    points: int = COUNTS[1]

    def count(self, available: int) -> int:
        """How many points it has, of so many images."""
        return min(self.points, available, TSNE_MOST if self.method == "tsne" else available)

    def other_points(self, by: int, available: int) -> Wanted:
        """One step more or fewer points, where that makes a difference."""
        now = self.count(available)
        choices = {Wanted(self.method, self.layer, points).count(available): points for points in COUNTS}
        counts = sorted(choices)
        place = max(0, min(len(counts) - 1, counts.index(now) + by)) if now in counts else 0
        return Wanted(self.method, self.layer, choices[counts[place]])


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A picture of the first N images of a split."""

    subject: Subject
    wanted: Wanted
    points: NDArray[np.float64] | None
    """(N, 2); None where a t-SNE was not made yet."""
    x: NDArray[np.float32]
    """(N, D): what is depicted."""
    layer: str
    """What `x` is, in words."""
    images: NDArray[np.uint8]
    """(N, 28, 28)"""
    indices: NDArray[np.int64]
    """(N,): places in the data set's file."""
    labels: NDArray[np.int64]
    """(N,)"""
    predictions: NDArray[np.int64]
    """(N,)"""
    probabilities: NDArray[np.float64]
    """(N, classes)"""
    classes: tuple[str, ...]
    available: int
    """Images in the split."""
    variance: NDArray[np.float64] | None = None
    """(2,): the explained variance of a PCA's axes, as fractions."""
    embedding: Embedding | None = None
    """The t-SNE, as far as it came."""
    damaged: bool = False
    """A t-SNE was stored but can't be read."""
    axes: Axes = AS_THEY_ARE
    """The principal components that go across and up."""
    version: Version = None
    """Of the weights."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """(N,): images that are taken for another class."""
        return np.asarray(self.predictions != self.labels)

    @property
    def store(self) -> Path:
        """Where the t-SNE of this subject is stored."""
        return store_path(self.subject, self.wanted.layer, len(self.labels))


@dataclass(frozen=True, slots=True)
class Numbers:
    """How good a picture is."""

    separation: Separation
    match: float
    """How much of the output's PCA the hidden layer's explains after the best rotation, 0 to 1; NaN if undefined."""
    degrees: float
    """That rotation."""
    below: str
    """What the layer under the output is: `hidden`, or `input` where there is no hidden layer."""
    count: int
    """Points of the picture."""


def store_path(subject: Subject, layer: Layer, count: int) -> Path:
    """Where the t-SNE of a subject's first images is stored."""
    return subject.folder / "projections" / f"tsne-{layer}-{subject.split}-{subject.epoch}-{count}.npz"


def stored_tsne(path: Path, count: int) -> tuple[Embedding | None, bool]:
    """The stored picture of `count` points, if there is one; and whether there is one that can't be used."""
    if not path.exists():
        return None, False
    try:
        embedding = load(path)
    except RunError:
        return None, True
    return (embedding, False) if len(embedding.points) == count else (None, True)


def first_point(picture: Projection) -> int:
    """Where the cursor begins: the wrong image that the network is surest of, else the image it is least sure of."""
    confidence = picture.probabilities.max(axis=1)
    wrong = np.flatnonzero(picture.wrong)
    return int(wrong[confidence[wrong].argmax()] if len(wrong) else confidence.argmin())


def project(analyst: Analyst, subject: Subject, wanted: Wanted, axes: Axes | None = None) -> Projection:
    """Return a picture; a t-SNE only where it is stored.

    Args:
        axes: how a PCA is turned; None turns it as the last one of the same images was.

    Raises `RunError` and `DataError` where there is nothing to show.
    """
    config, dataset = analyst.run(subject.folder)
    chosen = analyst.images(subject.folder, subject.split)
    if len(chosen.images) < 2:
        raise DataError(f"a picture needs at least two images, the split has {len(chosen.images)}: v takes the next")
    count = wanted.count(len(chosen.images))
    version = analyst.version(subject.folder, subject.epoch)  # before what depends on it
    judged = analyst.judged(subject)
    x = _representation(analyst, subject, wanted.layer)[:count]
    layer = "output" if wanted.layer == "output" else "hidden layer" if config.hidden else "input"
    points = variance = embedding = None
    damaged, turned = False, AS_THEY_ARE
    if wanted.method == "pca":
        turned = _orientation(analyst, subject, wanted.layer, count) if axes is None else axes
        found = oriented(_plain(analyst, subject, wanted.layer, count), turned)
        points, variance = found.points, found.explained_variance_ratio
    else:
        embedding, damaged = stored_tsne(store_path(subject, wanted.layer, count), count)
        points = embedding.points if embedding else None
    return Projection(
        subject=subject,
        wanted=wanted,
        points=points,
        x=x,
        layer=f"{layer}, {x.shape[1]}-d",
        images=chosen.images[:count],
        indices=judged.indices[:count],
        labels=judged.labels[:count],
        predictions=judged.predictions[:count],
        probabilities=judged.probabilities[:count],
        classes=dataset.classes,
        available=len(chosen.images),
        variance=variance,
        embedding=embedding,
        damaged=damaged,
        axes=turned,
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
            raise RunError(f"epoch {subject.epoch} has no picture: {error}") from error

    return analyst.answer(subject, ("pca", layer, count), compute)


def _orientation(analyst: Analyst, subject: Subject, layer: Layer, count: int) -> Axes:
    """Turn a PCA as the last one of the same images was, at another epoch or of the other layer."""

    def last_key(layer: Layer) -> Hashable:
        return "last pca", subject.folder, subject.split, layer, count

    def compute() -> Axes:
        other = LAYERS[1 - LAYERS.index(layer)]
        last = analyst.answers.known(last_key(layer)) or analyst.answers.known(last_key(other))
        return AS_THEY_ARE if last is None else orientation(aligned(plain, last), plain)

    plain = _plain(analyst, subject, layer, count)
    axes = analyst.answer(subject, ("orientation", layer, count), compute)
    analyst.answers.update(last_key(layer), lambda _: oriented(plain, axes))
    return axes


# -- how good a picture is -------------------------------------------------------------------------------------


def known_numbers(analyst: Analyst, picture: Projection) -> Numbers | None:
    """Return how good a picture is where it was measured before."""
    known: Numbers | None = analyst.answers.known(_numbers_key(picture))
    return known


def measure(analyst: Analyst, picture: Projection) -> Numbers:
    """Return how good a finished picture is; takes about a second.

    Raises `RunError` where the network's answers are not finite.
    """
    return analyst.answers.get(_numbers_key(picture), lambda: _measure(analyst, picture))


def _numbers_key(picture: Projection) -> Hashable:
    """The key of a picture's numbers; those of a t-SNE depend on how far it came."""
    embedding = picture.embedding
    came = None if embedding is None else (embedding.iteration, repr(embedding.kl_divergence))
    return picture.subject, picture.version, ("numbers", picture.wanted, came)


def _measure(analyst: Analyst, picture: Projection) -> Numbers:
    assert picture.points is not None
    subject, count = picture.subject, len(picture.labels)
    config, _ = analyst.run(subject.folder)
    below = "hidden" if config.hidden else "input"
    try:
        measured = separation(picture.x, picture.points, picture.labels)
    except ValueError as error:
        raise RunError(f"epoch {subject.epoch} can't be measured: {error}") from error
    try:
        output, hidden = (
            oriented(_plain(analyst, subject, layer, count), _orientation(analyst, subject, layer, count)).points
            for layer in LAYERS
        )
        match = procrustes(output, hidden)
    except ValueError:  # all points at one place
        return Numbers(measured, float("nan"), 0.0, below, count)
    return Numbers(measured, match.r2, match.degrees, below, count)

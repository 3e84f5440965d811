"""Pictures of a network's representations by PCA and t-SNE, how good they are, and where they are stored."""

from __future__ import annotations

import threading
from collections import OrderedDict
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
REMEMBERED = 48
"""Pictures by PCA that are kept; one of 5,000 points takes 80 kB, of 60,000 one MB."""


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


class Projector:
    """Makes pictures; its methods may be called from any thread."""

    def __init__(self, analyst: Analyst) -> None:
        self._analyst = analyst
        self._lock = threading.RLock()
        self._pictures: OrderedDict[tuple[Subject, Version, Layer, int], tuple[PCA, Axes]] = OrderedDict()

    def projection(self, subject: Subject, wanted: Wanted, axes: Axes | None = None) -> Projection:
        """The picture; a t-SNE only where it is stored.

        Args:
            axes: how a PCA is turned; None turns it as the last one of the same images was.

        Raises `RunError` and `DataError` where there is nothing to show.
        """
        config, dataset = self._analyst.run(subject.folder)
        chosen = self._analyst.images(subject.folder, subject.split)
        if len(chosen.images) < 2:
            raise DataError(
                f"a picture needs at least two images, the split has {len(chosen.images)}: v takes the next"
            )
        count = wanted.count(len(chosen.images))
        version = self._analyst.version(subject.folder, subject.epoch)
        judged = self._analyst.judged(subject)
        x = self._representation(subject, wanted.layer)[:count]
        layer = "output" if wanted.layer == "output" else "hidden layer" if config.hidden else "input"
        points = variance = embedding = None
        damaged, turned = False, AS_THEY_ARE
        if wanted.method == "pca":
            if axes is None:
                found, turned = self._turned(subject, wanted.layer, count)
            else:
                found, turned = oriented(self._plain(subject, wanted.layer, count), axes), axes
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

    def pca(self, subject: Subject, layer: Layer, count: int) -> PCA:
        """The picture by PCA, turned as the last one of the same images was, at another epoch or of the other layer."""
        return self._turned(subject, layer, count)[0]

    def _turned(self, subject: Subject, layer: Layer, count: int) -> tuple[PCA, Axes]:
        key = (subject, self._analyst.version(subject.folder, subject.epoch), layer, count)
        with self._lock:
            if key not in self._pictures:
                picture, like = self._plain(subject, layer, count), self._last_like(subject, layer, count)
                shown = aligned(picture, like) if like is not None else picture
                self._pictures[key] = shown, orientation(shown, picture)
            self._pictures.move_to_end(key)
            while len(self._pictures) > REMEMBERED:
                self._pictures.popitem(last=False)
            return self._pictures[key]

    def _plain(self, subject: Subject, layer: Layer, count: int) -> PCA:
        try:
            return pca(self._representation(subject, layer)[:count])
        except ValueError as error:
            raise RunError(f"epoch {subject.epoch} has no picture: {error}") from error

    def _last_like(self, subject: Subject, layer: Layer, count: int) -> PCA | None:
        """The picture of the same images that was seen last, of this layer if there is one."""
        same = [
            (other_layer == layer, picture)
            for (other, _, other_layer, points), (picture, _) in self._pictures.items()
            if (other.folder, other.split, points) == (subject.folder, subject.split, count)
        ]
        for wanted in (True, False):
            for is_same, picture in reversed(same):
                if is_same == wanted:
                    return picture
        return None

    def _representation(self, subject: Subject, layer: Layer) -> NDArray[np.float32]:
        evaluation = self._analyst.evaluation(subject)
        return evaluation.logits if layer == "output" else evaluation.hidden

    def numbers(self, picture: Projection) -> Numbers:
        """How good a finished picture is; takes about a second.

        Raises `RunError` where the network's answers are no numbers.
        """
        assert picture.points is not None
        count = len(picture.labels)
        config, _ = self._analyst.run(picture.subject.folder)
        below = "hidden" if config.hidden else "input"
        try:
            measured = separation(picture.x, picture.points, picture.labels)
        except ValueError as error:
            raise RunError(f"epoch {picture.subject.epoch} can't be measured: {error}") from error
        try:
            output, hidden = (self.pca(picture.subject, layer, count).points for layer in LAYERS)
            match = procrustes(output, hidden)
        except ValueError:  # all points at one place
            return Numbers(measured, float("nan"), 0.0, below, count)
        return Numbers(measured, match.r2, match.degrees, below, count)

"""The flat picture of many-dimensional points that keeps neighbours together, while it forms."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine import files
from mnist_tui.engine.analysis.neighbours import nearest
from mnist_tui.engine.analysis.pca import pca
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs import checkpoint_file

Phase = Literal["neighbours", "early exaggeration", "optimisation", "done", "stopped"]

MAX_BYTES = 64 << 20
"""Of a stored picture; 70,000 points take 1 MB."""
PERPLEXITY = 30.0
EARLY_ITERATIONS = 250
EARLY_EXAGGERATION = 12.0
ITERATIONS = EARLY_ITERATIONS + 750
"""As many as scikit-learn's `TSNE` makes."""
EVERY = 5
"""Iterations between two pictures: an eighth of a second for 5,000 points on an idle core."""
SEARCHED_AT_ONCE = 500
"""Points whose neighbours are searched between two looks at whether to go on."""
PATIENCE = 0.1
"""Seconds between two looks at whether to stop."""
INITIAL_SPREAD = 1e-4
"""Standard deviation of the initial picture's first axis: nearly a point, so that all forces are felt at first."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """The picture of N points at some moment."""

    points: NDArray[np.float64]
    """(N, 2)"""
    iteration: int
    """Which iteration it is, counted over both phases of the optimisation; 0 before."""
    iterations: int
    """How many there will be, likewise."""
    kl_divergence: float
    """In nats, of the points' neighbourhoods from the picture's, without exaggeration; NaN before the optimisation."""
    phase: Phase
    """What is being worked on, or how it ended."""


def largest_perplexity(count: int) -> float:
    """The largest perplexity that `count` points allow, at most the usual 30: three times as many neighbours count."""
    return min(PERPLEXITY, (count - 1) / 3)


def tsne(
    x: NDArray[np.floating],
    *,
    perplexity: float = PERPLEXITY,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
    every: int = EVERY,
) -> Iterator[Embedding]:
    """Arrange (N, D) points in the plane by t-SNE, beginning with their first two principal components.

    The work is done by another thread, so that a stop is answered at once whatever that thread is at: the iterator
    ends with the latest picture, and the thread by itself at its next iteration. Leaving the iterator early
    stops it too. Whoever takes the pictures more slowly than they come misses some, but holds nothing up.

    Args:
        x: at least four points.
        perplexity: about how many neighbours count for a point, from 1 to a third of the other points.
        seed: of the jitter that parts equal points; equal seeds give equal pictures.
        stopping: whether to end; asked ten times a second.
        every: iterations between two pictures.

    Yields:
        First the initial picture, in phase `neighbours`, then one every `every` iterations, at last one in phase
        `done` or `stopped`.

    Raises ValueError, at once, for too few points, a perplexity out of range and values that are not finite.

    Source: L. van der Maaten, Accelerating t-SNE using tree-based algorithms, JMLR 15 (2014), by openTSNE, with the
    learning rate of A. C. Belkina et al., Nature Communications 10:5415 (2019).
    """
    if x.ndim != 2 or len(x) < 4 or x.shape[1] < 1:
        raise ValueError(f"t-SNE needs at least four points as (N, D), not an array of shape {x.shape}")
    if not 1 <= perplexity <= (len(x) - 1) / 3:
        limit = (len(x) - 1) / 3
        raise ValueError(f"the perplexity must be from 1 to {limit:.4g} for {len(x):,} points, not {perplexity:g}")
    if every < 1:
        raise ValueError(f"pictures come every 1 or more iterations, not every {every}")
    if not np.isfinite(x).all():
        raise ValueError("points with values that are not finite can't be arranged")
    return _arrange(x, perplexity, seed, stopping, every)


def save(path: Path, embedding: Embedding) -> None:
    """Write an embedding as .npz; a crash leaves the old file or the new one. Raises OSError."""
    files.refuse_link(path.parent)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        points=embedding.points,
        progress=np.array([embedding.iteration, embedding.iterations]),
        kl_divergence=np.array(embedding.kl_divergence),
        phase=np.array(embedding.phase),
    )
    files.replace(path, buffer.getvalue())


def load(path: Path) -> Embedding:
    """Read what `save` wrote; nothing in the file is executed.

    Raises `RunError` where it is missing, damaged or something else.
    """
    try:
        checkpoint_file.check(path, MAX_BYTES)
        with np.load(path, allow_pickle=False) as stored:
            points, phase = stored["points"].astype(np.float64), str(stored["phase"])
            iteration, iterations = (int(number) for number in stored["progress"])
            kl_divergence = float(stored["kl_divergence"])
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError("it holds no picture")
        if phase not in get_args(Phase) or not 0 <= iteration <= iterations:
            raise ValueError("it does not say how far it came")
    except Exception as error:  # numpy and zipfile raise whatever they meet in a damaged file
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0][:120]
        raise RunError(f"{path} can't be read ({reason}): delete it and let t-SNE run again") from error
    return Embedding(points, iteration, iterations, kl_divergence, phase)  # type: ignore[arg-type]


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The worker need not go on."""


class _Handover:
    """What the worker and the iterator share: the latest picture one way, the wish to stop the other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latest: Embedding | None = None
        self._error: BaseException | None = None
        self.stopped = False

    def put(self, embedding: Embedding) -> None:
        """Replace the latest picture, whether it was taken or not."""
        with self._changed:
            self._latest = embedding
            self._changed.notify()

    def fail(self, error: BaseException) -> None:
        """Let the iterator raise what the worker met."""
        with self._changed:
            self._error = error
            self._changed.notify()

    def take(self, seconds: float) -> Embedding | None:
        """The latest picture if it was not taken yet; waits for one so long. Raises what the worker met."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest or self._error, seconds)
            if self._error:
                raise self._error
            latest, self._latest = self._latest, None
            return latest

    def check(self) -> None:
        """Raises `_Stopped` where nobody waits for the worker any more."""
        if self.stopped:
            raise _Stopped


def _arrange(
    x: NDArray[np.floating], perplexity: float, seed: int, stopping: Callable[[], bool], every: int
) -> Iterator[Embedding]:
    latest = Embedding(_initial(x, seed), 0, ITERATIONS, math.nan, "neighbours")
    yield latest
    handover = _Handover()
    arguments = (x, latest.points, perplexity, every, handover)
    threading.Thread(target=_work, args=arguments, name="t-SNE", daemon=True).start()
    try:
        while latest.phase != "done":
            if stopping():
                yield replace(latest, phase="stopped")
                return
            fresh = handover.take(PATIENCE)
            if fresh:
                latest = fresh
                yield latest
    finally:
        handover.stopped = True


def _initial(x: NDArray[np.floating], seed: int) -> NDArray[np.float64]:
    """The first two principal components, small, and jittered so that no two points lie at one place."""
    points = pca(x).points
    spread = float(points[:, 0].std())
    jitter = np.random.default_rng(seed).normal(0, INITIAL_SPREAD / 100, points.shape)
    return points * (INITIAL_SPREAD / spread if spread else 0.0) + jitter


def _work(
    x: NDArray[np.floating], initial: NDArray[np.float64], perplexity: float, every: int, handover: _Handover
) -> None:
    try:
        _optimise(x, initial, perplexity, every, handover)
    except _Stopped:
        pass
    except Exception as error:
        handover.fail(error)


def _optimise(
    x: NDArray[np.floating], initial: NDArray[np.float64], perplexity: float, every: int, handover: _Handover
) -> None:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    indices, distances = _neighbours(x, int(3 * perplexity), handover)
    affinities = PerplexityBasedNN(knn_index=PrecomputedNeighbors(indices, distances), perplexity=perplexity)
    embedding = TSNEEmbedding(initial, affinities, negative_gradient_method="bh", n_jobs=1, callbacks_every_iters=every)

    def run(phase: Phase, first: int, last: int, exaggeration: float) -> None:
        def show(iteration: int, kl_divergence: float, points: NDArray[np.float64]) -> None:
            handover.check()
            # openTSNE counts from 1 in each phase.
            handover.put(Embedding(np.array(points), first + iteration, ITERATIONS, float(kl_divergence), phase))

        embedding.optimize(
            last - first, inplace=True, propagate_exception=True, exaggeration=exaggeration, callbacks=show
        )

    run("early exaggeration", 0, EARLY_ITERATIONS, EARLY_EXAGGERATION)
    run("optimisation", EARLY_ITERATIONS, ITERATIONS, 1)
    handover.put(Embedding(np.array(embedding), ITERATIONS, ITERATIONS, float(embedding.kl_divergence), "done"))


def _neighbours(x: NDArray[np.floating], k: int, handover: _Handover) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest others of each point, and their distances: (N, k) each."""
    # Far from the origin single precision would be too coarse.
    centred = (x - x.mean(axis=0, dtype=np.float64)).astype(np.float32)
    found = []
    for start in range(0, len(x), SEARCHED_AT_ONCE):
        handover.check()
        asked = np.arange(start, min(start + SEARCHED_AT_ONCE, len(x)))
        found.append(nearest(centred[asked], centred, k, exclude=asked))
    return np.concatenate([part.indices for part in found]), np.concatenate([part.distances for part in found])

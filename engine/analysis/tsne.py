"""t-SNE with intermediate states, and its storage."""

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
"""Size limit of a stored embedding; 70,000 points take 1 MB."""
PERPLEXITY = 30.0
EARLY_ITERATIONS = 250
EARLY_EXAGGERATION = 12.0
ITERATIONS = EARLY_ITERATIONS + 750
"""Total number of iterations, as in scikit-learn's `TSNE`."""
ITERATIONS_PER_UPDATE = 5
"""Iterations between two updates: an eighth of a second for 5,000 points on an idle core."""
NEIGHBOUR_CHUNK = 500
"""Points whose neighbours are searched between two checks for cancellation."""
POLL_SECONDS = 0.1
"""Seconds between two checks of `stopping`."""
INITIAL_SPREAD = 1e-4
"""Standard deviation of the first axis of the initial embedding; small, as is usual for t-SNE."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """State of the embedding of N points."""

    points: NDArray[np.float64]
    """(N, 2)"""
    iteration: int
    """Number of completed iterations of both optimisation phases together."""
    iterations: int
    """Total number of iterations."""
    kl_divergence: float
    """KL divergence in nats, without exaggeration; NaN before the optimisation."""
    phase: Phase
    """Current phase, or how it ended."""


def largest_perplexity(count: int) -> float:
    """Return the default perplexity, limited to a third of the other points for small `count`."""
    return min(PERPLEXITY, (count - 1) / 3)


def tsne(
    x: NDArray[np.floating],
    *,
    perplexity: float = PERPLEXITY,
    seed: int = 0,
    stopping: Callable[[], bool] = lambda: False,
    every: int = ITERATIONS_PER_UPDATE,
) -> Iterator[Embedding]:
    """Embed (N, D) points in the plane by t-SNE, initialized with their first two principal components.

    A worker thread does the computation, so that a stop takes effect immediately: the iterator ends with the latest
    state, and the thread at its next iteration. Closing the iterator also stops the thread. A slow consumer skips
    intermediate states and does not block the worker.

    Args:
        x: at least four points.
        perplexity: effective number of neighbours of a point, from 1 to a third of the other points.
        seed: of the jitter that separates equal points; results are deterministic.
        stopping: whether to end; called ten times per second.
        every: iterations between two updates.

    Yields:
        The initial embedding in phase `neighbours`, one every `every` iterations, and a last one in phase `done` or
        `stopped`.

    Raises ValueError immediately for too few points, a perplexity out of range and values that are not finite.

    Source: L. van der Maaten, Accelerating t-SNE using tree-based algorithms, JMLR 15 (2014), by openTSNE, with the
    learning rate of A. C. Belkina et al., Nature Communications 10:5415 (2019).
    """
    if x.ndim != 2 or len(x) < 4 or x.shape[1] < 1:
        raise ValueError(f"t-SNE needs at least four points as (N, D), not an array of shape {x.shape}")
    if not 1 <= perplexity <= (len(x) - 1) / 3:
        limit = (len(x) - 1) / 3
        raise ValueError(f"the perplexity must be from 1 to {limit:.4g} for {len(x):,} points, not {perplexity:g}")
    if every < 1:
        raise ValueError(f"`every` must be at least 1, not {every}")
    if not np.isfinite(x).all():
        raise ValueError("the points contain values that are not finite")
    return _iterate(x, perplexity, seed, stopping, every)


def save(path: Path, embedding: Embedding) -> None:
    """Write an embedding as .npz atomically; raise OSError."""
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
    """Read an embedding written by `save`, without unpickling.

    Raises `RunError` if it is missing or invalid.
    """
    try:
        checkpoint_file.check(path, MAX_BYTES)
        with np.load(path, allow_pickle=False) as stored:
            points, phase = stored["points"].astype(np.float64), str(stored["phase"])
            iteration, iterations = (int(number) for number in stored["progress"])
            kl_divergence = float(stored["kl_divergence"])
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError("it contains no valid embedding")
        if phase not in get_args(Phase) or not 0 <= iteration <= iterations:
            raise ValueError("its phase or iteration is invalid")
    except Exception as error:  # numpy and zipfile raise various exceptions for a damaged file
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0][:120]
        raise RunError(f"{path} can't be read ({reason}): delete it and run t-SNE again") from error
    return Embedding(points, iteration, iterations, kl_divergence, phase)  # type: ignore[arg-type]


class _Stopped(Exception):  # noqa: N818 - not an error
    """Raised in the worker to end it."""


class _Channel:
    """Channel between worker and iterator: the latest state in one direction, the stop request in the other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latest: Embedding | None = None
        self._error: BaseException | None = None
        self.stopped = False

    def put(self, embedding: Embedding) -> None:
        """Replace the latest state, even if it was not consumed."""
        with self._changed:
            self._latest = embedding
            self._changed.notify()

    def fail(self, error: BaseException) -> None:
        """Make the iterator raise an exception of the worker."""
        with self._changed:
            self._error = error
            self._changed.notify()

    def take(self, seconds: float) -> Embedding | None:
        """Wait at most `seconds` for a new state and return it, or None; raise the worker's exception."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest or self._error, seconds)
            if self._error:
                raise self._error
            latest, self._latest = self._latest, None
            return latest

    def check(self) -> None:
        """Raise `_Stopped` if the iterator was closed."""
        if self.stopped:
            raise _Stopped


def _iterate(
    x: NDArray[np.floating], perplexity: float, seed: int, stopping: Callable[[], bool], every: int
) -> Iterator[Embedding]:
    latest = Embedding(_initial(x, seed), 0, ITERATIONS, math.nan, "neighbours")
    yield latest
    channel = _Channel()
    arguments = (x, latest.points, perplexity, every, channel)
    threading.Thread(target=_run_worker, args=arguments, name="t-SNE", daemon=True).start()
    try:
        while latest.phase != "done":
            if stopping():
                yield replace(latest, phase="stopped")
                return
            update = channel.take(POLL_SECONDS)
            if update:
                latest = update
                yield latest
    finally:
        channel.stopped = True


def _initial(x: NDArray[np.floating], seed: int) -> NDArray[np.float64]:
    """Return the first two principal components, scaled down and jittered so that no two points coincide."""
    points = pca(x).points
    spread = float(points[:, 0].std())
    jitter = np.random.default_rng(seed).normal(0, INITIAL_SPREAD / 100, points.shape)
    return points * (INITIAL_SPREAD / spread if spread else 0.0) + jitter


def _run_worker(
    x: NDArray[np.floating], initial: NDArray[np.float64], perplexity: float, every: int, channel: _Channel
) -> None:
    try:
        _optimise(x, initial, perplexity, every, channel)
    except _Stopped:
        pass
    except Exception as error:
        channel.fail(error)


def _optimise(
    x: NDArray[np.floating], initial: NDArray[np.float64], perplexity: float, every: int, channel: _Channel
) -> None:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    indices, distances = _neighbours(x, int(3 * perplexity), channel)
    affinities = PerplexityBasedNN(knn_index=PrecomputedNeighbors(indices, distances), perplexity=perplexity)
    embedding = TSNEEmbedding(initial, affinities, negative_gradient_method="bh", n_jobs=1, callbacks_every_iters=every)

    def run(phase: Phase, first: int, last: int, exaggeration: float) -> None:
        def show(iteration: int, kl_divergence: float, points: NDArray[np.float64]) -> None:
            channel.check()
            # openTSNE counts from 1 in each phase.
            channel.put(Embedding(np.array(points), first + iteration, ITERATIONS, float(kl_divergence), phase))

        embedding.optimize(
            last - first, inplace=True, propagate_exception=True, exaggeration=exaggeration, callbacks=show
        )

    run("early exaggeration", 0, EARLY_ITERATIONS, EARLY_EXAGGERATION)
    run("optimisation", EARLY_ITERATIONS, ITERATIONS, 1)
    channel.put(Embedding(np.array(embedding), ITERATIONS, ITERATIONS, float(embedding.kl_divergence), "done"))


def _neighbours(x: NDArray[np.floating], k: int, channel: _Channel) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the k nearest neighbours of each point and their distances: (N, k) each."""
    # Single precision would be too coarse far from the origin.
    centred = (x - x.mean(axis=0, dtype=np.float64)).astype(np.float32)
    found = []
    for start in range(0, len(x), NEIGHBOUR_CHUNK):
        channel.check()
        query_indices = np.arange(start, min(start + NEIGHBOUR_CHUNK, len(x)))
        found.append(nearest(centred[query_indices], centred, k, exclude=query_indices))
    return np.concatenate([part.indices for part in found]), np.concatenate([part.distances for part in found])

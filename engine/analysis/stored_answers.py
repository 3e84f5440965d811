"""Computation and storage of the expensive analyses, t-SNE and imagined digits, for the console and exports.

A resumed training replaces the weights of an incomplete epoch. Results computed from the old weights must then not be
stored, because they would be taken for results of the new ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import Imagined, Method, imagine, nearest_images
from mnist_tui.engine.analysis.projection import Projection
from mnist_tui.engine.analysis.subject import Analyst, Network, Subject
from mnist_tui.engine.analysis.tsne import Embedding, largest_perplexity, save, tsne
from mnist_tui.engine.runs.folder import Version


@dataclass(frozen=True, slots=True)
class StorageResult:
    """Outcome of storing a result."""

    problem: str = ""
    """Why the result is not stored; empty if it is."""
    retrained: bool = False
    """Whether the reason is that the weights were replaced during the computation."""


FOUND = "found digits"
"""Question in the cache of answers: the results of this process's searches."""
RETRAINED = StorageResult("the epoch was retrained", retrained=True)


def store(analyst: Analyst, network: Network, version: Version, write: Callable[[], Path]) -> StorageResult:
    """Store a result unless the weights that it was computed from have been replaced.

    Args:
        version: version of the weights that the result was computed from.
        write: writes the result and returns its path.
    """
    if analyst.version(network.folder, network.epoch) != version:
        return RETRAINED
    try:
        path = write()
    except OSError as error:
        return StorageResult((error.strerror or str(error)).lower())
    if analyst.version(network.folder, network.epoch) != version:  # replaced while it was written
        path.unlink(missing_ok=True)
        return RETRAINED
    return StorageResult()


# -- t-SNE -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TsneStep:
    """State of a running or finished t-SNE."""

    embedding: Embedding
    stored: StorageResult | None = None
    """Outcome of storing it; None before that."""


def run_tsne(
    analyst: Analyst, projection: Projection, *, stopping: Callable[[], bool] = lambda: False
) -> Iterator[TsneStep]:
    """Compute the t-SNE of a projection and store the result, also if it was stopped.

    Yields:
        Every intermediate state, then the final one again once it is stored. Nothing is stored if the iterator is
        closed before.

    Raises ValueError for too few points and values that are not finite.
    """
    embedding: Embedding | None = None
    for embedding in tsne(projection.x, perplexity=largest_perplexity(len(projection.x)), stopping=stopping):
        yield TsneStep(embedding)
    if embedding is not None:
        write = partial(_write_tsne, projection.store, embedding)
        yield TsneStep(embedding, store(analyst, projection.subject.network, projection.version, write))


def _write_tsne(path: Path, embedding: Embedding) -> Path:
    path.parent.mkdir(exist_ok=True)  # without parents, so that a deleted run is not recreated
    save(path, embedding)
    return path


# -- imagined digits -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImaginedStep:
    """The best image so far of a class by a method."""

    imagined: Imagined
    stored: StorageResult | None = None
    """Outcome of storing the final result; None before that."""


def imagined_digits(analyst: Analyst, network: Network) -> dict[tuple[Method, int], Imagined]:
    """Return the results of all searches so far by method and class, those of other processes included.

    Raises `RunError` or `DataError` if the run or its data can't be read.
    """
    question = "stored digits", imagined_store.version(network.folder)
    stored = analyst.answer(network, question, partial(_load_imagined, analyst, network))
    found = analyst.answers.peek(analyst.key(network, FOUND))  # those that can't be stored, too
    return {**stored, **(found or {})}


def search_digits(
    analyst: Analyst, subject: Subject, digits: Sequence[int], *, images: int, stopping: Callable[[], bool]
) -> Iterator[ImaginedStep]:
    """Imagine classes by all methods, store the final results, and add them to `imagined_digits`.

    Args:
        images: number of noise images.
        stopping: whether to end the search; the best images so far are stored.

    Yields:
        Every improvement; each final result twice, before and after it is stored. A final result is not stored if the
        iterator is closed in between.

    Raises `RunError` or `DataError` if the run or its data can't be read, ValueError if weights are not finite.
    """
    network = subject.network
    version = analyst.version(network.folder, network.epoch)  # before the weights are read
    for found in imagine(analyst, subject, digits, images=images, stopping=stopping):
        yield ImaginedStep(found)
        if found.done:
            stored = store(
                analyst, network, version, partial(imagined_store.save, network.folder, network.epoch, found)
            )
            _cache_result(analyst, network, version, found)
            yield ImaginedStep(found, stored)


def _cache_result(analyst: Analyst, network: Network, version: Version, found: Imagined) -> None:
    key = network, version, FOUND
    analyst.answers.update(key, lambda known: {**(known or {}), (found.method, found.digit): found})


def _load_imagined(analyst: Analyst, network: Network) -> dict[tuple[Method, int], Imagined]:
    _, dataset = analyst.run(network.folder)
    stored = imagined_store.load(network.folder, network.epoch, len(dataset.classes))
    older = {key: found for key, found in stored.items() if not found.done}
    if older:
        with contextlib.suppress(ValueError):  # weights that are not finite have no nearest images
            nearest = nearest_images(analyst, network, list(older.values()))
            for (key, found), image in zip(older.items(), nearest, strict=True):
                stored[key] = replace(found, nearest=image)
    return stored

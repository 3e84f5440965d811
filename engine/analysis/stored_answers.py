"""Answers that take long, t-SNE and imagined digits: computed and stored with their run, for screens and exports alike.

A resumed training replaces the weights of an epoch that was cut short. What was computed with the former ones must not
be stored then: it would pass for an answer of the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import Imagined, Method, imagine
from mnist_tui.engine.analysis.projection import Projection
from mnist_tui.engine.analysis.subject import Analyst, Network, Subject
from mnist_tui.engine.analysis.tsne import Embedding, largest_perplexity, save, tsne
from mnist_tui.engine.runs.folder import Version


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an answer on the disk."""

    problem: str = ""
    """Why it is not stored; empty where it is."""
    retrained: bool = False
    """Whether that is because the weights were replaced meanwhile."""


RETRAINED = Stored("the epoch was trained anew", retrained=True)


def store(analyst: Analyst, network: Network, version: Version, write: Callable[[], Path]) -> Stored:
    """Store an answer unless the weights that it was computed with have been replaced.

    Args:
        version: of the weights that the answer was computed with.
        write: writes the answer and returns where it is.
    """
    if analyst.version(network.folder, network.epoch) != version:
        return RETRAINED
    try:
        path = write()
    except OSError as error:
        return Stored((error.strerror or str(error)).lower())
    if analyst.version(network.folder, network.epoch) != version:  # replaced while it was written
        path.unlink(missing_ok=True)
        return RETRAINED
    return Stored()


# -- t-SNE -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TsneStep:
    """A t-SNE as far as it came."""

    embedding: Embedding
    stored: Stored | None = None
    """None until it has ended and was to be stored."""


def form_tsne(
    analyst: Analyst, picture: Projection, *, stopping: Callable[[], bool] = lambda: False
) -> Iterator[TsneStep]:
    """Make the t-SNE of a picture and store it at its end, also where it was stopped.

    Yields:
        Every picture, then the last one again once it is stored. Leaving the iterator before stores nothing.

    Raises ValueError for too few points and values that are not finite.
    """
    embedding: Embedding | None = None
    for embedding in tsne(picture.x, perplexity=largest_perplexity(len(picture.x)), stopping=stopping):
        yield TsneStep(embedding)
    if embedding is not None:
        write = partial(_write_tsne, picture.store, embedding)
        yield TsneStep(embedding, store(analyst, picture.subject.network, picture.version, write))


def _write_tsne(path: Path, embedding: Embedding) -> Path:
    path.parent.mkdir(exist_ok=True)  # not its parents: a deleted run stays deleted
    save(path, embedding)
    return path


# -- imagined digits -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImaginedStep:
    """The best picture yet of a class by a method."""

    imagined: Imagined
    stored: Stored | None = None
    """None until it is the search's best and was to be stored."""


def imagined_digits(analyst: Analyst, network: Network) -> dict[tuple[Method, int], Imagined]:
    """Return what searches found so far, by method and class; not to be changed.

    Raises `RunError` and `DataError` where the run or its data can't be read.
    """
    return analyst.answer(network, "imagined digits", partial(_load_imagined, analyst, network))


def search_digits(
    analyst: Analyst, subject: Subject, digits: Sequence[int], *, images: int, stopping: Callable[[], bool]
) -> Iterator[ImaginedStep]:
    """Imagine classes in all ways, store each way's best, and add it to `imagined_digits`.

    Args:
        images: how many noise images are tried.
        stopping: ends the search; the best so far is stored all the same.

    Yields:
        Every better picture; each best one first unstored, then stored. Leaving the iterator between stores nothing.

    Raises `RunError` and `DataError` where the run or its data can't be read, ValueError where the network's answers
    are not finite.
    """
    network = subject.network
    version = analyst.version(network.folder, network.epoch)  # before the weights are read
    for found in imagine(analyst, subject, digits, images=images, stopping=stopping):
        yield ImaginedStep(found)
        if found.done:
            stored = store(
                analyst, network, version, partial(imagined_store.save, network.folder, network.epoch, found)
            )
            _remember(analyst, network, version, found)
            yield ImaginedStep(found, stored)


def _remember(analyst: Analyst, network: Network, version: Version, found: Imagined) -> None:
    key = network, version, "imagined digits"
    before = analyst.answers.get(key, partial(_load_imagined, analyst, network))
    analyst.answers.update(key, lambda known: {**(known or before), (found.method, found.digit): found})


def _load_imagined(analyst: Analyst, network: Network) -> dict[tuple[Method, int], Imagined]:
    _, dataset = analyst.run(network.folder)
    return imagined_store.load(network.folder, network.epoch, len(dataset.classes))

"""The Projection view's t-SNE, as a job."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mnist_tui.engine.analysis.projection import Projection
from mnist_tui.engine.analysis.stored_answers import form_tsne
from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.analysis.tsne import Embedding
from mnist_tui.engine.errors import RunError
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.views.projection.texts import STORED


@dataclass(slots=True)
class Forming:
    """A t-SNE that forms."""

    picture: Projection
    """The picture that it is made for."""
    latest: Embedding | None = None
    """How far it came."""

    def makes(self, picture: Projection) -> bool:
        """Whether it is the t-SNE of that picture."""
        mine = self.picture
        return (mine.subject, mine.version, mine.wanted) == (picture.subject, picture.version, picture.wanted)

    def as_far(self, picture: Projection) -> Projection:
        """The picture with what is there by now."""
        latest = self.latest
        return picture if latest is None else replace(picture, points=latest.points, embedding=latest)


@dataclass(frozen=True, slots=True)
class Formed:
    """A t-SNE that ended."""

    embedding: Embedding
    note: str
    """What became of it on the disk."""


def form(job: Job, analyst: Analyst, picture: Projection) -> Formed:
    """Make and store a t-SNE; reports its embeddings. A stop stores how far it came, a cancelled job only a whole one.

    Raises `RunError` where the points allow none.
    """
    try:
        for step in form_tsne(analyst, picture, stopping=lambda: job.stopping):
            embedding = step.embedding
            if step.stored is not None:
                problem = step.stored.problem
                return Formed(embedding, f"not stored ({problem})" if problem else STORED)
            if embedding.phase == "stopped" and (embedding.iteration == 0 or not job.stopped):
                return Formed(embedding, "stopped before it began")
            job.report(embedding)
    except ValueError as error:
        raise RunError(str(error)) from error
    raise AssertionError("a t-SNE ends with a picture that is stored or not")

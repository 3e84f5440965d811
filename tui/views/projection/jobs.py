"""t-SNE of the Projection view, as a job."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mnist_tui.engine.analysis.projection import Projection
from mnist_tui.engine.analysis.stored_answers import run_tsne
from mnist_tui.engine.analysis.subject import Analyst
from mnist_tui.engine.analysis.tsne import Embedding
from mnist_tui.engine.errors import RunError
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.views.projection.texts import STORED


@dataclass(slots=True)
class TsneRun:
    """A running t-SNE."""

    projection: Projection
    """Projection that the t-SNE is computed for."""
    latest: Embedding | None = None
    """Latest state; None before the first."""

    def is_of(self, projection: Projection) -> bool:
        """Return whether this is the t-SNE of `projection`."""
        mine = self.projection
        return (mine.subject, mine.version, mine.spec) == (projection.subject, projection.version, projection.spec)

    def with_state(self, projection: Projection) -> Projection:
        """Return the projection with the latest state."""
        latest = self.latest
        return projection if latest is None else replace(projection, points=latest.points, embedding=latest)


@dataclass(frozen=True, slots=True)
class TsneResult:
    """A finished or stopped t-SNE."""

    embedding: Embedding
    note: str
    """Whether it was stored, or why not."""


def compute_tsne(job: Job, analyst: Analyst, projection: Projection) -> TsneResult:
    """Compute and store a t-SNE, and report its states; a stopped one is stored, a cancelled one is not.

    Raises `RunError` if it can't be computed for the points.
    """
    try:
        for step in run_tsne(analyst, projection, stopping=lambda: job.stopping):
            embedding = step.embedding
            if step.stored is not None:
                problem = step.stored.problem
                return TsneResult(embedding, f"not stored ({problem})" if problem else STORED)
            if embedding.phase == "stopped" and (embedding.iteration == 0 or not job.stopped):
                return TsneResult(embedding, "stopped before it started")
            job.report(embedding)
    except ValueError as error:
        raise RunError(str(error)) from error
    raise AssertionError("run_tsne ends with the outcome of storing")

"""The Projection view's long work, in threads of its own: t-SNE, and the numbers beside a picture."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from textual.message import Message
from textual.message_pump import MessagePump

from mnist_tui.engine.analysis.projection import Numbers, Projection, Projector
from mnist_tui.engine.analysis.tsne import Embedding, largest_perplexity, save, tsne
from mnist_tui.engine.errors import MnistTuiError
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.tui.speed.priority import stand_back
from mnist_tui.tui.views.projection.texts import STORED

PICTURE_SECONDS = 0.12
"""Least time between two pictures that are shown while they form."""
_ONE_AT_A_TIME = threading.Lock()


class Formed(Message):
    """A t-SNE came further, or ended."""

    def __init__(self, request: int, embedding: Embedding | None, note: str = "") -> None:
        super().__init__()
        self.request = request
        """Which t-SNE it is."""
        self.embedding = embedding
        """The picture; None where there can't be one."""
        self.note = note
        """What there is to say at the end."""

    @property
    def ended(self) -> bool:
        return self.embedding is None or self.embedding.phase in ("done", "stopped")


class Measured(Message):
    """The numbers beside a picture."""

    def __init__(self, request: int, numbers: Numbers | None, error: str = "") -> None:
        super().__init__()
        self.request = request
        """Which picture they belong to."""
        self.numbers = numbers
        """None where they can't be had."""
        self.error = error
        """Why, in one line."""


class TsneThread(threading.Thread):
    """Makes a t-SNE, posts it while it forms, and stores it when it is over."""

    def __init__(self, target: MessagePump, request: int, picture: Projection) -> None:
        super().__init__(name="t-SNE pictures", daemon=True)
        self.request = request
        self.picture = picture
        """The picture that it is made for."""
        self.latest: Embedding | None = None
        """How far it came."""
        self._receiver = target
        self._stopping = threading.Event()
        self._dropped = False

    def makes(self, picture: Projection) -> bool:
        """Whether it is the t-SNE of that picture."""
        mine = self.picture
        return (mine.subject, mine.version, mine.wanted) == (picture.subject, picture.version, picture.wanted)

    def as_far(self, picture: Projection) -> Projection:
        """The picture with what is there by now."""
        latest = self.latest
        return picture if latest is None else replace(picture, points=latest.points, embedding=latest)

    def stop(self) -> None:
        """End it, and keep and store how far it came."""
        self._stopping.set()

    def drop(self) -> None:
        """End it without a trace."""
        self._dropped = True
        self._stopping.set()

    def run(self) -> None:
        stand_back()
        shown = 0.0
        try:
            perplexity = largest_perplexity(len(self.picture.x))
            for embedding in tsne(self.picture.x, perplexity=perplexity, stopping=self._stopping.is_set):
                if self._dropped and embedding.phase != "done":
                    return
                self.latest = embedding
                ended = embedding.phase in ("done", "stopped")
                if ended:
                    self._receiver.post_message(Formed(self.request, embedding, self._keep(embedding)))
                elif time.monotonic() - shown >= PICTURE_SECONDS:
                    shown = time.monotonic()
                    self._receiver.post_message(Formed(self.request, embedding))
        except ValueError as error:
            self._receiver.post_message(Formed(self.request, None, str(error)))
        except Exception as error:
            logging.getLogger(__name__).exception("t-SNE failed")
            self._receiver.post_message(Formed(self.request, None, f"t-SNE failed ({error}): L shows the log"))

    def _keep(self, embedding: Embedding) -> str:
        """Store it; returns what there is to say about that."""
        if embedding.iteration == 0:
            return "stopped before it began"
        subject = self.picture.subject
        if RunFolder(subject.folder).version(subject.epoch) != self.picture.version:
            return "not stored: the epoch was trained anew"
        path = self.picture.store
        try:
            path.parent.mkdir(exist_ok=True)  # not its parents: a deleted run stays deleted
            save(path, embedding)
        except OSError as error:
            return f"not stored ({(error.strerror or str(error)).lower()})"
        return STORED


def measure(
    target: MessagePump, request: int, current: Callable[[], int], projector: Projector, picture: Projection
) -> None:
    """Measure a picture in a thread and post its numbers; pictures that were left meanwhile are not measured.

    Args:
        current: which request is wanted by now.
    """

    def work() -> None:
        stand_back()
        with _ONE_AT_A_TIME:
            if request != current():
                return
            try:
                message = Measured(request, projector.numbers(picture))
            except MnistTuiError as error:
                message = Measured(request, None, str(error))
            except Exception as error:
                logging.getLogger(__name__).exception("a picture can't be measured")
                message = Measured(request, None, f"the picture can't be measured ({error}): L shows the log")
            target.post_message(message)

    threading.Thread(target=work, name="projection numbers", daemon=True).start()

"""Work in threads: its progress, result or failure comes back to the owner, a view or the app, on the loop."""

from __future__ import annotations

import contextlib
import inspect
import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from textual.message_pump import MessagePump

from mnist_tui.engine.errors import Cancelled, MnistTuiError
from mnist_tui.tui.messages import JobUpdate
from mnist_tui.tui.speed.priority import lower_priority

Result = TypeVar("Result")

BUSY_DELAY_SECONDS = 0.15
"""Time after which a job that still works is busy; an indication of a shorter one would only flicker."""
PROGRESS_SECONDS = 0.1
"""Least time between two deliveries of a job's progress; of what is reported meanwhile only the newest counts."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What a job calls on the screen's loop; plain or async functions, whose result does not matter."""

    result: Callable[[Any], Any] | None
    progress: Callable[[Any], Any] | None
    failure: Callable[[str], Any]


class Job:
    """What the work of one job sees: whether to end, and how to report. Its methods may be called from any thread."""

    def __init__(
        self, owner: MessagePump, name: str, work: Callable[[Job], Any], callbacks: Callbacks, failure: str
    ) -> None:
        self.name = name
        self._owner, self._work, self._callbacks, self._failure = owner, work, callbacks, failure
        self._over = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._news: Any = None
        self._is_posted = False
        self._outcome: Callable[[], Any] | None = None
        self._delivered_at = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more: the job was replaced or cancelled, or its owner is gone."""
        return self._over.is_set() or not self._owner.is_running

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    @property
    def stopping(self) -> bool:
        """Whether to end now: `stopped`, with what is there as the result, or `cancelled`."""
        return self.stopped or self.cancelled

    @property
    def over(self) -> bool:
        """Whether the job was cancelled, or its result or failure delivered."""
        return self._over.is_set()

    def stop(self) -> None:
        """Ask the work to end with what it has, which is then delivered."""
        self._stopping.set()

    def cancel(self) -> None:
        """Deliver nothing more, and let the work end."""
        self._over.set()

    def report(self, progress: Any) -> None:
        """Deliver progress, at most every `PROGRESS_SECONDS`; each report replaces the one before."""
        with self._lock:
            self._news = progress
            if self._is_posted:
                return
            self._is_posted = True
        self._post()

    # -- in the job's thread -----------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the work and post how it ended."""
        callbacks = self._callbacks
        try:
            result = self._work(self)
        except Cancelled:
            self._outcome = lambda: None
        except MnistTuiError as error:
            self._outcome = partial(callbacks.failure, str(error))
        except Exception as error:
            if not self.cancelled:
                logging.getLogger(__name__).exception("the job %s of %s failed", self.name, type(self._owner).__name__)
            line = f"{self._failure} ({type(error).__name__}: {error}); L shows the log"
            self._outcome = partial(callbacks.failure, line)
        else:
            self._outcome = partial(callbacks.result, result) if callbacks.result is not None else lambda: None
        self._post()

    def _post(self) -> None:
        if not self.cancelled:
            with contextlib.suppress(RuntimeError):  # the screen is gone for good
                self._owner.post_message(JobUpdate(self._deliver))

    # -- on the screen's loop ----------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        """Call back with the result or the failure, or with the newest progress."""
        if self.cancelled:
            return
        if self._outcome is not None:
            self._over.set()
            outcome, self._outcome, self._news = self._outcome, None, None
            await _awaited(outcome())
            return
        early = PROGRESS_SECONDS - (time.monotonic() - self._delivered_at)
        if early > 0:
            self._owner.set_timer(early, self._deliver)
            return
        with self._lock:
            progress, self._news, self._is_posted = self._news, None, False
        self._delivered_at = time.monotonic()
        if self._callbacks.progress is not None:
            await _awaited(self._callbacks.progress(progress))


async def _awaited(result: Any) -> None:
    if inspect.isawaitable(result):
        await result


class Jobs:
    """The jobs of one owner, at most one running and one waiting per name.

    The owner passes `JobUpdate` messages on: `async def on_job_update(self, message): await message.deliver()`. All
    methods are called on the screen's loop.
    """

    def __init__(self, owner: MessagePump) -> None:
        self._owner = owner
        self._open: dict[str, list[Job]] = {}
        """The latest jobs by name, the oldest first."""
        self._lock = threading.Lock()
        self._waiting: dict[str, Job | None] = {}
        """By the name of every thread at work: the job that it takes up next."""

    def start(
        self,
        name: str,
        work: Callable[[Job], Result],
        *,
        on_result: Callable[[Result], Any] | None = None,
        on_progress: Callable[[Any], Any] | None = None,
        on_failure: Callable[[str], Any] | None = None,
        on_busy: Callable[[], Any] | None = None,
        failure: str = "",
        delay: float = 0.0,
        queue: bool = False,
        overlap: bool = False,
    ) -> Job:
        """Do work in a thread of lowered priority, and call back on the screen's loop.

        Jobs of one name work one after the other, so that the threads of a key that repeats do not pile up; those of
        different names work at the same time.

        Args:
            name: an earlier job of this name is cancelled: nothing more of it is delivered.
            work: called in the thread; long work looks at `job.cancelled`, or at `job.stopping`.
            on_result: called with what `work` returns.
            on_progress: called with what `work` reports.
            on_failure: called with one line that describes the failure; else the line is shown as a notification.
            on_busy: called where the job still works after `BUSY_DELAY_SECONDS`.
            failure: begins the line of an unexpected failure; "<name> failed" where empty.
            delay: seconds until the work begins; a job that is replaced before never works.
            overlap: begin even while a cancelled job of this name still works, where that may take long to end.
            queue: let an earlier job of this name end first instead of cancelling it; one that waits is replaced.
        """
        earlier = [job for job in self._open.get(name, []) if not job.over]
        kept = earlier[:1] if queue else []
        for replaced in earlier[len(kept) :]:
            replaced.cancel()
        callbacks = Callbacks(on_result, on_progress, on_failure or self._notify)
        job = Job(self._owner, name, work, callbacks, failure or f"{name} failed")
        self._open[name] = [*kept, job]
        if delay:
            self._owner.set_timer(delay, partial(self._begin, job, overlap))
        else:
            self._begin(job, overlap)
        if on_busy is not None:
            self._owner.set_timer(BUSY_DELAY_SECONDS, lambda: None if job.over else on_busy())
        return job

    def works(self, name: str) -> bool:
        """Return whether a job of this name has neither ended nor was cancelled."""
        return any(not job.over for job in self._open.get(name, []))

    def stop(self, name: str) -> None:
        """Ask the jobs of this name to end with what they have."""
        for job in self._open.get(name, []):
            job.stop()

    def cancel(self, name: str) -> None:
        """Cancel the jobs of this name: nothing more of them is delivered."""
        for job in self._open.pop(name, []):
            job.cancel()

    def _notify(self, line: str) -> None:
        self._owner.app.notify(line, severity="error", markup=False)

    def _begin(self, job: Job, overlap: bool) -> None:
        if job.cancelled:
            return
        if not overlap:
            with self._lock:
                if job.name in self._waiting:
                    self._waiting[job.name] = job
                    return
                self._waiting[job.name] = None
        run = partial(copy_context().run, self._work_alone if overlap else self._work, job)
        threading.Thread(target=run, name=f"job {job.name}", daemon=True).start()

    @staticmethod
    def _work_alone(job: Job) -> None:
        lower_priority()
        job.run()

    def _work(self, job: Job | None) -> None:
        """Do a job, then the one that waits for its turn."""
        lower_priority()
        while job is not None:
            name = job.name
            if not job.cancelled:
                job.run()
            with self._lock:
                job = self._waiting[name]
                if job is None:
                    del self._waiting[name]
                else:
                    self._waiting[name] = None

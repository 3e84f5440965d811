"""Background jobs: threads whose progress, result or failure is delivered to a view or the app on the event loop."""

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

from mnist_tui.engine.errors import Cancelled, MnistTuiError, printable
from mnist_tui.engine.hardware.failures import known_cause
from mnist_tui.tui.messages import JobUpdate
from mnist_tui.tui.speed.priority import lower_priority

Result = TypeVar("Result")

BUSY_DELAY_SECONDS = 0.15
"""Time after which a running job is indicated as busy; earlier, the indication would flicker."""
PROGRESS_SECONDS = 0.1
"""Minimum interval between two deliveries of progress; only the latest report in between is delivered."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Callbacks of a job, invoked on the event loop; sync or async, with their results ignored."""

    result: Callable[[Any], Any] | None
    progress: Callable[[Any], Any] | None
    failure: Callable[[str], Any]


class Job:
    """Handle passed to a job's function, for cancellation and progress reports; thread-safe."""

    def __init__(
        self, owner: MessagePump, name: str, work: Callable[[Job], Any], callbacks: Callbacks, failure: str
    ) -> None:
        self.name = name
        self._owner, self._work, self._callbacks, self._failure = owner, work, callbacks, failure
        self._done = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._progress: Any = None
        self._is_posted = False
        self._outcome: Callable[[], Any] | None = None
        self._delivered_at = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether the result is no longer needed: the job was replaced or cancelled, or its owner was removed."""
        return self._done.is_set() or not self._owner.is_running

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    @property
    def stopping(self) -> bool:
        """Whether to end now: with the current result if `stopped`, without one if `cancelled`."""
        return self.stopped or self.cancelled

    @property
    def is_done(self) -> bool:
        """Whether the job was cancelled, or its result or failure delivered."""
        return self._done.is_set()

    def stop(self) -> None:
        """Ask the job to end remaining and deliver its current result."""
        self._stopping.set()

    def cancel(self) -> None:
        """Discard the result, and ask the job to end."""
        self._done.set()

    def report(self, progress: Any) -> None:
        """Deliver progress, at most every `PROGRESS_SECONDS`; each report replaces the previous one."""
        with self._lock:
            self._progress = progress
            if self._is_posted:
                return
            self._is_posted = True
        self._post()

    # -- in the job's thread -----------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the job and post its outcome."""
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
            cause = known_cause(error) or f"{type(error).__name__}: {error}"
            line = printable(f"{self._failure} ({cause}); L shows the log")
            self._outcome = partial(callbacks.failure, line)
        else:
            self._outcome = partial(callbacks.result, result) if callbacks.result is not None else lambda: None
        self._post()

    def _post(self) -> None:
        if not self.cancelled:
            with contextlib.suppress(RuntimeError):  # the event loop is closed
                self._owner.post_message(JobUpdate(self._deliver))

    # -- on the event loop -------------------------------------------------------------------------------------

    async def _deliver(self) -> None:
        """Invoke the callback for the outcome, or for the latest progress."""
        if self.cancelled:
            return
        if self._outcome is not None:
            self._done.set()
            outcome, self._outcome, self._progress = self._outcome, None, None
            await _awaited(outcome())
            return
        remaining = PROGRESS_SECONDS - (time.monotonic() - self._delivered_at)
        if remaining > 0:
            self._owner.set_timer(remaining, self._deliver)
            return
        with self._lock:
            progress, self._progress, self._is_posted = self._progress, None, False
        self._delivered_at = time.monotonic()
        if self._callbacks.progress is not None:
            await _awaited(self._callbacks.progress(progress))


async def _awaited(result: Any) -> None:
    if inspect.isawaitable(result):
        await result


class Jobs:
    """The jobs of one owner: at most one running and one pending per name.

    The owner must handle `JobUpdate`: `async def on_job_update(self, message): await message.deliver()`. All methods
    must be called on the event loop.
    """

    def __init__(self, owner: MessagePump) -> None:
        self._owner = owner
        self._open: dict[str, list[Job]] = {}
        """Latest jobs by name, in order of their start."""
        self._lock = threading.Lock()
        self._waiting: dict[str, Job | None] = {}
        """Pending job of each running worker thread, by name."""

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
        """Run a function in a thread of lowered priority, with callbacks on the event loop.

        Jobs of the same name run one after another, so that a repeating key does not accumulate threads; jobs of
        different names run concurrently.

        Args:
            name: an earlier job of this name is cancelled.
            work: called in the thread; long functions should check `job.cancelled` or `job.stopping`.
            on_result: called with the return value of `work`.
            on_progress: called with the reports of `work`.
            on_failure: called with a one-line error message; by default, it is shown as a notification.
            on_busy: called if the job is still running after `BUSY_DELAY_SECONDS`.
            failure: start of the message for an unexpected exception; "<name> failed" if empty.
            delay: seconds before the job starts; it never runs if it is replaced earlier.
            overlap: whether to start even while a cancelled job of this name is still running.
            queue: whether to wait for a running job of this name instead of cancelling it; a pending one is replaced.
        """
        earlier = [job for job in self._open.get(name, []) if not job.is_done]
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
            self._owner.set_timer(BUSY_DELAY_SECONDS, lambda: None if job.is_done else on_busy())
        return job

    def is_active(self, name: str) -> bool:
        """Return whether a job of this name is running or pending."""
        return any(not job.is_done for job in self._open.get(name, []))

    def stop(self, name: str) -> None:
        """Ask the jobs of this name to end early and deliver their current results."""
        for job in self._open.get(name, []):
            job.stop()

    def cancel(self, name: str) -> None:
        """Cancel the jobs of this name and discard their results."""
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
        """Run a job, then the pending ones."""
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

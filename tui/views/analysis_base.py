"""Base class of the views that analyse a trained network: data are computed in a thread, then drawn."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult

from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.empty_texts import NEW_RUN, RUNS, Steps
from mnist_tui.tui.render.texts import printable
from mnist_tui.tui.views.base import View
from mnist_tui.tui.widgets.empty import Empty, steps_without_run
from mnist_tui.tui.widgets.subject_bar import SubjectBar

FAILURE_STEPS = (("[ ]", "another epoch"), RUNS, ("L", "log"))
"""Keys that help where a view can't be computed."""


class AnalysisView(View):
    """View of the selected subject.

    Subclasses implement `compute(subject)`, a pure function called in a thread, and `draw(data)`. `refresh_data`
    computes the data again, for example after a change of the view's settings.
    """

    BINDINGS = bindings("subject")
    AUTO_FOCUS = ""
    """No focus, so that the keys are those of the view until a list in it is entered."""
    MORE_SCOPES: ClassVar[tuple[str, ...]] = ("subject",)

    def __init__(self) -> None:
        super().__init__()
        self._request_key: object = None
        self.data: Any = None
        """Data shown; None if there are none, or after an error."""
        self.subject: Subject | None = None
        """Subject of the data."""
        self._requested_subject: Subject | None = None

    def body(self) -> ComposeResult:
        yield SubjectBar()
        yield from self.content()
        yield Empty(self.MODE)

    def content(self) -> ComposeResult:
        """Yield the widgets below the subject bar."""
        yield from ()

    def compute(self, subject: Subject) -> Any:
        """Compute the data; called in a thread, so it must not access widgets."""
        return None

    def receive(self, data: Any) -> Any:
        """Process newly computed data, and return the data to draw."""
        return data

    def draw(self, data: Any) -> None:
        """Draw the data."""

    def settings(self) -> object:
        """Return what `compute` depends on besides the subject; data are computed again only if it changes."""
        return None

    def stored_version(self, subject: Subject) -> object:
        """Return a value that changes when results that `compute` reads from the run's folder are stored."""
        return None

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "follow":
            return self.console.training.can_return or not self.console.scrubber.follows
        if action in ("step_epoch", "next_split"):
            return self.console.scrubber.subject is not None
        return super().check_action(action, parameters)

    @property
    def offers_newest(self) -> bool:
        return self.console.scrubber.folder is None and not self.console.training.is_running

    @property
    def can_export(self) -> bool:
        return self.data is not None

    def action_step_epoch(self, by: int) -> None:
        self.console.scrubber.step(by)

    def action_choose_epoch(self, epoch: int) -> None:
        self.console.scrubber.choose(epoch)

    def action_next_split(self) -> None:
        self.console.scrubber.next_split()

    def action_follow(self) -> None:
        self.console.training.follow()

    # -- the subject -------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self.subject_changed()

    def redraw(self) -> None:
        for empty in self.query(Empty):
            empty.redraw()
        if self.data is not None:
            self.draw(self.data)

    def on_resize(self) -> None:
        if self.data is not None:
            self.call_after_refresh(self.redraw)

    def subject_changed(self) -> None:
        """Update the view if the selected subject has changed."""
        if not self.is_current:
            return
        scrubber = self.console.scrubber
        subject = scrubber.subject
        bar = self.query_one(SubjectBar)
        if subject is None:
            self.jobs.cancel("data")
            bar.subject, self.data, self._request_key, bar.note = None, None, None, ""
            self._show_without_subject()
            return
        has_changed = self._request_key != self._key_of(subject)
        if has_changed and scrubber.follows and self.is_computing and self._is_later_epoch(subject):
            return  # finish first, because epochs may be shorter than the computation
        if self.data is None or not has_changed:
            self._show_subject(subject)
        if has_changed:
            self.refresh_data()

    def _show_without_subject(self) -> None:
        """Say that no run is open, or that the run has no weights yet or any more."""
        scrubber, training = self.console.scrubber, self.console.training
        if scrubber.folder is not None:
            name = printable(scrubber.folder.name, 40)
            live = training.is_following if training.shown is not None else training.is_running
            state = "has not stored the weights of an epoch yet" if live else "has no stored weights"
            self._show_message(f"{name} {state}", (("3", "its curves and its state"), RUNS, NEW_RUN))
        elif training.is_running:
            self._show_message("the training has not stored the weights of an epoch yet", (("3", "its state"), RUNS))
        else:
            self._show_message("no run is open", steps_without_run(self.console.newest.found))
        self.refresh_bindings()

    def newest_found(self) -> None:
        if self.is_current and self.console.scrubber.subject is None:
            self._show_without_subject()

    def _show_subject(self, subject: Subject) -> None:
        """Name the subject above the data that are shown, not one whose data are still being computed."""
        scrubber, bar = self.console.scrubber, self.query_one(SubjectBar)
        bar.subject, bar.epochs, bar.best, bar.follows = subject, scrubber.epochs, scrubber.best, scrubber.follows
        bar.dataset, bar.partial = scrubber.dataset, scrubber.partial

    def _is_later_epoch(self, subject: Subject) -> bool:
        """Return whether `subject` is a later epoch of the one being computed."""
        requested = self._requested_subject
        return requested is not None and replace(requested, epoch=subject.epoch) == subject

    def _key_of(self, subject: Subject) -> tuple[object, ...]:
        version = self.console.analyst.version(subject.folder, subject.epoch)
        return subject, version, self.settings(), self.stored_version(subject)

    @property
    def is_computing(self) -> bool:
        """Whether data are being computed."""
        return self.jobs.is_active("data")

    def refresh_data(self) -> None:
        """Compute the data in a thread; the result of an earlier computation is discarded."""
        subject = self.console.scrubber.subject
        if subject is None:
            return
        self._requested_subject, self._request_key = subject, self._key_of(subject)
        self.jobs.start(
            "data",
            lambda job: self.compute(subject),
            on_result=partial(self._computed, subject),
            on_failure=self._failed,
            on_busy=partial(self._show_busy, subject),
            failure="the view can't be computed",
        )

    def _show_busy(self, subject: Subject) -> None:
        bar = self.query_one(SubjectBar)
        of = f" epoch {subject.epoch}" if bar.subject != subject else ""
        bar.note = f"computing{of} …"
        if self.data is None:
            self._show_message(f"computing epoch {subject.epoch} …", (RUNS,))

    def _computed(self, subject: Subject, data: Any) -> None:
        data = self.receive(data)
        self.data, self.subject = data, subject
        self._show_subject(subject)
        self._show_message("")
        self.draw(data)
        self._finish_request(failed=False)

    def _failed(self, line: str) -> None:
        self.data = self._request_key = None  # retried at the next visit
        if self._requested_subject is not None:
            self._show_subject(self._requested_subject)
        self._show_message(line, FAILURE_STEPS)
        self._finish_request(failed=True)

    def _finish_request(self, *, failed: bool) -> None:
        self.query_one(SubjectBar).note = ""
        self.refresh_bindings()
        scrubber = self.console.scrubber
        if scrubber.follows and (not failed or scrubber.subject != self._requested_subject):
            self.call_later(self.subject_changed)

    def _show_message(self, state: str, steps: Steps = ()) -> None:
        """Cover the data with what the view will show and why it does not, or uncover them if `state` is empty."""
        self.query_one("#message", Empty).show(state, steps)

"""What the views on a trained network share: one subject, computed for in a thread, drawn when it is there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.views.base import View
from mnist_tui.tui.widgets.subject_bar import SubjectBar


class AnalysisView(View):
    """A view on the app's subject.

    A view gives `compute(subject)`, pure and run in a thread, and `draw(data)`. `refresh_data` asks for it again, as
    after a change of the view's own settings.
    """

    BINDINGS = bindings("subject")
    MORE_SCOPES: ClassVar[tuple[str, ...]] = ("subject",)

    def __init__(self) -> None:
        super().__init__()
        self._asked_for: object = None
        self.data: Any = None
        """What is drawn; None where nothing is, also after an error."""
        self.subject: Subject | None = None
        """Of whom that is."""
        self._asked_subject: Subject | None = None

    def body(self) -> ComposeResult:
        yield SubjectBar()
        yield from self.content()
        yield Static(id="nothing", markup=False)

    def content(self) -> ComposeResult:
        """The view's widgets under the subject's line."""
        yield from ()

    def compute(self, subject: Subject) -> Any:
        """The view's data; runs in a thread, so it must not touch widgets."""
        return None

    def receive(self, data: Any) -> Any:
        """Take newly computed data, and return what is to be drawn."""
        return data

    def draw(self, data: Any) -> None:
        """Show the data."""

    def settings(self) -> object:
        """What `compute` depends on besides the subject; where it is as before, nothing is computed again."""
        return None

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "follow":
            return self.console.training.can_return or not self.console.scrubber.follows
        return True

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
        if self.data is not None:
            self.draw(self.data)

    def on_resize(self) -> None:
        if self.data is not None:
            self.call_after_refresh(self.redraw)

    def subject_changed(self) -> None:
        """Answer for the app's subject, where it is another than before."""
        if not self.is_current:
            return
        scrubber = self.console.scrubber
        subject = scrubber.subject
        bar = self.query_one(SubjectBar)
        if subject is None:
            self.jobs.cancel("data")
            bar.subject, self.data, self._asked_for, bar.note = None, None, None, ""
            self._say("there is no trained network yet – n sets up a run, 9 opens a stored one")
            return
        anew = self._asked_for != self._question(subject)
        if anew and scrubber.follows and self.is_computing and self._only_later(subject):
            return  # a run may train faster than a view computes, and would never be seen: first what was begun
        bar.subject, bar.epochs, bar.best, bar.follows = subject, scrubber.epochs, scrubber.best, scrubber.follows
        if anew:
            self.refresh_data()

    def _only_later(self, subject: Subject) -> bool:
        """Whether what is computed now is the same but for an earlier epoch."""
        asked = self._asked_subject
        return asked is not None and replace(asked, epoch=subject.epoch) == subject

    def _question(self, subject: Subject) -> tuple[object, ...]:
        version = self.console.analyst.version(subject.folder, subject.epoch)
        return subject, version, self.settings()

    @property
    def is_computing(self) -> bool:
        """Whether data are on their way."""
        return self.jobs.works("data")

    def refresh_data(self) -> None:
        """Compute again, in a thread; an older computation's result is not drawn any more."""
        subject = self.console.scrubber.subject
        if subject is None:
            return
        self._asked_subject, self._asked_for = subject, self._question(subject)
        self.jobs.start(
            "data",
            lambda job: self.compute(subject),
            on_result=partial(self._computed, subject),
            on_failure=self._failed,
            on_busy=self._say_busy,
            failure="this can't be shown",
        )

    def _say_busy(self) -> None:
        self.query_one(SubjectBar).note = "working …"

    def _computed(self, subject: Subject, data: Any) -> None:
        data = self.receive(data)
        self.data, self.subject = data, subject
        self._say("")
        self.draw(data)
        self._answered(failed=False)

    def _failed(self, line: str) -> None:
        self.data = self._asked_for = None  # another visit tries again
        self._say(line)
        self._answered(failed=True)

    def _answered(self, *, failed: bool) -> None:
        self.query_one(SubjectBar).note = ""
        self.refresh_bindings()
        scrubber = self.console.scrubber
        if scrubber.follows and (not failed or scrubber.subject != self._asked_subject):
            self.call_later(self.subject_changed)

    def _say(self, words: str) -> None:
        """Lay words over the data, or show the data where there are none.

        What is covered keeps its room, so that it knows its size when it is drawn.
        """
        nothing = self.query_one("#nothing", Static)
        if nothing.content != words:  # an update lays the view out anew
            nothing.update(words)
        nothing.display = bool(words)

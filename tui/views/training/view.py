"""Training view: live curves, progress, and a table of the epochs."""

from __future__ import annotations

import os.path
import time
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.curves import run_curves
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.training.panel import NARROW, PanelState, keys_label, panel_text, title_label
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.curve_plots import CurveOptions, run_plots
from mnist_tui.tui.widgets.empty import Empty, steps_without_run
from mnist_tui.tui.widgets.epoch_table import EpochTable

TICK_SECONDS = 0.5
CHART_SECONDS = 1.9
"""Minimum interval between two drawings of the charts during training: every fourth tick, because each writes 12 kB."""
LEGEND = "[$train]━[/] train [$valid]━[/] valid [$fine]━[/] batches"


class TrainingView(View):
    """Curves on the left; state and epochs on the right, or below in narrow terminals."""

    MODE = "training"
    HELP_TITLE = "Training"
    UPDATES_STATUS = True
    BINDINGS = bindings("training")
    MORE_SCOPES = ("epoch table",)

    def __init__(self) -> None:
        super().__init__()
        self._options = CurveOptions()
        self._drawn = -1
        """Revision of the training that was drawn last."""
        self._charts_drawn: tuple[object, ...] = ()
        self._next_charts = 0.0
        self._panel_lines = -1

    def body(self) -> ComposeResult:
        with Horizontal(id="training"):
            with Vertical(id="charts"):
                yield Chart(id="loss")
                yield Chart(id="acc")
                yield Empty(self.MODE, id="no-curves")
            with Vertical(id="side"):
                yield Static(id="panel")
                yield EpochTable(id="epoch-table")
        yield Empty(self.MODE, id="no-run")

    def on_mount(self) -> None:
        self.add_class("-show-loss")
        self.query_one(EpochTable).border_title = "epochs"
        self.set_interval(TICK_SECONDS, self._tick)

    def on_screen_resume(self) -> None:
        # The old contents appear immediately; the curves are updated at the next tick.
        self._draw_panel()
        self._draw_empty()
        self.refresh_bindings()

    def on_resize(self) -> None:
        self.call_after_refresh(self._tick, force=True)
        self.refresh_bindings()

    def redraw(self) -> None:
        for empty in self.query(Empty):
            empty.redraw()
        self._tick(force=True)

    # -- drawing -----------------------------------------------------------------------------------------------

    @property
    def _history(self) -> History:
        return self.console.training.shown_history

    @property
    def _state(self) -> PanelState:
        training = self.console.training
        shown = training.shown
        return PanelState(
            training=training.is_following if shown is not None else training.is_running,
            paused=training.is_paused,
            stored=shown.name if shown is not None else "",
            failure="" if shown is not None or training.failure is None else str(training.failure),
            elapsed=training.elapsed,
            is_missing=shown is not None and not os.path.exists(shown.folder.path),
        )

    def _tick(self, *, force: bool = False) -> None:
        """Draw what has changed; during training, the charts at most once per second."""
        if not self.is_current:
            return
        self.show_status()
        self._draw_panel()
        self._draw_empty()
        revision = self.console.training.revision
        if force or revision != self._drawn:
            self._drawn = revision
            self._draw_epochs()
        state = (revision, self._options)
        is_due = not self._state.training or time.monotonic() >= self._next_charts
        if force or (is_due and state != self._charts_drawn):
            self._draw_charts(state)

    def _draw_panel(self) -> None:
        panel = self.query_one("#panel", Static)
        state = self._state
        width = panel.content_size.width
        brief = self.app.size.height < 24 or width < NARROW
        text = panel_text(self._history, state, width, self.console.colours, brief=brief)
        lines = text.plain.count("\n")
        # A layout is slow, and needed only if the height changes.
        panel.update(text, layout=lines != self._panel_lines or bool(state.failure))
        self._panel_lines = lines
        panel.set_class(bool(state.failure), "failed")
        panel.border_title = Text(title_label(state, width))  # as Text, because a name may contain markup
        panel.border_subtitle = keys_label(self._history, state, width)

    def _draw_empty(self) -> None:
        """Say what the view will show where there is no run, or a stored one without an epoch."""
        state, history, training = self._state, self._history, self.console.training
        no_run = training.shown is None and not training.is_running and not state.failure and not history.started
        steps = steps_without_run(self.console.newest.found)
        self.query_one("#no-run", Empty).show("no run is open" if no_run else "", steps)
        no_curves = not (no_run or state.training or history.epochs or history.progress)
        self.query_one("#no-curves", Empty).show("no epoch of this run is stored" if no_curves else "")
        for chart in self.query(Chart):
            chart.set_class(no_curves, "-empty")

    def newest_found(self) -> None:
        self._tick()
        self.refresh_bindings()

    @property
    def offers_newest(self) -> bool:
        return self.console.scrubber.folder is None and not self.console.training.is_running

    def _draw_charts(self, state: tuple[object, ...]) -> None:
        """Draw the curves; `state` identifies the revision of the training and the options."""
        self._charts_drawn = state
        self._next_charts = time.monotonic() + CHART_SECONDS
        for name, title, plot in zip(
            ("loss", "acc"), ("loss", "accuracy"), run_plots(self._history, self._options), strict=True
        ):
            chart = self.query_one(f"#{name}", Chart)
            chart.border_title = f"{title} {LEGEND}"
            chart.border_subtitle = self._options.label(name)
            chart.show(plot)

    def _draw_epochs(self) -> None:
        best = self._history.best
        self.query_one(EpochTable).show(
            [
                (e.epoch, e.train_loss, e.train_acc, e.valid_loss, e.valid_acc, e.seconds, best is e, e.complete)
                for e in self._history.epochs
            ]
        )

    def export_states(self) -> list[ViewState]:
        folder, options = self.console.scrubber.folder, self._options
        if folder is None:
            return []
        settings = Settings(log=options.log, smooth=options.weight, last=options.last)
        data = run_curves(self._history, smoothing=options.weight, last=options.last, name=folder.name)
        return [ViewState("curves", Subject(folder, 0, "test"), settings, data)]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "follow":
            return self.console.training.can_return
        if action == "resume_shown":
            return self.console.resumption.candidate is not None
        if action == "chart":
            return self.has_class("-narrow")
        if action in ("log_scale", "smooth", "zoom"):
            return bool(self._history.epochs or self._history.progress)
        return super().check_action(action, parameters)

    @property
    def can_export(self) -> bool:
        return self.console.scrubber.folder is not None

    def action_follow(self) -> None:
        self.console.training.follow()

    def back(self) -> None:
        """Keep the focus on the epochs, the only list of the view."""

    async def on_epoch_table_opened(self, message: EpochTable.Opened) -> None:
        """Show an epoch in Confusion, and thereby in the other views of a network."""
        if message.epoch in self.console.scrubber.epochs:
            self.console.scrubber.choose(message.epoch)
            await self.console.action_view("confusion")
        else:
            self.notify(f"the weights of epoch {message.epoch} are not stored", severity="warning")

    def action_resume_shown(self) -> None:
        run = self.console.resumption.candidate
        if run is not None:
            self.offer_resume(*run)

    def _set_options(self, options: CurveOptions) -> None:
        # The label is updated first, because drawing the curves is slower.
        self._options = options
        for chart in self.query(Chart):
            chart.border_subtitle = options.label(str(chart.id))
        self.call_after_refresh(self._draw_for_options)

    def _draw_for_options(self) -> None:
        self._draw_charts((self._drawn, self._options))

    def action_log_scale(self) -> None:
        self._set_options(replace(self._options, log=not self._options.log))

    def action_smooth(self) -> None:
        self._set_options(self._options.next_smoothing())

    def action_zoom(self) -> None:
        self._set_options(self._options.next_zoom())

    def action_chart(self) -> None:
        """Switch between the charts if only one fits."""
        self.toggle_class("-show-loss", "-show-acc")
        self.call_after_refresh(self._tick, force=True)

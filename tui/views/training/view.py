"""Training view: live curves, progress, and a table of the epochs."""

from __future__ import annotations

import os.path
import time
from dataclasses import replace
from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.curves import run_curves
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.axes import Plot
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.training.panel import PanelState, keys_label, panel_text
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.curve_plots import CurveOptions, run_plots
from mnist_tui.tui.widgets.epoch_table import EpochTable

TICK_SECONDS = 0.5
CHART_SHARE = 0.015
"""Maximum fraction of a core spent on drawing charts, which slows the training down."""
CHART_SECONDS = 2.0
"""Maximum interval between two updates of the charts."""
STAGGER_SECONDS = 0.1
"""Delay between drawing the table and each chart, so that a key waits for only one of them."""
LEGEND = "[$train]━[/] train  [$valid]━[/] valid  [$fine]━[/] batches"


class TrainingView(View):
    """Curves on the left; state and epochs on the right, or below in narrow terminals."""

    MODE = "training"
    HELP_TITLE = "Training"
    UPDATES_STATUS = True
    BINDINGS = bindings("training")

    def __init__(self) -> None:
        super().__init__()
        self._options = CurveOptions()
        self._drawn = -1
        """Revision of the training that was drawn last."""
        self._charts_drawn: tuple[object, ...] = ()
        self._next_charts = 0.0
        self._chart_cost = {"loss": 0.0, "acc": 0.0}
        self._panel_lines = -1

    def body(self) -> ComposeResult:
        with Horizontal(id="training"):
            with Vertical(id="charts"):
                yield Chart(id="loss")
                yield Chart(id="acc")
            with Vertical(id="side"):
                yield Static(id="panel")
                yield EpochTable(id="epoch-table")

    def on_mount(self) -> None:
        self.add_class("-show-loss")
        self.query_one(EpochTable).border_title = "epochs"
        self.set_interval(TICK_SECONDS, self._tick)

    def on_screen_resume(self) -> None:
        # The old contents appear immediately; the curves are updated at the next tick.
        self._draw_panel()

    def on_resize(self) -> None:
        self.call_after_refresh(self._tick, force=True)
        self.refresh_bindings()

    def redraw(self) -> None:
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
        """Draw what has changed; charts that are slow to draw are updated less often."""
        if not self.is_current:
            return
        self.show_status()
        self._draw_panel()
        revision = self.console.training.revision
        has_drawn_epochs = False
        if force or revision != self._drawn:
            self._drawn = revision
            has_drawn_epochs = self._draw_epochs()
        state = (revision, self._options)
        if force:
            self._draw_charts(state, 0.0, 0.0)
        elif state != self._charts_drawn and (not self._state.training or time.monotonic() >= self._next_charts):
            first = STAGGER_SECONDS if has_drawn_epochs else 0.0
            self._draw_charts(state, first, first + STAGGER_SECONDS)

    def _draw_panel(self) -> None:
        panel = self.query_one("#panel", Static)
        state = self._state
        width = panel.content_size.width
        brief = self.app.size.height < 24
        text = panel_text(self._history, state, width, self.console.colours, brief=brief)
        lines = text.plain.count("\n")
        # A layout is slow, and needed only if the height changes.
        panel.update(text, layout=lines != self._panel_lines or bool(state.failure))
        self._panel_lines = lines
        panel.set_class(bool(state.failure), "failed")
        panel.border_title = Text(state.stored or "this run")  # as Text, because a name may contain markup
        panel.border_subtitle = keys_label(self._history, state, width)

    def _draw_charts(self, state: tuple[object, ...], *delays: float) -> None:
        """Draw loss and accuracy after delays in seconds; `state` identifies the drawing."""
        self._charts_drawn = state
        self._next_charts = time.monotonic() + max(delays) + TICK_SECONDS  # until their cost is known
        plots = run_plots(self._history, self._options)
        label = self._options.label()

        def draw(name: str, plot: Plot) -> None:
            if self._charts_drawn != state:
                return
            if not self.is_current:  # otherwise it would delay the next visit
                self._charts_drawn = ()
                return
            began = time.thread_time()
            chart = self.query_one(f"#{name}", Chart)
            chart.border_title = f"{'loss' if name == 'loss' else 'accuracy'}  {LEGEND}"
            chart.border_subtitle = label
            chart.show(plot)
            self.call_after_refresh(self._chart_is_drawn, name, began)

        for name, plot, delay in zip(self._chart_cost, plots, delays, strict=True):
            if delay:
                self.set_timer(delay, partial(draw, name, plot))
            else:
                draw(name, plot)

    def _chart_is_drawn(self, name: str, began: float) -> None:
        # CPU time of this thread, which does not depend on other threads.
        self._chart_cost[name] = time.thread_time() - began
        cost = sum(self._chart_cost.values())
        self._next_charts = time.monotonic() + min(max(TICK_SECONDS, cost / CHART_SHARE), CHART_SECONDS)

    def _draw_epochs(self) -> bool:
        """Update the table, and return whether it has changed."""
        best = self._history.best
        return self.query_one(EpochTable).show(
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
        return True

    def action_follow(self) -> None:
        self.console.training.follow()

    def action_resume_shown(self) -> None:
        run = self.console.resumption.candidate
        if run is not None:
            self.offer_resume(*run)

    def _set_options(self, options: CurveOptions) -> None:
        # The label is updated first, because drawing the curves is slower.
        self._options = options
        for chart in self.query(Chart):
            chart.border_subtitle = options.label()
        self.call_after_refresh(self._draw_for_options)

    def _draw_for_options(self) -> None:
        self._draw_charts((self._drawn, self._options), 0.0, STAGGER_SECONDS / 2)

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

"""Training: live curves, the epochs in numbers, and how far it is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Static

from engine.analysis.curves import run_curves
from engine.analysis.subject import Subject
from engine.figures.settings import Settings, Standing
from engine.history import History
from tui.curves import CurveOptions, run_plots
from tui.keys import bindings
from tui.view import View
from tui.views.training_panel import PanelState, next_keys, panel_text
from tui.widgets.chart import Chart

TICK_SECONDS = 0.5
CHART_SHARE = 0.02
"""About this share of a core goes into drawing charts: while Python draws, it does not train."""
CHART_SECONDS = 2.0
"""After so long the charts are drawn anew all the same."""
KEPT_DRAWINGS = 500
"""Cells of the epochs' table whose drawing is kept; a tall terminal shows fewer."""


Row: TypeAlias = tuple[int, float, float, float, float, float, bool, bool]
"""An epoch's numbers, whether it is the best, and whether it is complete."""
COLUMNS = (("", 5), ("train\nloss", 7), ("\nacc %", 6), ("valid\nloss", 7), ("\nacc %", 6), ("\ns", 5))
LEGEND = "[$train]━[/] train  [$valid]━[/] valid  [$fine]━[/] batches"


class TrainingView(View):
    """Curves at the left; state and epochs at the right, or under them where it is narrow."""

    MODE = "training"
    TITLE_WORDS = "Training"
    KEEPS_UP = True
    BINDINGS = bindings("training")

    def __init__(self) -> None:
        super().__init__()
        self._options = CurveOptions()
        self._drawn: tuple[object, ...] = ()
        self._charts_drawn: tuple[object, ...] = ()
        self._next_charts = 0.0
        self._rows: list[Row] = []
        self._panel_lines = -1

    def body(self) -> ComposeResult:
        with Horizontal(id="training"):
            with Vertical(id="charts"):
                yield Chart(id="loss")
                yield Chart(id="acc")
            with Vertical(id="side"):
                yield Static(id="panel")
                yield DataTable[Text | str](id="epoch-table", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        self.add_class("-show-loss")
        table = self.query_one("#epoch-table", DataTable)
        table.border_title = "epochs"
        for label, width in COLUMNS:
            table.add_column(Text(label, justify="right"), width=width)
        # Whatever is added makes what the table keeps of its drawings void: enough for a frame, not for a thousand.
        for kept in (table._row_render_cache, table._row_renderable_cache, table._cell_render_cache, table._line_cache):
            kept.maxsize = KEPT_DRAWINGS
        table.header_height = 2
        table.cell_padding = 0
        self.set_interval(TICK_SECONDS, self._tick)

    def on_screen_resume(self) -> None:
        # The view as it was left is there at once; new curves come with the next tick.
        self._draw_panel()

    def on_resize(self) -> None:
        self.call_after_refresh(self._tick, force=True)
        self.refresh_bindings()

    def redraw(self) -> None:
        self._rows = []
        self.query_one("#epoch-table", DataTable).clear()
        self._tick(force=True)

    # -- drawing -----------------------------------------------------------------------------------------------

    @property
    def _history(self) -> History:
        app = self.console_app
        return app.shown[1] if app.shown else app.live

    @property
    def _state(self) -> PanelState:
        app = self.console_app
        stored = app.shown[0] if app.shown else ""
        return PanelState(
            training=app.is_following if stored else app.is_training,
            paused=app.is_paused,
            stored=stored,
            failure="" if stored or app.failure is None else str(app.failure),
            elapsed=app.elapsed,
        )

    def _tick(self, *, force: bool = False) -> None:
        """Draw what changed; the charts less often where they are slow to draw."""
        if not self.is_current:
            return
        app = self.console_app
        self.show_status(app.status)
        self._draw_panel()
        drawn = (app.revision, app.shown and app.shown[0])
        if force or drawn != self._drawn:
            self._drawn = drawn
            self._draw_epochs()
        now = time.monotonic()
        wanted = (*drawn, self._options)
        settled = not self._state.training
        if force or (wanted != self._charts_drawn and (settled or now >= self._next_charts)):
            self._charts_drawn = wanted
            self._draw_charts()

    def _draw_panel(self) -> None:
        panel = self.query_one("#panel", Static)
        state = self._state
        width = panel.content_size.width
        brief = self.app.size.height < 24
        text = panel_text(self._history, state, width, self.console_app.colours, brief=brief)
        lines = text.plain.count("\n")
        # To lay the screen out anew takes longer than anything else here, and is needed only for another height.
        panel.update(text, layout=lines != self._panel_lines or bool(state.failure))
        self._panel_lines = lines
        panel.set_class(bool(state.failure), "failed")
        panel.border_title = Text(state.stored or "this run")  # a stranger's name is no markup
        panel.border_subtitle = next_keys(self._history, state, width)

    def _draw_charts(self) -> None:
        loss, acc = run_plots(self._history, self._options)
        words = self._options.words()
        for name, title, plot in (("loss", "loss", loss), ("acc", "accuracy", acc)):
            chart = self.query_one(f"#{name}", Chart)
            chart.border_title = f"{title}  {LEGEND}"
            chart.border_subtitle = words
            chart.show(plot)
        self.call_after_refresh(self._charts_are_drawn, time.thread_time())

    def _charts_are_drawn(self, began: float) -> None:
        cost = time.thread_time() - began  # of this thread alone: where others take their turns, it does not grow
        self._next_charts = time.monotonic() + min(max(TICK_SECONDS, cost / CHART_SHARE), CHART_SECONDS)

    def _draw_epochs(self) -> None:
        table = self.query_one("#epoch-table", DataTable)
        best = self._history.best
        rows: list[Row] = [
            (e.epoch, e.train_loss, e.train_acc, e.valid_loss, e.valid_acc, e.seconds, best is e, e.complete)
            for e in self._history.epochs
        ]
        if rows == self._rows:
            return
        at_end = table.cursor_row >= table.row_count - 1
        if rows[: len(self._rows) - 1] != self._rows[:-1] or len(rows) < len(self._rows):
            table.clear()
            self._rows = []
        for index, row in enumerate(rows):
            if index < len(self._rows) and self._rows[index] == row:
                continue
            cells = self._cells(row)
            if index < len(self._rows):
                for column, cell in enumerate(cells):
                    table.update_cell_at((index, column), cell)  # type: ignore[arg-type]
            else:
                table.add_row(*cells)
        self._rows = rows
        if at_end and rows:
            table.move_cursor(row=len(rows) - 1)

    def _cells(self, row: Row) -> list[Text | str]:
        epoch, train_loss, train_acc, valid_loss, valid_acc, seconds, best, complete = row
        style = f"bold {self.console_app.colours['accent']}"
        mark = "★" if best else ("" if complete else "…")
        words = (
            f"{mark}{epoch}",
            f"{train_loss:.4f}"[:6],
            f"{train_acc * 100:.2f}",
            f"{valid_loss:.4f}"[:6],
            f"{valid_acc * 100:.2f}",
            f"{seconds:.1f}" if seconds < 99 else f"{seconds:.0f}",
        )
        if not best:  # a long training has thousands of rows, and a string takes a sixth of a text's room
            return [word.rjust(width) for word, (_, width) in zip(words, COLUMNS, strict=True)]
        return [Text(word, style, justify="right") for word in words]

    def standings(self) -> list[Standing]:
        folder, options = self.console_app.scrubber.folder, self._options
        if folder is None:
            return []
        settings = Settings(log=options.log, smooth=options.weight, last=options.last)
        data = run_curves(self._history, smoothing=options.weight, last=options.last, name=folder.name)
        return [Standing("curves", Subject(folder, 0, "test"), settings, data)]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "app.follow":
            return self.console_app.shown is not None and self.console_app.is_training
        if action == "app.go_on":
            return self.console_app.can_go_on
        if action == "chart":
            return self.has_class("-narrow")
        return True

    def _set_options(self, options: CurveOptions) -> None:
        # To draw the curves anew takes longer than a key may wait for its answer: first the words, then the curves.
        self._options = options
        for chart in self.query(Chart):
            chart.border_subtitle = options.words()
        self.call_after_refresh(self._tick, force=True)

    def action_log_scale(self) -> None:
        self._set_options(replace(self._options, log=not self._options.log))

    def action_smooth(self) -> None:
        self._set_options(self._options.next_smoothing())

    def action_zoom(self) -> None:
        self._set_options(self._options.next_zoom())

    def action_chart(self) -> None:
        """Where there is room for one chart only: the other one."""
        self.toggle_class("-show-loss", "-show-acc")
        self.call_after_refresh(self._tick, force=True)

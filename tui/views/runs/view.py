"""Runs view: table and learning curves of the stored runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Input

from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs import trash
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.summaries import RunSummary
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.empty_texts import NEW_RUN
from mnist_tui.tui.render.run_rows import COLUMNS, matches, row_cells, sort_key
from mnist_tui.tui.render.texts import printable
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.runs.compare import CompareScreen
from mnist_tui.tui.views.runs.reading import ListedRuns, OpenedRuns, ReadRuns, list_runs, read
from mnist_tui.tui.views.training.view import LEGEND
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.curve_plots import CurveOptions, comparison_plots, run_plots
from mnist_tui.tui.widgets.dialogs import Question
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.fields import FilterField

RELOAD_SECONDS = 2.0
RELOAD_DELAY = 0.1


class RunTable(DataTable[Text]):
    """Table whose enter key is listed in the footer."""

    BINDINGS = bindings("run table")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "select_cursor" or self.row_count > 0


class RunsView(View):
    """Table of the stored runs, and the curves of the run under the cursor."""

    MODE = "runs"
    HELP_TITLE = "Runs"
    IN_EXPORT_ALL = False  # its curves are those of the run under the cursor, with other settings
    BINDINGS = bindings("runs")
    MORE_SCOPES = ("run table", "filter")
    AUTO_FOCUS = "#run-table"

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunSummary] = []
        self._visible: list[RunSummary] = []
        self._marked: set[str] = set()
        self._sort = COLUMNS.index("when")
        self._descending = True
        self._previewed = ""
        self._deleted_run: Path | None = None  # the last one, in the trash
        self._restored_name = ""  # the cursor moves to it once it is listed

    def body(self) -> ComposeResult:
        with Vertical():
            hint = "words to match, such as mnist completed"
            yield FilterField(hint, id="run-filter")
            yield RunTable(id="run-table", cursor_type="row", zebra_stripes=True)
            with Horizontal(id="run-preview"):
                yield Chart(id="preview-loss")
                yield Chart(id="preview-acc")
        yield Empty(self.MODE)

    def on_mount(self) -> None:
        self.query_one("#preview-loss").border_title = f"loss {LEGEND}"
        self.query_one("#preview-acc").border_title = f"accuracy {LEGEND}"
        self.query_one("#run-table").focus()
        self.set_interval(RELOAD_SECONDS, self._reload_live)

    def on_screen_resume(self) -> None:
        # Delayed, because reading the runs would slow down the drawing of the view.
        if self.is_current:
            self.set_timer(RELOAD_DELAY, self.action_reload)

    def _reload_live(self) -> None:
        """Update the row and the curves of running trainings."""
        if self.is_current and any(run.live for run in self._runs):
            self.action_reload()

    def redraw(self) -> None:
        self.query_one(Empty).redraw()
        self._fill()

    # -- reading -----------------------------------------------------------------------------------------------

    def action_reload(self) -> None:
        """Read the runs folder in a thread."""
        runs_dir = self.console.runs_dir
        # Queued, because reading may take longer than the interval, and would otherwise always be cancelled.
        self.jobs.start("list", lambda job: list_runs(runs_dir), on_result=self._listed, queue=True)

    def _listed(self, found: ListedRuns) -> None:
        self._runs, self._deleted_run = found.runs, found.deleted
        self._marked &= {run.name for run in found.runs}
        self._fill()

    def _open(self, runs: list[RunSummary], purpose: str, use: Callable[[OpenedRuns], Any]) -> None:
        """Read runs in a thread, and pass the readable ones to `use`."""

        def opened(found: ReadRuns) -> Any:
            if found.error:
                self.notify(found.error, severity="error", markup=False)
            return use(found.runs) if found.runs else None

        folders = [run.folder for run in runs]
        queue = purpose == "preview"  # as for the list, because the preview of a live run is updated at every interval
        self.jobs.start(
            purpose, lambda job: read(folders), on_result=opened, failure="the run can't be read", queue=queue
        )

    def _show_preview(self, runs: OpenedRuns) -> None:
        ((folder, history),) = runs
        if folder.name == self._previewed:
            for name, plot in zip(("loss", "acc"), run_plots(history, CurveOptions()), strict=True):
                chart = self.query_one(f"#preview-{name}", Chart)
                chart.border_subtitle = Text(printable(folder.name))  # until then the chart is of another row
                chart.show(plot)

    # -- the table ---------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        table = self.query_one("#run-table", DataTable)
        under_cursor = self._restored_name or (self._current.name if self._current is not None else "")
        self._restored_name = ""
        pattern = self.query_one("#run-filter", Input).value
        self._visible = [run for run in self._runs if matches(run, pattern)]
        self._visible.sort(key=lambda run: sort_key(run, COLUMNS[self._sort]), reverse=self._descending)
        rows = [row_cells(run, marked=run.name in self._marked, colours=self.console.colours) for run in self._visible]
        table.clear(columns=True)
        for i, column in enumerate(COLUMNS):
            arrow = (" ↓" if self._descending else " ↑") if i == self._sort else ""
            label = Text(column + arrow)
            # Explicit width, because a table that computes the widths itself keeps cells rendered before that.
            width = max([label.cell_len, *(cells[i].cell_len for cells in rows)])
            table.add_column(label, key=column, width=width)
        for cells in rows:
            table.add_row(*cells)
        names = [run.name for run in self._visible]
        if under_cursor in names:
            table.move_cursor(row=names.index(under_cursor))
        shown = f"{len(self._visible)} of {len(self._runs)}" if pattern.strip() else str(len(self._runs))
        marked = f", {len(self._marked)} marked" if self._marked else ""
        table.border_title = Text(f"runs in {printable(str(self.console.runs_dir))}: {shown}{marked}")
        table.border_subtitle = "" if self._visible or not self._runs else "no run matches: esc clears the filter"
        self.query_one(Empty).show(
            "" if self._runs else f"no runs in {printable(str(self.console.runs_dir))}", (NEW_RUN,)
        )
        self.refresh_bindings()
        self._preview()

    @property
    def _current(self) -> RunSummary | None:
        row = self.query_one("#run-table", DataTable).cursor_row
        return self._visible[row] if 0 <= row < len(self._visible) else None

    @on(DataTable.RowHighlighted)
    def _preview(self) -> None:
        run = self._current
        if run is None:
            self._previewed = ""
            for chart in self.query(Chart):
                chart.border_subtitle = ""
                chart.show(comparison_plots([], CurveOptions(), ())[0])
        elif run.name != self._previewed or run.live:
            self._previewed = run.name
            self._open([run], "preview", self._show_preview)

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        if self._current is not None:
            self._open([self._current], "open", lambda runs: self._show(*runs[0]))

    async def _show(self, folder: RunFolder, history: History) -> None:
        if self.is_current:
            await self.console.show_run(folder, history)
        else:  # a key opened another view while the run was read; that view shows it
            await self.console.training.show(folder, history)

    @on(DataTable.HeaderSelected)
    def _header(self, event: DataTable.HeaderSelected) -> None:
        self._descending = not self._descending if event.column_index == self._sort else True
        self._sort = event.column_index
        self._fill()

    @on(Input.Changed)
    def _filter_changed(self) -> None:
        self._fill()

    @on(Input.Submitted)
    def _filter_done(self) -> None:
        self.query_one("#run-table").focus()

    def export_states(self) -> list[ViewState]:
        marked = [run.folder.path.absolute() for run in self._runs if run.name in self._marked]
        found = []
        if len(marked) > 1:
            found.append(ViewState("compare", Subject(marked[0], 0, "test"), Settings(compared=tuple(marked[1:]))))
        if self._current is not None:
            found.append(ViewState("curves", Subject(self._current.folder.path.absolute(), 0, "test")))
        return found

    @property
    def can_export(self) -> bool:
        return self._current is not None

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("mark", "delete"):
            return bool(self._visible)
        if action in ("filter", "sort", "reverse"):
            return bool(self._runs)
        if action == "resume":
            return bool(self._visible) and not self.console.training.is_running
        if action == "compare":
            return len(self._marked) >= 2
        if action == "undelete":
            return self._deleted_run is not None
        return super().check_action(action, parameters)

    def action_mark(self) -> None:
        if self._current is not None:
            self._marked ^= {self._current.name}
            table = self.query_one("#run-table", DataTable)
            row = table.cursor_row
            self._fill()
            table.move_cursor(row=min(row + 1, len(self._visible) - 1))

    def action_resume(self) -> None:
        if self._current is not None:
            self._open([self._current], "resume", lambda runs: self.offer_resume(*runs[0]))

    def action_compare(self) -> None:
        marked = [run for run in self._runs if run.name in self._marked]
        self._open(marked, "compare", self._show_comparison)

    def _show_comparison(self, runs: OpenedRuns) -> Any:
        return self.app.push_screen(CompareScreen([(folder.path.absolute(), history) for folder, history in runs]))

    def action_filter(self) -> None:
        field = self.query_one("#run-filter", Input)
        field.add_class("open")
        field.focus()

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(COLUMNS)
        self._fill()

    def action_reverse(self) -> None:
        self._descending = not self._descending
        self._fill()

    def back(self) -> None:
        """Clear and close the filter; otherwise go back as usual."""
        field = self.query_one("#run-filter", Input)
        if field.has_class("open"):
            field.value = ""
            field.remove_class("open")
            self.query_one("#run-table").focus()
        elif not self.query_one("#run-table").has_focus:
            super().back()

    def action_delete(self) -> None:
        run = self._current
        if run is None:
            return

        def confirmed(answer: str | None) -> None:
            if answer == "delete":
                self.jobs.start(
                    f"delete {run.name}",
                    lambda job: run.folder.delete(),
                    on_result=lambda _: self._deleted(run.folder),
                    on_failure=self._delete_failed,
                    failure="the run can't be deleted",
                )

        place = printable(str(self.console.runs_dir / trash.FOLDER))
        body = f"{printable(run.name)}\n\nIt is moved to {place}; u takes it back, removing that folder frees the disk."
        self.app.push_screen(Question("delete this run?", body, {"keep": "keep it", "delete": "delete it"}), confirmed)

    def _deleted(self, folder: RunFolder) -> None:
        self.console.training.forget(folder.path)
        self.notify(f"deleted {printable(folder.name)} – u takes it back", markup=False)
        self.action_reload()

    def action_undelete(self) -> None:
        """Restore the run that was deleted last."""
        if (run := self._deleted_run) is not None:
            self.jobs.start(
                "undelete",
                lambda job: trash.restore(run),
                on_result=self._restored,
                on_failure=self._delete_failed,
                failure="the run can't be restored",
            )

    def _restored(self, path: Path) -> None:
        self.notify(f"restored {printable(path.name)}", markup=False)
        self._restored_name = path.name
        self.action_reload()

    def _delete_failed(self, line: str) -> None:
        self.notify(line, severity="error", markup=False)
        self.action_reload()

"""Comparison of the curves of several runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from mnist_tui.engine.analysis.curves import comparison
from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History, epoch_label
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.class_colours import class_colours
from mnist_tui.tui.render.texts import printable
from mnist_tui.tui.views.base import View
from mnist_tui.tui.widgets.chart import Chart
from mnist_tui.tui.widgets.curve_plots import CurveOptions, comparison_plots
from mnist_tui.tui.widgets.pick_lines import PickLines


class CompareScreen(View):
    """Validation loss and accuracy of the marked runs, with their best results."""

    MODE = "compare"
    HELP_TITLE = "Compare runs"
    BINDINGS = bindings("compare")
    MORE_SCOPES = ("list",)
    AUTO_FOCUS = ""

    def __init__(self, runs: list[tuple[Path, History]]) -> None:
        """`runs`: folders and histories."""
        super().__init__()
        self._folders = [folder for folder, _ in runs]
        self._runs = [(printable(folder.name), history) for folder, history in runs]
        self._options = CurveOptions()

    def body(self) -> ComposeResult:
        with Vertical():
            with Horizontal():
                yield Chart(id="compare-loss")
                yield Chart(id="compare-acc")
            legend = PickLines(id="legend")
            legend.add_class("pane")
            legend.border_title = printable(
                ", ".join(dict.fromkeys(curve.dataset for curve in comparison(self._runs).curves))
            )
            yield legend

    def on_mount(self) -> None:
        lines, headings = self._legend()
        legend = self.query_one(PickLines)
        legend.styles.height, legend.styles.max_height = len(lines) + 2, "50%"  # the others are on further pages
        legend.show(lines, heading=headings)
        self._draw()

    async def on_pick_lines_opened(self, message: PickLines.Opened) -> None:
        """Open a run in all views."""
        run = message.item - (len(self.query_one(PickLines).items) - len(self._runs))
        folder, history = RunFolder(self._folders[run]), self._runs[run][1]
        self.app.pop_screen()
        await self.console.show_run(folder, history)

    def _legend(self) -> tuple[list[Text], int]:
        """Return a line for each run, after as many lines of headings as the number says."""
        lines = []
        data = comparison(self._runs)
        colours = class_colours(self.app.current_theme, self.app.console)
        if warning := data.warning:
            lines.append(Text(printable(warning), self.console.colours["warning"]))
        for i, ((name, history), curve) in enumerate(zip(self._runs, data.curves, strict=True)):
            best, test = history.best, history.test
            text = Text(no_wrap=True, overflow="ellipsis")
            text.append("━━ ", colours[i % len(colours)])
            text.append(name)
            if warning:
                text.append(f"  {printable(curve.dataset, 16)}")
            if best is not None:
                epoch = epoch_label(best.epoch, complete=best.complete)
                text.append(f"  valid {best.valid_loss:.4f}, {percent(best.valid_acc)} at epoch {epoch}")
            if test is not None:
                text.append(f"  test {percent(test.acc)}" + ("" if test.complete else " (partial)"), "bold")
            lines.append(text)
        return lines, len(lines) - len(self._runs)

    def _draw(self) -> None:
        colours = class_colours(self.app.current_theme, self.app.console)
        loss, acc = comparison_plots(self._runs, self._options, colours)
        for name, title, plot in (("loss", "validation loss", loss), ("acc", "validation accuracy", acc)):
            chart = self.query_one(f"#compare-{name}", Chart)
            chart.border_title = title
            chart.border_subtitle = self._options.label(name)
            chart.show(plot)

    def export_states(self) -> list[ViewState]:
        options = self._options
        first, *others = self._folders
        settings = Settings(log=options.log, last=options.last, compared=tuple(others))
        data = comparison(self._runs, last=options.last)
        return [ViewState("compare", Subject(first, 0, "test"), settings, data)]

    def action_log_scale(self) -> None:
        self._options = replace(self._options, log=not self._options.log)
        self._draw()

    def action_zoom(self) -> None:
        self._options = self._options.next_zoom()
        self._draw()

    def back(self) -> None:
        if self.focused is not None:
            self.set_focus(None)
        else:
            self.app.pop_screen()

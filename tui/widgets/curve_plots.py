"""Plots of learning curves and their display options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnist_tui.engine.analysis.curves import CurvesData, comparison, run_curves
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.axes import Line, Plot

ZOOMS = (0, 10, 3)
"""Numbers of most recent epochs to show; 0 shows all."""
SMOOTHINGS = (0.0, 0.6, 0.9)


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """Display options of the curves, changed by keys."""

    log: bool = False
    smoothing: int = 0
    zoom: int = 0

    def next_smoothing(self) -> CurveOptions:
        return replace(self, smoothing=(self.smoothing + 1) % len(SMOOTHINGS))

    def next_zoom(self) -> CurveOptions:
        return replace(self, zoom=(self.zoom + 1) % len(ZOOMS))

    def label(self, chart: str) -> str:
        """Describe the options that apply to a chart, `loss` or `acc`, and differ from the defaults."""
        parts = []
        if self.log and chart == "loss":
            parts.append("log")
        if self.smoothing:
            parts.append(f"smoothed {self.weight:g}")
        if self.last:
            parts.append(f"last {self.last} epochs")
        return ", ".join(parts)

    @property
    def weight(self) -> float:
        """Smoothing weight of the preceding values."""
        return SMOOTHINGS[self.smoothing]

    @property
    def last(self) -> int:
        """Number of most recent epochs to show; 0 shows all."""
        return ZOOMS[self.zoom]


RAW_COLOUR = "border"
"""Colour of the batch curve behind its moving average."""
RAW, BATCHES, EPOCHS = range(3)
"""Layers of the lines: what is smoothed in front of what was measured, and the few means of epochs in front of all."""
ROLE_COLOURS = {"batches": "fine", "training": "train", "validation": "valid"}


def run_plots(history: History, options: CurveOptions) -> tuple[Plot, Plot]:
    """Return the loss and accuracy plots of a run: training and validation per epoch, and a fine per-batch line."""
    data = run_curves(history, smoothing=options.weight, last=options.last)
    names = [(curve.role, ROLE_COLOURS[curve.role]) for curve in data.curves]
    return _plots(data, names, options, "no batches trained yet")


def comparison_plots(
    histories: list[tuple[str, History]], options: CurveOptions, colours: Sequence[str]
) -> tuple[Plot, Plot]:
    """Return the plots that compare the validation loss and accuracy of several runs, in turn in `colours`."""
    data = comparison(histories, last=options.last)
    names = [(curve.run, colours[i % len(colours)]) for i, curve in enumerate(data.curves)]
    return _plots(data, names, options, "no completed epochs yet")


def _plots(data: CurvesData, names: Sequence[tuple[str, str]], options: CurveOptions, empty: str) -> tuple[Plot, Plot]:
    """Return the loss and accuracy plots; `names` has the label and colour of each curve."""
    loss: list[Line] = []
    acc: list[Line] = []
    for curve, (label, colour) in zip(data.curves, names, strict=True):
        trimmed = curve.role == "batches"
        for lines, raw, smoothed in ((loss, curve.loss, curve.smoothed_loss), (acc, curve.acc, curve.smoothed_acc)):
            if smoothed is not None and trimmed:
                lines.append(Line(f"{label}, as measured", curve.xs, raw, RAW_COLOUR, trimmed, RAW))
            shown = raw if smoothed is None else smoothed
            lines.append(Line(label, curve.xs, shown, colour, trimmed, BATCHES if trimmed else EPOCHS))
    return (
        Plot(lines=tuple(loss), x_range=data.x_range, log=options.log, empty=empty),
        Plot(lines=tuple(acc), x_range=data.x_range, percent=True, empty=empty),
    )

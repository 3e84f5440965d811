"""Table rows for stored runs, with the same columns in the Runs view and in `mnist-tui runs`."""

from __future__ import annotations

import math

from rich.text import Text

from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.runs.summaries import RunSummary
from mnist_tui.tui.render.texts import date_label, printable, seconds

COLUMNS = ("run", "test", "valid", "epochs", "time", "status", "data", "layers", "optim", "lr", "batch", "when")
STATUS_COLOURS = {
    "completed": "success",
    "stopped": "warning",
    "failed": "error",
    "running": "accent",
    "died": "error",
    "unreadable": "error",
}


def cell_label(run: RunSummary, column: str) -> str:
    """Return the text of one table cell."""
    config = run.config
    match column:
        case "run":
            return printable(run.name)
        case "when":
            return date_label(run.created)
        case "epochs":
            return f"{run.epochs}/{config.epochs}" if config else str(run.epochs)
        case "valid":
            return percent(run.valid_acc) + _partial_mark(run)
        case "test":
            return percent(run.test_acc) + (_partial_mark(run) if not math.isnan(run.test_acc) else "")
        case "time":
            return seconds(run.seconds)
        case "status":
            return run.status
        case "data":
            return printable(run.dataset, 20) or "–"
    if config is None:
        return "–"
    return {
        "layers": "-".join(map(str, config.hidden)) or "none",
        "optim": config.optimizer,
        "lr": f"{config.lr:g}",
        "batch": str(config.batch_size),
    }[column]


def _partial_mark(run: RunSummary) -> str:
    return " …" if run.best_is_partial else ""


def row_cells(run: RunSummary, *, marked: bool, colours: dict[str, str]) -> list[Text]:
    """Return the styled cells of one row."""
    cells = []
    for column in COLUMNS:
        label = cell_label(run, column)
        if column == "run":
            cells.append(Text(f"{'●' if marked else ' '} {label}", f"bold {colours['accent']}" if marked else ""))
        elif column == "status":
            cells.append(Text(label, colours[STATUS_COLOURS[label]]))
        elif column in ("lr", "batch", "epochs", "valid", "test", "time"):
            cells.append(Text(label, justify="right"))
        else:
            cells.append(Text(label))
    return cells


def sort_key(run: RunSummary, column: str) -> tuple[float, str]:
    """Return a sort key: numeric where possible, else the cell's text; missing values sort below all others."""
    numbers = {
        "when": run.created,
        "epochs": float(run.epochs),
        "valid": run.valid_acc,
        "test": run.test_acc,
        "time": run.seconds,
        "lr": run.config.lr if run.config else math.nan,
        "batch": float(run.config.batch_size) if run.config else math.nan,
    }
    if column in numbers:
        number = numbers[column]
        return (-math.inf if math.isnan(number) else number, run.name)
    return (0.0, cell_label(run, column).lower())


def matches(run: RunSummary, query: str) -> bool:
    """Return whether every word of the query occurs in the run's row, ignoring case."""
    text = " ".join(cell_label(run, column) for column in COLUMNS).lower()
    return all(word in text for word in query.lower().split())

"""Stored runs as rows: the same columns in the Runs view and in `mnist-tui runs`."""

from __future__ import annotations

import math

from rich.text import Text

from mnist_tui.engine.runs.summaries import RunSummary
from mnist_tui.tui.render.words import moment, percent, printable, seconds

COLUMNS = ("run", "test", "valid", "epochs", "time", "status", "data", "layers", "optim", "lr", "batch", "when")
STATUS_COLOURS = {
    "completed": "success",
    "stopped": "warning",
    "failed": "error",
    "running": "accent",
    "died": "error",
    "unreadable": "error",
}


def cell_words(run: RunSummary, column: str) -> str:
    """One cell of the table in words."""
    config = run.config
    match column:
        case "run":
            return printable(run.name)
        case "when":
            return moment(run.created)
        case "epochs":
            return f"{run.epochs}/{config.epochs}" if config else str(run.epochs)
        case "valid":
            return percent(run.valid_acc)
        case "test":
            return percent(run.test_acc)
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


def row_cells(run: RunSummary, *, marked: bool, colours: dict[str, str]) -> list[Text]:
    """All cells of a row."""
    cells = []
    for column in COLUMNS:
        words = cell_words(run, column)
        if column == "run":
            cells.append(Text(f"{'●' if marked else ' '} {words}", f"bold {colours['accent']}" if marked else ""))
        elif column == "status":
            cells.append(Text(words, colours[STATUS_COLOURS[words]]))
        elif column in ("lr", "batch", "epochs", "valid", "test", "time"):
            cells.append(Text(words, justify="right"))
        else:
            cells.append(Text(words))
    return cells


def sort_key(run: RunSummary, column: str) -> tuple[float, str]:
    """By number where the column has numbers, else by its words; what is missing comes last in descending order."""
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
    return (0.0, cell_words(run, column).lower())


def matches(run: RunSummary, words: str) -> bool:
    """Whether every word is part of one of the run's cells."""
    text = " ".join(cell_words(run, column) for column in COLUMNS).lower()
    return all(word in text for word in words.lower().split())

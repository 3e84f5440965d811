"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from mnist_tui.engine.runs.names import runs_folder


def named(values: tuple[str, ...]) -> Callable[[], list[str]]:
    """Shell completion of a fixed set of words."""
    return lambda: list(values)


def run_names() -> list[str]:
    """Shell completion of the stored runs."""
    from mnist_tui.engine.runs.folder import stored_runs

    return ["latest", *(run.name for run in stored_runs(runs_folder(None)))]


DataDir = Annotated[
    str | None,
    typer.Option(
        "--data-dir", metavar="DIR", help="Where the data sets lie; else $MNIST_TUI_DATA, else the user's cache."
    ),
]
RunsDir = Annotated[
    str | None,
    typer.Option("--runs-dir", metavar="DIR", help="Where runs are stored; else $MNIST_TUI_RUNS, else ./runs."),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's folder, its name, or `latest`.", autocompletion=run_names)
]


def remember_debug(context: typer.Context, debug: bool) -> None:
    """Let the end of the process know that tracebacks are wanted."""
    if debug:
        context.find_root().obj["debug"] = True

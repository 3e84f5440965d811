"""The command `mnist-tui export`, which writes figures without the console."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mnist_tui.engine import files
from mnist_tui.engine.analysis.subject import SPLITS
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures.settings import OPTIONS
from mnist_tui.engine.runs.folder import find_run
from mnist_tui.engine.runs.names import runs_folder
from mnist_tui.tui.cli.options import DataDir, Debug, RunName, RunsDir, named, remember_debug, run_names


def _setting(name: str) -> Any:
    """Return the typer option for a setting of a view; its value is parsed later, together with the other settings."""
    option = OPTIONS[name]
    metavar = option.metavar or None
    return typer.Option(option.flag, metavar=metavar, help=option.help, rich_help_panel="View settings")


def _view_names() -> list[str]:
    """Return the names of the views, for shell completion."""
    from mnist_tui.engine.figures.registry import KINDS

    return list(KINDS)


def _list(requested: bool) -> None:
    if requested:
        from mnist_tui.engine.figures.registry import FLAGS, KINDS

        width = max(map(len, KINDS))
        for name, kind in KINDS.items():
            flags = " ".join(FLAGS[option] for option in kind.options)
            typer.echo(f"{name:{width}}  {kind.description}\n{'':{width}}    {flags}")
        raise typer.Exit


def export(
    context: typer.Context,
    run: RunName,
    views: Annotated[
        list[str] | None,
        typer.Argument(metavar="VIEW", help="Views to export, by default all; see --list.", autocompletion=_view_names),
    ] = None,
    out: Annotated[str, typer.Option(metavar="DIR", help="Output folder; by default the run's figures folder.")] = "",
    format: Annotated[
        str, typer.Option(metavar="png|svg|pdf", help="File format.", autocompletion=named(("png", "svg", "pdf")))
    ] = "png",
    size: Annotated[str, typer.Option(metavar="WxH", help="Inches, such as 7x5; by default per figure.")] = "auto",
    dpi: Annotated[int, typer.Option(metavar="N", help="Pixels per inch.")] = 150,
    data: Annotated[bool, typer.Option("--data", help="Also write the data, as CSV or JSON.")] = False,
    epoch: Annotated[str, typer.Option(metavar="best|last|N", help="Epoch of the weights; 0: untrained.")] = "best",
    split: Annotated[
        str,
        typer.Option(
            metavar="test|valid|train",
            help="Images to use; by default test, or train for the view data.",
            autocompletion=named(SPLITS),
        ),
    ] = "",
    compared: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="RUN", help="Another run to compare.", autocompletion=run_names),
    ] = None,
    list_views: Annotated[
        bool, typer.Option("--list", help="List the views and their options.", callback=_list, is_eager=True)
    ] = False,
    log: Annotated[bool, _setting("log")] = False,
    smooth: Annotated[str, _setting("smooth")] = "",
    last: Annotated[str, _setting("last")] = "",
    first: Annotated[str, _setting("first")] = "",
    count: Annotated[str, _setting("count")] = "",
    draw: Annotated[str, _setting("draw")] = "",
    at_epoch: Annotated[str, _setting("at_epoch")] = "",
    percent: Annotated[bool, _setting("percent")] = False,
    both: Annotated[bool, _setting("both")] = False,
    which: Annotated[str, _setting("which")] = "",
    sort: Annotated[str, _setting("sort")] = "",
    reverse: Annotated[bool, _setting("reverse")] = False,
    filter: Annotated[str, _setting("filter")] = "",
    index: Annotated[str, _setting("index")] = "",
    points: Annotated[str, _setting("points")] = "",
    classes: Annotated[str, _setting("classes")] = "",
    window: Annotated[str, _setting("window")] = "",
    wrong: Annotated[bool, _setting("wrong")] = False,
    axes: Annotated[str, _setting("axes")] = "",
    digits: Annotated[str, _setting("digits")] = "",
    order: Annotated[str, _setting("order")] = "",
    unit: Annotated[str, _setting("unit")] = "",
    layer: Annotated[str, _setting("layer")] = "",
    each: Annotated[bool, _setting("each")] = False,
    data_dir: DataDir = None,
    runs_dir: RunsDir = None,
    debug: Debug = False,
) -> None:
    """Export views of a stored run as figures, optionally with their data."""
    remember_debug(context, debug)
    given = {name: context.params[name] for name in OPTIONS if _is_given(context, name)}
    outer = context.obj or {}
    stored = runs_folder(runs_dir or outer.get("runs_dir"))
    folder = find_run(stored, run)
    others = tuple(find_run(stored, other).path.absolute() for other in compared or ())
    from mnist_tui.tui.cli import export_run

    export_run.export(
        folder,
        tuple(views or ()),
        export_run.ExportOptions(
            given=given,
            compared=others,
            epoch=epoch,
            split=split,
            out=_output_folder(out) if out else folder.path / "figures",
            format=format,
            size=size,
            dpi=dpi,
            numbers=data,
        ),
        data_dir=data_dir or outer.get("data_dir"),
    )


def _output_folder(out: str) -> Path:
    try:
        return files.user_path(out)
    except ValueError as error:
        raise ConfigError({"out": f"--out {out!r} {error}"}) from None


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"

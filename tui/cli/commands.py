"""Commands of the command line; torch, textual and matplotlib are imported inside them to keep `--help` fast."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from mnist_tui.engine import __version__
from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.runs.folder import find_run, newest_live_run
from mnist_tui.engine.runs.names import runs_folder
from mnist_tui.engine.runs.tensorboard import check as check_tensorboard
from mnist_tui.tui.cli import export_command
from mnist_tui.tui.cli.exit_codes import OptionsError, run_and_exit
from mnist_tui.tui.cli.options import (
    DataDir,
    Debug,
    Json,
    RunName,
    RunsDir,
    named,
    read_changes,
    read_config,
    remember_debug,
    run_names,
    with_settings,
)
from mnist_tui.tui.terminal.capabilities import is_interactive

HELP = """Train a neural network on MNIST live in the terminal and explore what it has learned.

Without a command, it opens the console, or runs `mnist-tui train` if stdin or stdout is not a terminal."""

EXAMPLES = """Examples:

  mnist-tui                                    open the console

  mnist-tui train --epochs 5 --seed 7          train without the console

  mnist-tui train --json | jq 'select(.event=="epoch")'

  mnist-tui train --resume latest --epochs 20  resume the latest run up to epoch 20

  mnist-tui train --detach                     train in the background; follow with mnist-tui attach

  mnist-tui evaluate latest --epoch last --split valid

  mnist-tui export latest --data --out figs    export all views as figures, with their data
"""

app = typer.Typer(help=HELP, epilog=EXAMPLES, no_args_is_help=False, pretty_exceptions_enable=False)

CHANGEABLE = ", ".join(setting.option for setting in SETTINGS.values() if setting.on_resume)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"mnist-tui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    data_dir: DataDir = None,
    runs_dir: RunsDir = None,
    debug: Debug = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Run the console."""
    context.obj = {"data_dir": data_dir, "runs_dir": runs_dir, "debug": debug}
    if context.invoked_subcommand is not None:
        return
    if not is_interactive():
        from mnist_tui.tui.cli.plain import train

        raise typer.Exit(train(RunConfig(), runs_folder(runs_dir), data_dir=data_dir))
    from mnist_tui.tui.run import show

    show(data_dir, runs_folder(runs_dir))


@app.command()
@with_settings
def train(
    context: typer.Context,
    *,
    data_dir: DataDir = None,
    runs_dir: RunsDir = None,
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="Name added after the timestamp.", show_default="the recipe's name"),
    ] = "",
    resume: Annotated[
        str,
        typer.Option(
            "--resume",
            metavar="RUN",
            help=f"Resume a stored run; only {CHANGEABLE} can be changed.",
            autocompletion=run_names,
        ),
    ] = "",
    detach: Annotated[
        bool, typer.Option("--detach", help="Train in the background; follow with mnist-tui attach.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print events as JSON, one per line.")] = False,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Also write the curves for TensorBoard, into the run's folder (needs pip install tensorboard).",
        ),
    ] = False,
    debug: Debug = False,
    **settings: str,
) -> None:
    """Train without the console: a progress bar on a terminal, plain lines otherwise."""
    remember_debug(context, debug)
    outer = context.obj or {}
    folder, data_dir = runs_folder(runs_dir or outer.get("runs_dir")), data_dir or outer.get("data_dir")
    if tensorboard:
        check_tensorboard()
    if detach and json:
        raise ConfigError({"detach": "--json can't be combined with --detach: omit one of them"})
    if resume:
        run, changes = find_run(folder, resume), read_changes(context)
        if detach:
            from mnist_tui.engine.session import resume as resume_run
            from mnist_tui.tui.cli import background

            job = lambda control: resume_run(run, data_dir=data_dir, control=control, **changes)  # noqa: E731
            raise typer.Exit(background.train(job, run.path.parent, tensorboard=tensorboard))
        from mnist_tui.tui.cli import plain

        raise typer.Exit(plain.resume(run, data_dir=data_dir, json=json, tensorboard=tensorboard, **changes))
    config = read_config(context)
    if detach:
        from mnist_tui.engine.session import start
        from mnist_tui.tui.cli import background

        job = lambda control: start(config, folder, data_dir=data_dir, name=name, control=control)  # noqa: E731
        raise typer.Exit(background.train(job, folder, tensorboard=tensorboard))
    from mnist_tui.tui.cli import plain

    raise typer.Exit(plain.train(config, folder, data_dir=data_dir, name=name, json=json, tensorboard=tensorboard))


@app.command()
def attach(
    context: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]", help="Folder or name of a run; else the newest one in training.", autocompletion=run_names
        ),
    ] = "",
    data_dir: DataDir = None,
    runs_dir: RunsDir = None,
    debug: Debug = False,
) -> None:
    """Follow a run that another process trains, and pause, resume or stop it; print plain lines without a terminal."""
    remember_debug(context, debug)
    outer = context.obj or {}
    folder, data_dir = runs_folder(runs_dir or outer.get("runs_dir")), data_dir or outer.get("data_dir")
    chosen = find_run(folder, run) if run else newest_live_run(folder)
    if not is_interactive():
        from mnist_tui.tui.cli.plain import follow_run

        raise typer.Exit(follow_run(chosen))
    from mnist_tui.tui.run import show

    show(data_dir, folder, chosen)


@app.command()
def runs(context: typer.Context, runs_dir: RunsDir = None, json: Json = False, debug: Debug = False) -> None:
    """List the stored runs, newest first."""
    remember_debug(context, debug)
    from mnist_tui.tui.cli import plain

    plain.list_runs(runs_folder(runs_dir or (context.obj or {}).get("runs_dir")), json=json)


@app.command()
def evaluate(
    context: typer.Context,
    run: RunName,
    epoch: Annotated[str, typer.Option(metavar="best|last|N", help="Epoch of the weights; 0: untrained.")] = "best",
    split: Annotated[
        str,
        typer.Option(
            metavar="test|valid|train",
            help="Images to evaluate on, without augmentation.",
            autocompletion=named(("test", "valid", "train")),
        ),
    ] = "test",
    data_dir: DataDir = None,
    runs_dir: RunsDir = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Evaluate a stored run on a split."""
    remember_debug(context, debug)
    outer = context.obj or {}
    folder = find_run(runs_folder(runs_dir or outer.get("runs_dir")), run)
    from mnist_tui.tui.cli import plain

    plain.evaluate(folder, epoch, split, data_dir=data_dir or outer.get("data_dir"), json=json)


app.command(name="export")(export_command.export)


def main() -> NoReturn:
    """Run the command line and exit with the documented exit code."""
    run_and_exit(_command)


def _command() -> object:
    try:
        return app(standalone_mode=False)
    except TyperException as error:
        raise OptionsError(error.format_message()) from error
    except typer.Abort:
        raise KeyboardInterrupt from None

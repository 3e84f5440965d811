"""Shared options and arguments of the commands, and the options of `mnist-tui train` for the settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.runs.names import runs_folder
from mnist_tui.engine.settings import Setting


def named(values: tuple[str, ...]) -> Callable[[], list[str]]:
    """Return a shell completion for fixed values."""
    return lambda: list(values)


def run_names() -> list[str]:
    """Return the names of stored runs, for shell completion."""
    from mnist_tui.engine.runs.folder import stored_runs

    return ["latest", *(run.name for run in stored_runs(runs_folder(None)))]


DataDir = Annotated[
    str | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Folder of the data sets.",
        show_default="$MNIST_TUI_DATA, or the user's cache folder",
    ),
]
RunsDir = Annotated[
    str | None,
    typer.Option("--runs-dir", metavar="DIR", help="Folder of the runs.", show_default="$MNIST_TUI_RUNS, or ./runs"),
]
Debug = Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="Folder or name of a run, or `latest`.", autocompletion=run_names)
]


def remember_debug(context: typer.Context, debug: bool) -> None:
    """Enable tracebacks if `debug` is set."""
    if debug:
        context.find_root().obj["debug"] = True


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the `**settings` parameter of a command by an option for every setting.

    The options are strings for typer and parsed by `Setting.parse`, for the same error messages everywhere.
    """
    signature = inspect.signature(command, eval_str=True)
    context, *others = signature.parameters.values()
    own = [parameter for parameter in others if parameter.kind is not parameter.VAR_KEYWORD]
    parameters = [context, *map(_parameter, SETTINGS.values()), *own]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command


def _parameter(setting: Setting) -> inspect.Parameter:
    option = typer.Option(
        setting.option,
        metavar=setting.kind.metavar,
        help=setting.full_help,
        autocompletion=named(setting.kind.choices) if setting.kind.choices else None,
        rich_help_panel=setting.group,
    )
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=setting.kind.text(setting.default),
        annotation=Annotated[str, option],
    )


def read_config(context: typer.Context) -> RunConfig:
    """Return the recipe's configuration with the given options applied.

    Raises `ConfigError` naming every invalid option.
    """
    values, problems = _given(context)
    try:
        config = RunConfig.from_recipe(values.pop("recipe", RunConfig().recipe), **values)
    except ConfigError as error:
        problems = error.problems | problems
    if problems:
        raise ConfigError(problems)
    return config


def read_changes(context: typer.Context) -> dict[str, Any]:
    """Return the settings that the options change in a resumed run.

    Raises `ConfigError` naming every option that is invalid or can't be changed on resume.
    """
    values, problems = _given(context)
    for name in [*values, *(["name"] if was_given(context, "name") else [])]:
        if name not in SETTINGS or not SETTINGS[name].on_resume:
            option = f"--{name.replace('_', '-')}"
            problems[name] = f"{option} can't be changed when a run is resumed: omit it, or start a new run"
    if problems:
        raise ConfigError(problems)
    return values


def was_given(context: typer.Context, name: str) -> bool:
    """Return whether the option is on the command line, so that it overrides the recipe."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _given(context: typer.Context) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings given on the command line, and the problems with invalid ones."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, setting in SETTINGS.items():
        if was_given(context, name):
            try:
                values[name] = setting.parse(context.params[name])
            except ConfigError as error:
                problems |= error.problems
    return values, problems

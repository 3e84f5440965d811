"""Options and arguments that commands share, and the settings as options of `mnist-tui train`."""

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
    """Return a shell completion of fixed words."""
    return lambda: list(values)


def run_names() -> list[str]:
    """Complete the names of stored runs."""
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
    str, typer.Argument(metavar="RUN", help="A run's folder, its name, or `latest`.", autocompletion=run_names)
]


def remember_debug(context: typer.Context, debug: bool) -> None:
    """Print tracebacks from now on."""
    if debug:
        context.find_root().obj["debug"] = True


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every setting, in place of its `**settings`.

    The options are texts for typer: `Setting.parse` reads them, so that a wrong one is refused in the same words
    everywhere.
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

    Raises `ConfigError` naming every option that is invalid or can't be changed any more.
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
    """Return the settings on the command line, and what is wrong with those that can't be read."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, setting in SETTINGS.items():
        if was_given(context, name):
            try:
                values[name] = setting.parse(context.params[name])
            except ConfigError as error:
                problems |= error.problems
    return values, problems

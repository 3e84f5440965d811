"""The options of `mnist-tui train` as a configuration, or as changes to a run that goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import typer

from mnist_tui.engine.config import RunConfig, parse_hidden
from mnist_tui.engine.errors import ConfigError

CHANGEABLE = ("epochs", "device", "threads")
"""Options that a run may go on with other values of; all others decide what it learned until now."""


def read_config(context: typer.Context) -> RunConfig:
    """The recipe with the options over it that were given.

    Raises `ConfigError` naming every option that is wrong.
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
    """What a run that goes on gets other values of.

    Raises `ConfigError` naming every option that is wrong or can't be changed any more.
    """
    values, problems = _given(context)
    for name in [*values, *(["name"] if was_given(context, "name") else [])]:
        if name not in CHANGEABLE:
            option = f"--{name.replace('_', '-')}"
            problems[name] = f"{option} can't be changed in a run that goes on: leave it out, or train anew"
    if problems:
        raise ConfigError(problems)
    return values


def was_given(context: typer.Context, name: str) -> bool:
    """Whether the option stood on the command line, so that it goes over the recipe's value."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _given(context: typer.Context) -> tuple[dict[str, Any], dict[str, str]]:
    """The configuration's fields that stood on the command line, and what is wrong with them."""
    values = {f.name: context.params[f.name] for f in fields(RunConfig) if was_given(context, f.name)}
    problems: dict[str, str] = {}
    _parse(values, "hidden", parse_hidden, problems)
    _parse(values, "threads", _parse_threads, problems)
    return values, problems


def _parse(values: dict[str, Any], name: str, parse: Callable[[str], Any], problems: dict[str, str]) -> None:
    if name in values:
        try:
            values[name] = parse(values[name])
        except ConfigError as error:
            problems |= error.problems
            del values[name]


def _parse_threads(text: str) -> int:
    if text == "auto":
        return 0
    try:
        threads = int(text)
    except ValueError:
        threads = 0
    if threads < 1:
        raise ConfigError({"threads": f"--threads must be auto or a whole number from 1 to 1,024, not {text!r}"})
    return threads

"""The README's table of the options of `mnist-tui train`, made of the command itself.

`make readme` writes it, `make check` fails if it is out of date.
"""

from __future__ import annotations

import sys

import typer.main

from mnist_tui.tui.cli.commands import app
from tests.helpers import ROOT

README = ROOT / "README.md"
HEAD = ["| option of `train` | default | |", "| --- | --- | --- |"]


def rows() -> list[str]:
    """Return a row for each option, in the order of the command."""
    command = typer.main.get_command(app).commands["train"]
    return [_row(option) for option in command.params]


def _row(option: typer.core.TyperOption) -> str:
    value = "" if option.is_flag else f" {option.metavar}"
    if isinstance(option.show_default, str):
        default = option.show_default
    else:
        default = "" if option.is_flag or not option.default else f"`{option.default}`"
    cells = (f"`{option.opts[0]}{value}`", default, option.help)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def split(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return the README's lines before the table's rows, the rows, and the lines behind them."""
    lines = text.splitlines()
    first = next(i for i in range(len(lines)) if lines[i : i + 2] == HEAD) + 2
    last = next(i for i in range(first, len(lines)) if not lines[i].startswith("|"))
    return lines[:first], lines[first:last], lines[last:]


def main() -> int:
    """Write the table, or with `--check` compare it; return the exit code."""
    before, present, behind = split(README.read_text(encoding="utf-8"))
    if "--check" not in sys.argv[1:]:
        README.write_text("\n".join([*before, *rows(), *behind]) + "\n", encoding="utf-8")
    elif present != rows():
        print("the README's table of options is out of date: run make readme", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

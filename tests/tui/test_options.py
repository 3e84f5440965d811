"""The settings as options of `mnist-tui train`: all of it, and the README's table, comes from their declarations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.tui.cli.commands import app
from tests import readme
from tests.helpers import ROOT, command

NEW = """    scratch_share: float = setting(
        0.0, Number(0, 0.5), OPTIMIZATION, "Scratch share", "Share of nothing."
    )
"""
FOLLOWS = """
import asyncio, json
from dataclasses import replace
from pathlib import Path
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.tui.app import MnistTui
from tests import readme
from tests.helpers import command
from tests.tui.conftest import screen_text, until

# The check and JSON.
PROBLEM = "--scratch-share must be a number from 0 to 0.5, not "
config = RunConfig(dataset="digits", scratch_share=0.25)
assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config != RunConfig(dataset="digits")
assert config.changed == ["scratch_share"]
try:
    RunConfig(scratch_share=0.6)
    raise AssertionError("0.6 was accepted")
except ConfigError as error:
    assert error.problems == {"scratch_share": PROBLEM + "0.6"}

# The command, its help and the table.
for text, value in (("0.6", "0.6"), ("much", "'much'")):
    outcome = command("train", "--scratch-share", text)
    assert (outcome.status, outcome.err) == (2, f"mnist-tui: {PROBLEM}{value}\\n"), outcome
outcome = command("train", "--dataset", "digits", "--hidden", "8", "--epochs", "1", "--scratch-share", "0.25")
assert outcome.status == 0, outcome
(stored,) = Path("runs").glob("*/config.json")
assert json.loads(stored.read_text())["config"]["scratch_share"] == 0.25
assert "--scratch-share" in command("train", "--help").out
row = "| `--scratch-share X` | `0` | Share of nothing. From 0 to 0.5. |"
assert row in readme.rows()

# The form.
async def form():
    app = MnistTui(runs_dir=Path("runs"), config=RunConfig(dataset="digits"))
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        assert "Scratch share        0                      0 to 0.5" in screen_text(app)
        field = app.screen.query_one("#scratch_share")
        field.value = "0.6"
        await until(pilot, lambda: app.screen.config is None)
        assert "must be a number from 0 to 0.5" in screen_text(app)
        field.value = "0.25"
        await until(pilot, lambda: app.screen.config == config)
        assert "changed: Scratch share" in screen_text(app)
asyncio.run(form())
"""


def test_a_setting_is_declared_once_and_everything_follows(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "mnist_tui", tmp_path / "mnist_tui", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "mnist_tui" / "engine" / "config.py"
    before, rotation, behind = table.read_text(encoding="utf-8").partition("    rotation: float = setting(")
    table.write_text(before + NEW + rotation + behind, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", FOLLOWS],
        check=False,
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "MNIST_TUI_DATA": str(tmp_path), "COLUMNS": "100"}
        | {"MNIST_TUI_RUNS": "runs"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_an_option(name: str) -> None:
    (option,) = (param for param in typer.main.get_command(app).commands["train"].params if param.name == name)
    setting = SETTINGS[name]
    assert option.opts == [f"--{name.replace('_', '-')}"]
    assert option.help == setting.full_help
    assert setting.parse(option.default) == getattr(RunConfig(), name)


def test_help_names_every_option() -> None:
    words = command("train", "--help").out
    assert all(f" {setting.option} " in words and setting.group in words for setting in SETTINGS.values())


def test_no_row_of_the_readme_is_out_of_date() -> None:
    """Missing rows are reported by `make check` alone, so that the tests of a new setting need no other file."""
    _, present, _ = readme.split(readme.README.read_text(encoding="utf-8"))
    assert len(present) > 20
    assert present == [row for row in readme.rows() if row in present]

"""The start: imports that the first frame does not wait for, and what it shows nevertheless."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from bench.terminal import Terminal
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.cli.entry import console_options
from mnist_tui.tui.keys import VIEWS
from mnist_tui.tui.views.data.view import DataView
from mnist_tui.tui.views.setup.view import LABELS
from tests.helpers import HANG, ROOT
from tests.tui.conftest import needs, until


@pytest.fixture
def views_on_demand() -> None:
    """Make the views as at every start: they are the subject here."""


def test_the_console_does_not_import_torch() -> None:
    code = (
        "import sys; import mnist_tui.tui.cli.entry, mnist_tui.tui.run, mnist_tui.tui.app;"
        "import mnist_tui.tui.views.setup.view;"
        "late = {'torch', 'torchvision', 'sklearn', 'matplotlib', 'scipy', 'numpy', 'plotext', 'openTSNE', 'typer',"
        "'mnist_tui.tui.cli.commands', 'mnist_tui.engine.events', 'mnist_tui.engine.runs.folder',"
        "'mnist_tui.tui.state.training_thread', 'mnist_tui.tui.state.export_job',"
        "'mnist_tui.tui.widgets.dialogs'};"
        "print(sorted(late & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=True)
    assert result.stdout.strip() == "[]"


def test_the_command_does_not_import_textual() -> None:
    code = (
        "import sys; import mnist_tui.tui.cli.commands; print(sorted({'torch', 'numpy', 'textual'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=True)
    assert result.stdout.strip() == "[]"


@needs("prepare")
async def test_the_views_are_made_before_they_are_opened(console: Callable[..., MnistTui]) -> None:
    app = console()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        assert {view.MODE for view in app.views.mounted()} == {view.mode for view in VIEWS}
        assert app.current_mode == "setup"
        await pilot.press("escape", "2")
        assert app.current_mode == "data"
        assert isinstance(app.screen, DataView)


def test_no_color_reaches_the_views() -> None:
    code = (
        "import os; os.environ['NO_COLOR'] = '1'; from pathlib import Path; from mnist_tui.tui.app import MnistTui;"
        "from mnist_tui.tui.terminal.capabilities import best_image_style;"
        "print(best_image_style(MnistTui(runs_dir=Path('runs')).console))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=True)
    assert result.stdout.strip() == "braille"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((), {}),
        (("--data-dir", "x"), {"--data-dir": "x"}),
        (("--data-dir=x=y", "--runs-dir", "z"), {"--data-dir": "x=y", "--runs-dir": "z"}),
        (("--runs-dir", "a", "--runs-dir", "b"), {"--runs-dir": "b"}),
        (("train",), None),
        (("--help",), None),
        (("--debug",), None),
        (("--data-dir",), None),
        (("--data-dir", "--runs-dir", "x"), None),
        (("--data-dir", "x", "surplus"), None),
        (("--data", "x"), None),
    ],
)
def test_only_plain_console_arguments_skip_the_command_line(
    arguments: tuple[str, ...], options: dict[str, str] | None
) -> None:
    assert console_options(arguments) == options


def test_a_key_typed_before_the_first_frame_is_not_lost(tmp_path: Path) -> None:
    code = "from mnist_tui.tui.cli.entry import main; main()"
    environment = {"PYTHONPATH": str(ROOT / "src"), "MNIST_TUI_RUNS": str(tmp_path), "MNIST_TUI_DATA": str(tmp_path)}
    with Terminal([sys.executable, "-c", code], env=environment) as terminal:
        terminal.press(b"\x1b[C")
        terminal.shown(RECIPES["fast"].title, since=0)


async def test_the_label_of_the_focused_field_alone_is_bold(console: Callable[..., MnistTui]) -> None:
    def bold(app: MnistTui) -> set[str]:
        lines = app.screen._compositor.render_strips()
        return {
            segment.text.strip()
            for line in lines
            for segment in line
            if segment.style and segment.style.bold and segment.text.strip() in LABELS.values()
        }

    app = console()
    async with app.run_test(size=(132, 44)) as pilot:
        await until(pilot, lambda: bold(app) == set())  # the button that starts has none
        await pilot.press("down")
        await until(pilot, lambda: bold(app) == {LABELS["recipe"]})
        app.screen.query_one("#seed", Input).focus()
        await until(pilot, lambda: bold(app) == {LABELS["seed"]})
        await pilot.press("escape")
        await until(pilot, lambda: bold(app) == set())


@pytest.mark.parametrize("libraries", ["the right ones", "none"])
def test_torch_is_imported_completely_and_the_collector_is_restored(libraries: str) -> None:
    """Fails where a library that is loaded beforehand is not the one that torch then uses."""
    code = (
        "import gc, mnist_tui.engine.hardware.torch_import as t, sys;"
        + ("t.LIBRARIES = ('nothing.so', 'nothing.so');" if libraries == "none" else "")
        + "t.import_torch(); on = gc.isenabled(); gc.disable(); t.import_torch(); import torch;"
        "print(on, gc.isenabled(), (torch.ones(2, 3) @ torch.ones(3)).tolist())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=True)
    assert result.stdout.strip() == "True False [3.0, 3.0]"
    assert result.stderr == ""

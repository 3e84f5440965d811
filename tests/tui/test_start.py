"""What the first frame must not wait for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.tui.conftest import until
from tui.app import MnistTui
from tui.keys import VIEWS
from tui.views.data import DataView


def test_the_console_is_there_before_torch_is() -> None:
    code = (
        "import sys; import tui.app, tui.views.setup;"
        "late = {'torch', 'torchvision', 'sklearn', 'matplotlib', 'scipy', 'numpy', 'plotext', 'openTSNE'};"
        "print(sorted(late & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "[]"


def test_the_command_is_there_before_textual_is() -> None:
    code = "import sys; import tui.cli; print(sorted({'torch', 'numpy', 'textual'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "[]"


async def test_the_views_are_made_before_anybody_opens_them(console: Callable[..., MnistTui]) -> None:
    app = console()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.devices is not None)
        assert {view.MODE for view in app.mounted_views()} == {view.mode for view in VIEWS}
        assert app.current_mode == "setup"
        await pilot.press("escape", "2")
        assert app.current_mode == "data"
        assert isinstance(app.screen, DataView)


def test_no_color_reaches_the_views() -> None:
    code = (
        "import os; os.environ['NO_COLOR'] = '1'; from pathlib import Path; from tui.app import MnistTui;"
        "from tui.terminal import best_image_style;"
        "print(best_image_style(MnistTui(runs_dir=Path('runs')).console))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "braille"

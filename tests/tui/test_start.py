"""What the first frame must not wait for."""

from __future__ import annotations

import subprocess
import sys


def test_the_console_is_there_before_torch_is() -> None:
    code = (
        "import sys; import tui.app;"
        "print(sorted({'torch', 'torchvision', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "[]"


def test_no_color_reaches_the_views() -> None:
    code = (
        "import os; os.environ['NO_COLOR'] = '1'; from pathlib import Path; from tui.app import MnistTui;"
        "from tui.terminal import best_image_style;"
        "print(best_image_style(MnistTui(runs_dir=Path('runs')).console))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.strip() == "braille"

"""No private name of another package is used outside the few modules that are made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.private_names import private_uses

FOLDERS = ("tui", "engine", "bench", "screenshots")
ALLOWED = ("tui/speed/", "engine/training/fused.py")
"""Overrides of Textual; torch's fused operators. Each has a way without the private name, and a test of it."""


def test_private_names_are_used_only_where_they_are_allowed() -> None:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    uses = [str(use) for use in private_uses(ROOT, files) if not use.file.startswith(ALLOWED)]
    assert uses == []


BAD = {
    "an attribute of the library's": ("def f(screen):\n    return screen._compositor", "screen._compositor"),
    "an attribute set": ("def f(screen):\n    screen._css_update_count = 1", "screen._css_update_count"),
    "a call of it": ("def f(app):\n    app._refresh_notifications()", "app._refresh_notifications"),
    "its name as a string": ('def f(app):\n    return getattr(app, "_batch_count")', "'_batch_count'"),
    "a private module": ("from textual._compositor import Compositor", "textual._compositor.Compositor"),
    "a private module's name": ('import importlib\nimportlib.import_module("textual._compositor")', "'textual._comp"),
    "a private function": ("from rich.table import _Cell", "rich.table._Cell"),
    "an override": (
        "from textual.screen import Screen\nclass View(Screen[None]):\n    def _on_screen_resume(self): ...",
        "_on_screen_resume",
    ),
    "an override in a class of its own file": (
        "from textual.widget import Widget\nclass A(Widget): ...\nclass B(A):\n    def _size_updated(self): ...",
        "_size_updated",
    ),
    "an attribute that hides the base's": (
        "from textual.widget import Widget\nclass A(Widget):\n    def __init__(self):\n        self._nodes = []",
        "_nodes",
    ),
    "an attribute that hides a thread's": (
        "import threading\nclass A(threading.Thread):\n    def __init__(self, target):\n        self._target = target",
        "_target",
    ),
    "an attribute of the class that a mixin is for": (
        "class Mixin:\n    def f(self):\n        return self._screen_stacks if self else None",
        "_screen_stacks",
    ),
    "a function of torch": ("import torch\ntorch._fused_adamw_()", "torch._fused_adamw_"),
    "plotext": ("import plotext\nplotext._figure", "plotext._figure"),
}


@pytest.mark.parametrize("case", BAD)
def test_is_found(tmp_path: Path, case: str) -> None:
    code, name = BAD[case]
    path = tmp_path / "tui" / "bad.py"
    path.parent.mkdir()
    path.write_text(code)
    assert any(use.name.startswith(name) for use in private_uses(tmp_path, [path]))


def test_own_private_names_and_documented_ones_are_free(tmp_path: Path) -> None:
    path = tmp_path / "tui" / "good.py"
    path.parent.mkdir()
    path.write_text(
        "import os\nfrom textual.widget import Widget\nfrom mnist_tui.tui.own import _helper\n"
        "class A(Widget):\n    def __init__(self):\n        super().__init__()\n        self._own_words = ''\n"
        "    def same(self, other):\n        return self._own_words == other._own_words\n"
        "class B:\n    def __init__(self):\n        self._size = 1\n    def __len__(self):\n        return self._size\n"
        "    def same(self, other: 'B'):\n        return other._size == self._size\n"
        "os._exit(0)\n"
    )
    assert private_uses(tmp_path, [path]) == []

"""Fixtures that several tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"  # not of tests.helpers: that imports torch

# Every Python process that a test starts imports the code of this checkout, whatever is installed.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(SOURCE), os.environ.get("PYTHONPATH"))))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the test processes share the cores

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a background job of a shell, and inherited by every child
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Let torch compute on one thread in each of the test processes."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """Return the folder with the real MNIST; skip the test where `MNIST_TUI_DATA` does not lead to it."""
    folder = Path(os.environ.get("MNIST_TUI_DATA", ""))
    if not (folder / "MNIST" / "raw").is_dir():
        pytest.skip("the real MNIST is not here: set MNIST_TUI_DATA to the folder that holds MNIST/raw")
    return folder.resolve()


@pytest.fixture(autouse=True)
def _own_log(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests' tracebacks out of the user's log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))

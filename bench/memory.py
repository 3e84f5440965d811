"""Peak memory of a training, each in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from bench.row import Row, Setting, at_most, read


def measured(which: str, folder: Path) -> int:
    """Bytes at the peak of a new process that trains two epochs."""
    command = [sys.executable, "-m", "bench.memory", which, str(folder)]
    return int(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def peak(setting: Setting) -> list[Row]:
    """Both loops in turn."""
    peers, mines = [], []
    for _ in range(setting.repeats(3)):
        peers.append(measured("notebook", setting.folder))
        mines.append(measured("mnist-tui", setting.folder))
    ratios = [a / b for a, b in zip(mines, peers, strict=True)]
    figures: dict[str, object] = {"notebook_loop_bytes": peers, "mnist_tui_bytes": mines}
    return [at_most("peak memory of a training, against the notebook-style loop", 1, "×", ratios, figures)]


def main() -> None:
    """Train two epochs and print the peak."""
    which, folder = sys.argv[1], Path(sys.argv[2])
    if which == "notebook":
        from bench.notebook_loop import NotebookLoop

        for _ in NotebookLoop(folder, 1234).epochs(2):
            pass
    else:
        from mnist_tui.engine.config import RunConfig
        from mnist_tui.engine.training.loop import train

        for _ in train(RunConfig(epochs=2, threads=1, device="cpu"), read(folder)):
            pass
    print(peak_bytes())


def peak_bytes() -> int:
    """The most memory that this process has held.

    Linux gives a new process the `ru_maxrss` of the one that started it, which has measured all else before: there
    the process's own mark is read. macOS counts in bytes.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()

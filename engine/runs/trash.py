"""The trash of a runs folder: deleted runs, which can be restored until the user removes them.

.trash/1/NAME, .trash/2/NAME …: the numbers tell the order of deletion and keep equal names apart.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mnist_tui.engine import files
from mnist_tui.engine.errors import RunError

FOLDER = ".trash"
"""Hidden, so that it is not listed as a run."""


def discard(run: Path) -> None:
    """Move a run's folder to the trash beside it.

    Raises:
        OSError: It cannot be moved, or the trash is a symlink, through which it would be moved elsewhere.
    """
    trash = run.parent / FOLDER
    files.refuse_link(trash)
    trash.mkdir(exist_ok=True)
    number = max(_numbers(trash), default=0) + 1
    while True:
        try:
            (trash / str(number)).mkdir()
            break
        except FileExistsError:  # another process deletes a run at the same time
            number += 1
    try:
        os.rename(run, trash / str(number) / run.name)
    except OSError:
        _remove_empty(trash / str(number))
        raise


def newest(runs_dir: Path) -> Path | None:
    """Return the path of the run that was deleted last, in the trash; None if there is none."""
    trash = runs_dir / FOLDER
    for number in sorted(_numbers(trash), reverse=True):
        with contextlib.suppress(OSError):
            for path in (trash / str(number)).iterdir():
                return path
    return None


def restore(run: Path) -> Path:
    """Move a run from the trash back to the runs folder, and return its path.

    Raises:
        RunError: There is a run of that name, or it cannot be moved.
    """
    path = run.parents[2] / run.name
    if os.path.lexists(path):
        raise RunError(f"{run.name} can't be restored: there is another run of that name")
    try:
        os.rename(run, path)
    except OSError as error:
        raise RunError(f"{run.name} can't be restored ({error.strerror or error})") from error
    _remove_empty(run.parent)
    return path


def _numbers(trash: Path) -> list[int]:
    try:
        files.refuse_link(trash)
        return [int(name) for name in os.listdir(trash) if name.isascii() and name.isdecimal()]
    except OSError:
        return []


def _remove_empty(folder: Path) -> None:
    """Remove a numbered folder that has become empty, and the trash if it was the last one."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()

"""What a cut of power may leave on a disk, from what a process had written and flushed.

The model is as strict as POSIX: a file holds what it held when it was last flushed, and of what was appended since then
all, a part, or zeros; a folder has the entries that it had when it was last flushed itself, or those after any later
step. A rename is therefore lost with its folder's last steps, whatever was flushed after it. ext4 and xfs keep more,
because their journal has one order; btrfs does not.
"""

from __future__ import annotations

import os
import pickle
import random
import signal
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

STEPS = ("fsync", "replace", "rename", "mkdir", "rmdir", "unlink", "link", "ftruncate")
"""Functions of `os` that change or flush a folder; files are looked at before and after each of them."""
Extent: TypeAlias = Literal["all is lost", "all is torn", "by chance"]
EXTENTS: tuple[Extent, ...] = ("all is lost", "all is torn", "by chance")
"""What happens to everything that was not flushed."""


@dataclass
class Disk:
    """The contents of files and the entries of folders, as they are, as they were flushed, and in between."""

    root: str
    contents: dict[int, bytes] = field(default_factory=dict)
    flushed: dict[int, bytes] = field(default_factory=dict)
    entries: dict[int, list[dict[str, int]]] = field(default_factory=dict)
    """Of each folder: when it was flushed, then after each change; the last ones are those now."""
    _numbers: dict[int, int] = field(default_factory=dict)
    """Our numbers of the inodes that exist: an inode's own number is used again for another file."""
    _count: int = 0

    @classmethod
    def of(cls, root: Path) -> Disk:
        """Return the disk with all below this folder flushed."""
        disk = cls(str(root))
        disk.look()
        disk.flushed = dict(disk.contents)
        disk.entries = {number: steps[-1:] for number, steps in disk.entries.items()}
        return disk

    def look(self) -> None:
        """Note what has changed."""
        seen: dict[int, int] = {}
        self._look(self.root, seen)
        self._numbers = seen

    def _look(self, path: str, seen: dict[int, int]) -> int | None:
        try:
            facts = os.lstat(path)
            number = seen.get(facts.st_ino) or self._numbers.get(facts.st_ino)
            if number is None:
                self._count += 1
                number = self._count
            seen[facts.st_ino] = number
            if stat.S_ISDIR(facts.st_mode):
                found = {name: self._look(os.path.join(path, name), seen) for name in sorted(os.listdir(path))}
                names = {name: inner for name, inner in found.items() if inner is not None}
                steps = self.entries.setdefault(number, [{}])
                if steps[-1] != names:
                    steps.append(names)
            else:
                with open(path, "rb") as file:
                    self.contents[number] = file.read()
        except FileNotFoundError:  # another thread has just removed it
            return None
        return number

    def flush(self, file: int) -> None:
        """Note that a file or a folder was flushed."""
        number = self._numbers.get(os.fstat(file).st_ino)
        if number in self.entries:
            self.entries[number] = self.entries[number][-1:]
        elif number in self.contents:
            self.flushed[number] = self.contents[number]

    def write(self, target: Path, extent: Extent, chance: random.Random) -> None:
        """Make a folder as a cut of power may have left it."""
        target.mkdir()
        self._write(1, target, extent, chance)

    def _write(self, number: int, target: Path, extent: Extent, chance: random.Random) -> None:
        steps = self.entries[number]
        names = steps[{"all is lost": 0, "all is torn": -1}.get(extent, chance.randrange(len(steps)))]
        for name, inner in names.items():
            if inner in self.entries:
                (target / name).mkdir()
                self._write(inner, target / name, extent, chance)
            else:
                (target / name).write_bytes(self._content(inner, extent, chance))

    def _content(self, number: int, extent: Extent, chance: random.Random) -> bytes:
        now, kept = self.contents[number], self.flushed.get(number, b"")
        if extent == "all is lost" or now == kept:
            return kept
        if not now.startswith(kept):  # it was shortened
            return chance.choice((now, kept))
        added = len(now) - len(kept)
        some = now[: len(kept) + chance.randrange(added)]
        zeros = kept + bytes(added)
        return chance.choice((some, zeros) if extent == "all is torn" else (now, kept, some, zeros))


def cut(work: Callable[[], Any], root: Path, number: int, record: Path) -> Callable[[], Any]:
    """Run `work` in a process that loses power before its `number`th step; what was on the disk goes into `record`."""

    def run() -> None:
        disk, lock, count = Disk.of(root), threading.RLock(), 0

        def watched(name: str) -> Callable[..., Any]:
            call = getattr(os, name)

            def replacement(*arguments: Any, **options: Any) -> Any:
                nonlocal count
                with lock:
                    count += 1
                    disk.look()
                    if count == number:
                        record.write_bytes(pickle.dumps(disk))
                        os.kill(os.getpid(), signal.SIGKILL)
                    result = call(*arguments, **options)
                    disk.look()
                    if name == "fsync":
                        disk.flush(arguments[0])
                    return result

            return replacement

        for name in STEPS:
            setattr(os, name, watched(name))
        work()

    return run


def load(record: Path) -> Disk:
    """Read what `cut` has recorded."""
    disk: Disk = pickle.loads(record.read_bytes())
    return disk

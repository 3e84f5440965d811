"""Writing a run: its folder, events, weights and state; a full disk or a vanished folder stops no training.

Whatever a kill leaves behind can be gone on from: the folder comes into being whole, every file is replaced at once,
and the order is weights, state, event. The state carries the event that may be missing behind it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_tui.engine import events, files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import Event
from mnist_tui.engine.runs import ownership, remote
from mnist_tui.engine.runs.folder import CONFIG, EVENTS, FORMAT, RunFolder

if TYPE_CHECKING:
    from mnist_tui.engine.training.state import TrainingState

MAX_WAITING = 64 << 20
"""Bytes of checkpoints that wait in memory for a disk that takes them."""
MAX_WAITING_EVENTS = 1 << 20
"""… and of events, beyond which the fine curve is given up."""
MAX_RESUMPTIONS = 100
PARTS = (EVENTS, CONFIG, "checkpoints", "log.txt", "log.txt.1", "tensorboard")
"""Of a run folder: what a training writes to."""


class RunWriter:
    """Writes a run; holds its lock until it is closed.

    What can't be written waits in memory and is tried again with whatever is written next.
    """

    def __init__(self, folder: RunFolder) -> None:
        """Take an existing run for this process.

        Raises `RunError` where another process writes it, OSError where it can't be opened.
        """
        self.folder = folder
        self._file = (folder.path / EVENTS).open("ab", buffering=0)
        try:
            ownership.claim(self._file, folder.path)
            self._size = os.fstat(self._file.fileno()).st_size
            self._waiting: list[bytes] = [] if self._ends_with_a_line() else [b"\n"]
        except BaseException:
            self._file.close()
            raise
        self._unsaved: dict[Path, bytes] = {}
        self._troubles: dict[str, str] = {}
        self._notices: list[str] = []

    @classmethod
    def create(cls, runs_dir: Path, name: str, config: RunConfig, facts: Mapping[str, Any]) -> RunWriter:
        """Make a new folder `<time>-<name>` in `runs_dir` with its `config.json` and an empty log.

        Args:
            facts: what else is needed to repeat the run: the data set that was used, its statistics …

        Raises OSError where it can't be written.
        """
        record = {"format": FORMAT, "name": name, "created": time.time(), "config": config.to_json(), **facts}
        record["versions"] = _versions()
        path = _new_folder(runs_dir, name)
        half = path.with_name(f".{path.name}")  # renamed when it is whole: a kill leaves no half of a run
        try:
            (half / "checkpoints").mkdir(parents=True)
            (half / EVENTS).touch()
            files.replace(half / CONFIG, _as_json(record))
            writer = cls(RunFolder(half))
            os.rename(half, path)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            with contextlib.suppress(OSError):
                path.rmdir()
            raise
        writer.folder = RunFolder(path)
        return writer

    @classmethod
    def reopen(cls, folder: RunFolder) -> RunWriter:
        """Take an existing run to go on with it, and clear away what a kill left of files in the making.

        Raises `RunError` where another process writes it, it can't be written, or something in it is a link:
        a stranger's run must not lead to other folders.
        """
        for path in (folder.path / name for name in PARTS):
            if path.is_symlink():
                raise RunError(f"{path} is a link to elsewhere: no training goes on there")
        try:
            writer = cls(folder)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise RunError(f"{folder.path} can't be written ({reason}): no training can go on there") from error
        with contextlib.suppress(OSError):  # nobody would read a request in it
            (folder.path / remote.FILE).unlink()
        for place in (folder.path, folder.checkpoints):
            for rest in (path for name in (CONFIG, ownership.OWNER, "*.pt") for path in place.glob(f".{name}.*")):
                with contextlib.suppress(OSError):
                    rest.unlink()
        return writer

    def record_resumption(self, config: RunConfig, epoch: int, batch: int) -> None:
        """Note in `config.json` that the run goes on from there, with the configuration it has now.

        Raises `RunError` where it can't be read or written.
        """
        _, record = self.folder.manifest()
        earlier = record.get("resumed")
        resumed = [
            *(earlier if isinstance(earlier, list) else []),
            {"time": time.time(), "epoch": epoch, "batch": batch},
        ]
        record |= {"config": config.to_json(), "resumed": resumed[-MAX_RESUMPTIONS:]}
        try:
            files.replace(self.folder.path / CONFIG, _as_json(record))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise RunError(f"{self.folder.path / CONFIG} can't be written ({reason})") from error

    def append(self, event: Event) -> None:
        """Store an event; all but `progress` are flushed to the disk."""
        self._waiting.append(events.to_json(event).encode() + b"\n")
        self._write_waiting(flush=not isinstance(event, events.Progress))

    def _write_waiting(self, *, flush: bool) -> None:
        lines = b"".join(self._waiting)
        try:
            self._write(lines)
            if flush:
                os.fsync(self._file.fileno())
            if os.fstat(self._file.fileno()).st_nlink == 0:
                raise FileNotFoundError(2, "the run's folder was removed")
        except OSError as error:
            if len(lines) > MAX_WAITING_EVENTS:
                kept = [line for line in self._waiting if not line.startswith(b'{"event": "progress"')]
                if len(kept) < len(self._waiting):
                    self._gave_up("parts of the fine curve")
                self._waiting = kept
            self._failed("events", error)
        else:
            self._worked("events")

    def save_weights(self, epoch: int, weights: Mapping[str, Any]) -> None:
        """Store an epoch's weights; equal weights give equal bytes."""
        import torch

        buffer = io.BytesIO()  # a file's own name would become part of the archive, and so of its checksum
        torch.save({name: tensor.detach().cpu() for name, tensor in weights.items()}, buffer)
        if self.folder.version(epoch):  # an epoch that a stop had cut short
            self.folder.forget_pictures(epoch)
        self._save(self.folder.checkpoint(epoch), buffer.getvalue())

    def save_state(self, state: TrainingState) -> None:
        """Store where the training stands."""
        from mnist_tui.engine.training.state import to_bytes

        self._save(self.folder.state_file, to_bytes(state))

    def waits(self, epoch: int) -> bool:
        """Whether an epoch's weights are not on the disk yet."""
        return self.folder.checkpoint(epoch) in self._unsaved

    def try_again(self) -> None:
        """Store what waits, where that can be done by now."""
        if self._unsaved:
            self._save_waiting()
        if self._waiting:
            self._write_waiting(flush=True)

    @property
    def trouble(self) -> str:
        """What is not stored at the moment, and why; empty where everything is."""
        return "; ".join(self._troubles.values())

    def take_notices(self) -> list[str]:
        """What people should know of the writing since the last call."""
        taken, self._notices = self._notices, []
        return taken

    def close(self) -> None:
        """Give the run back."""
        if not self._file.closed:
            self._file.close()
            ownership.release(self.folder.path)

    def _save(self, path: Path, content: bytes) -> None:
        self._unsaved.pop(path, None)
        self._unsaved[path] = content
        self._save_waiting()
        while len(self._unsaved) > 1 and sum(map(len, self._unsaved.values())) > MAX_WAITING:
            self._unsaved.pop(next(iter(self._unsaved)))
            self._gave_up("some checkpoints")

    def _save_waiting(self) -> None:
        for place, waiting in list(self._unsaved.items()):
            try:
                files.replace(place, waiting)
            except OSError as error:
                self._failed("checkpoints", error)
                break
            del self._unsaved[place]
        else:
            self._worked("checkpoints")

    def _write(self, data: bytes) -> None:
        """Append all of it, or nothing."""
        try:
            done = 0
            while done < len(data):
                done += self._file.write(data[done:]) or 0
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
            raise
        self._size += len(data)
        self._waiting.clear()

    def _ends_with_a_line(self) -> bool:
        if self._size == 0:
            return True
        with (self.folder.path / EVENTS).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _failed(self, what: str, error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        if what not in self._troubles:
            self._notices.append(f"{what} can't be stored in {self.folder.name} ({reason}): the training goes on")
        self._troubles[what] = f"{what} could not be stored ({reason})"

    def _gave_up(self, what: str) -> None:
        """What is lost stays lost, whatever can be stored later."""
        words = f"{what} were given up: too much waited to be stored"
        if words not in self._troubles.values():
            self._notices.append(words)
        self._troubles[f"{what} given up"] = words

    def _worked(self, what: str) -> None:
        if self._troubles.pop(what, ""):
            self._notices.append(f"{what} can be stored in {self.folder.name} again")


def _as_json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, indent=2, ensure_ascii=False).encode()


def _new_folder(runs_dir: Path, name: str) -> Path:
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"
    for suffix in ("", *(f"-{i}" for i in range(2, 1000))):
        path = runs_dir / (stem + suffix)
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{runs_dir / stem} and a thousand more are taken")


def _versions() -> dict[str, str]:
    import numpy
    import torch

    from mnist_tui.engine import __version__

    return {
        "mnist-tui": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": platform.platform(),
    }

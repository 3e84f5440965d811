"""Writes a run: its folder, events, weights and state. A full disk or a deleted folder does not stop the training.

A run can be resumed after a crash or a power failure at any point: the folder is created atomically, files are replaced
atomically, and the order of writes is weights, batch curve, state, event, each flushed to the disk before the next. The
state includes the event that is missing if the crash comes before it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
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
from mnist_tui.engine.runs.creation import CONFIG
from mnist_tui.engine.runs.folder import EVENTS, FORMAT, RunFolder
from mnist_tui.engine.runs.versions import versions

if TYPE_CHECKING:
    from mnist_tui.engine.training.state import TrainingState

MAX_PENDING_BYTES = 64 << 20
"""Maximum size of the checkpoints kept in memory while they cannot be written; the oldest are dropped beyond it."""
MAX_PENDING_EVENT_BYTES = 1 << 20
"""Maximum size of the events kept in memory while they cannot be written; `progress` events are dropped beyond it."""
MAX_RESUMPTIONS = 100
WRITTEN_PATHS = (EVENTS, CONFIG, "checkpoints", "log.txt", "log.txt.1", "tensorboard")
"""Paths in a run folder that a training writes to."""


class RunWriter:
    """Writes a run, and locks it until closed.

    Whatever cannot be written is kept in memory and retried with the next write.
    """

    def __init__(self, folder: RunFolder) -> None:
        """Lock an existing run for this process.

        Raises:
            RunError: Another process is writing the run.
            OSError: The event log cannot be opened.
        """
        self.folder = folder
        self._file = (folder.path / EVENTS).open("ab", buffering=0)
        try:
            ownership.claim(self._file, folder.path)
            self._size = os.fstat(self._file.fileno()).st_size
            self._pending_lines: list[bytes] = [] if self._ends_with_newline() else [b"\n"]
        except BaseException:
            self._file.close()
            raise
        self._pending_files: dict[Path, bytes] = {}
        self._repeated: dict[Path, int] = {}
        """The epochs whose weights replace those of a partial epoch, by their files."""
        self._failures: dict[str, str] = {}
        self._notices: list[str] = []

    @classmethod
    def create(cls, runs_dir: Path, name: str, config: RunConfig, facts: Mapping[str, Any]) -> RunWriter:
        """Create a new folder `<timestamp>-<name>` in `runs_dir` with `config.json` and an empty event log.

        Args:
            facts: Further entries of `config.json` that are needed to repeat the run, such as the data set.

        Raises:
            OSError: The folder cannot be written.
        """
        record = {"format": FORMAT, "name": name, "created": time.time(), "config": config.to_json(), **facts}
        record["versions"] = versions()
        path = _new_folder(runs_dir, name)
        partial = path.with_name(f".{path.name}")  # renamed when complete, so that a crash leaves no partial run
        try:
            (partial / "checkpoints").mkdir(parents=True)
            (partial / EVENTS).touch()
            files.replace(partial / CONFIG, _to_json(record))
            writer = cls(RunFolder(partial))
            os.rename(partial, path)
            files.sync_folder(runs_dir)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            with contextlib.suppress(OSError):
                path.rmdir()
            raise
        writer.folder = RunFolder(path)
        return writer

    @classmethod
    def reopen(cls, folder: RunFolder) -> RunWriter:
        """Lock an existing run in order to resume it, and remove temporary files left by a crash.

        Raises:
            RunError: Another process is writing the run, it cannot be written, or a path in it is a symlink, through
                which a copied run could redirect writes elsewhere.
        """
        for path in (folder.path / name for name in WRITTEN_PATHS):
            if path.is_symlink():
                raise RunError(f"{path} is a symbolic link: the run can't be resumed")
        try:
            writer = cls(folder)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise RunError(f"{folder.path} can't be written ({reason}): the run can't be resumed") from error
        with contextlib.suppress(OSError):  # stale requests: their recipient has ended
            (folder.path / remote.FILE).unlink()
        for place in (folder.path, folder.checkpoints):
            for leftover in (path for name in (CONFIG, ownership.OWNER, "*.pt") for path in place.glob(f".{name}.*")):
                with contextlib.suppress(OSError):
                    leftover.unlink()
        return writer

    def record_resumption(
        self, config: RunConfig, epoch: int, batch: int, discarded: events.Epoch | None = None
    ) -> None:
        """Record in `config.json` that the run is resumed at this position, with its new configuration.

        The configuration with which the run was started stays as `original_config`.

        Args:
            discarded: The best epoch so far if it is partial, and therefore trained to its end.

        Raises:
            RunError: `config.json` cannot be read or written.
        """
        before, record = self.folder.manifest()
        changed = _changes(before.to_json(), config.to_json())
        entry = {"time": time.time(), "epoch": epoch, "batch": batch, "changed": changed}
        if discarded is not None:
            entry["discarded_best"] = json.loads(events.to_json(discarded))
        earlier = record.get("resumed")
        resumed = [*(earlier if isinstance(earlier, list) else []), entry]
        record.setdefault("original_config", record["config"])
        record |= {"config": config.to_json(), "resumed": resumed[-MAX_RESUMPTIONS:]}
        try:
            files.replace(self.folder.path / CONFIG, _to_json(record))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise RunError(f"{self.folder.path / CONFIG} can't be written ({reason})") from error

    def append(self, event: Event) -> None:
        """Store an event; all events except `progress` are flushed to the disk."""
        self._pending_lines.append(events.to_json(event).encode() + b"\n")
        self._write_pending_lines(flush=not isinstance(event, events.Progress))

    def _write_pending_lines(self, *, flush: bool) -> None:
        lines = b"".join(self._pending_lines)
        try:
            self._write(lines)
            if flush:
                files.sync(self._file.fileno())
            if os.fstat(self._file.fileno()).st_nlink == 0:
                raise FileNotFoundError(2, "the run's folder was removed")
        except OSError as error:
            if len(lines) > MAX_PENDING_EVENT_BYTES:
                kept = [line for line in self._pending_lines if not line.startswith(b'{"event": "progress"')]
                if len(kept) < len(self._pending_lines):
                    self._note_loss("parts of the batch curve")
                self._pending_lines = kept
            self._note_failure("events", error)
        else:
            self._note_success("events")

    def save_weights(self, epoch: int, weights: Mapping[str, Any]) -> None:
        """Store an epoch's weights; equal weights produce identical files."""
        import torch

        buffer = io.BytesIO()  # torch.save would include the name of a file in the archive
        torch.save({name: tensor.detach().cpu() for name, tensor in weights.items()}, buffer)
        if self.folder.version(epoch):  # a partial epoch that is being repeated
            self._repeated[self.folder.checkpoint(epoch)] = epoch
        self._save(self.folder.checkpoint(epoch), buffer.getvalue())

    def save_state(self, state: TrainingState) -> None:
        """Store the training state, after the events before it: a resumed training does not repeat them."""
        from mnist_tui.engine.training.state import to_bytes

        self._write_pending_lines(flush=True)
        self._save(self.folder.state_file, to_bytes(state))

    def is_pending(self, epoch: int) -> bool:
        """Return whether an epoch's weights have not been written to the disk yet."""
        return self.folder.checkpoint(epoch) in self._pending_files

    def retry_pending(self) -> None:
        """Retry all pending writes."""
        if self._pending_files:
            self._write_pending_files()
        if self._pending_lines:
            self._write_pending_lines(flush=True)

    @property
    def failure(self) -> str:
        """What is currently not stored, and why; empty if everything is."""
        return "; ".join(self._failures.values())

    def take_notices(self) -> list[str]:
        """Return the messages for the user since the last call."""
        taken, self._notices = self._notices, []
        return taken

    def close(self) -> None:
        """Release the run."""
        if not self._file.closed:
            self._file.close()
            ownership.release(self.folder.path)

    def _save(self, path: Path, content: bytes) -> None:
        self._pending_files.pop(path, None)
        self._pending_files[path] = content
        self._write_pending_files()
        while len(self._pending_files) > 1 and sum(map(len, self._pending_files.values())) > MAX_PENDING_BYTES:
            self._pending_files.pop(next(iter(self._pending_files)))
            self._note_loss("some checkpoints")

    def _write_pending_files(self) -> None:
        for place, content in list(self._pending_files.items()):
            repeated = self._repeated.get(place)
            try:
                # Before, so that a crash leaves no results of other weights; after, for those stored in between.
                if repeated is not None:
                    self.folder.delete_derived_files(repeated)
                files.replace(place, content)
                if repeated is not None:
                    self.folder.delete_derived_files(repeated)
            except OSError as error:
                self._note_failure("checkpoints", error)
                break
            del self._pending_files[place]
        else:
            self._note_success("checkpoints")

    def _write(self, data: bytes) -> None:
        """Append all of `data` or none of it."""
        try:
            done = 0
            while done < len(data):
                done += self._file.write(data[done:]) or 0
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
            raise
        self._size += len(data)
        self._pending_lines.clear()

    def _ends_with_newline(self) -> bool:
        if self._size == 0:
            return True
        with (self.folder.path / EVENTS).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _note_failure(self, what: str, error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        if what not in self._failures:
            self._notices.append(f"{what} can't be stored in {self.folder.name} ({reason}): training continues")
        self._failures[what] = f"{what} could not be stored ({reason})"

    def _note_loss(self, what: str) -> None:
        """Record a permanent loss, which later successful writes do not clear."""
        words = f"{what} were dropped: too much data was waiting to be written"
        if words not in self._failures.values():
            self._notices.append(words)
        self._failures[f"{what} given up"] = words

    def _note_success(self, what: str) -> None:
        if self._failures.pop(what, ""):
            self._notices.append(f"{what} can be stored in {self.folder.name} again")


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that differ, each with its value before and after."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def _to_json(record: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(record, indent=2, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a path that is not UTF-8, whose bytes survive as escaped surrogates
        return json.dumps(record, indent=2).encode()


def _new_folder(runs_dir: Path, name: str) -> Path:
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"
    for suffix in ("", *(f"-{i}" for i in range(2, 1000))):
        path = runs_dir / (stem + suffix)
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{runs_dir / stem} exists, and so do 998 numbered variants of it")

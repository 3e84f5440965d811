"""The run folder: its layout and how it is read; `engine.runs.writer` writes it.

config.json     everything needed to repeat the run, including versions
events.jsonl    append-only; a truncated last line is normal and ignored
checkpoints/    epoch-0000.pt (untrained), epoch-0001.pt …: weights after each epoch; state.pt: state to resume from
owner.json      only while training: the process that writes the run
control         only while training: requests to that process, see engine.runs.remote
projections/    stored t-SNE embeddings
imagined/       stored imagined digits
figures/        exported figures
tensorboard/    event files of --tensorboard
log.txt         warnings, stray output of libraries, tracebacks

Deleted runs lie in the folder .trash beside the runs, see engine.runs.trash.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mnist_tui.engine import files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError, RunError, printable
from mnist_tui.engine.events import Event
from mnist_tui.engine.runs import checkpoint_file, creation, event_log, ownership, trash
from mnist_tui.engine.runs.creation import CONFIG

if TYPE_CHECKING:
    from mnist_tui.engine.training.state import TrainingState

FORMAT = 1
EVENTS = "events.jsonl"
EPOCH_FILE = re.compile(r"epoch-(\d{4,9})\.pt")
CHOOSE_ANOTHER_EPOCH = "choose another epoch (--epoch, or [ and ] in the console)"
Version: TypeAlias = tuple[int, int, int] | None
"""Modification time, size and inode of a weights file."""


def check_runs_folder(folder: Path) -> None:
    """Create the folder if it is missing; raise `ConfigError` if runs cannot be written to it."""
    reason = files.make_writable_folder(folder)
    if reason:
        problem = f"runs can't be stored in {folder} ({reason}): choose another folder with --runs-dir"
        raise ConfigError({"runs_dir": problem})


class RunFolder:
    """A stored run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Printable name; `path.name` is the exact one."""
        return printable(self.path.name)

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def state_file(self) -> Path:
        return self.checkpoints / "state.pt"

    def config(self) -> RunConfig:
        """Return the configuration of the run.

        Raises:
            RunError: It cannot be read.
        """
        return self.manifest()[0]

    def manifest(self) -> tuple[RunConfig, dict[str, Any]]:
        """Return the configuration and the complete content of `config.json`.

        Raises:
            RunError: It cannot be read.
        """
        path = self.path / CONFIG
        try:
            record = json.loads(files.read_limited(path, creation.MAX_CONFIG_BYTES).decode())
            if record["format"] > FORMAT:
                raise RunError(f"{path} was written by a newer mnist-tui: update this one to read it")
            return RunConfig.from_json(record["config"]), record
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RunError(
                f"{path} can't be read ({_first_line(error)}): choose another run, see mnist-tui runs"
            ) from error
        except ConfigError as error:
            raise RunError(f"{path} is not a valid configuration ({error}): choose another run") from error

    def events(self, *, progress: bool = True) -> Iterator[Event]:
        """Yield the stored events in order, without truncated or unknown lines.

        Args:
            progress: If False, skip the numerous `progress` events, which makes reading faster.

        Raises:
            RunError: The log cannot be read.
        """
        path = self.path / EVENTS
        try:
            with files.open_regular(path) as file:
                for line in event_log.lines(file):
                    event = event_log.event(line, progress=progress)
                    if event is not None:
                        yield event
        except OSError as error:
            raise RunError(
                f"{path} can't be read ({_first_line(error)}): choose another run, see mnist-tui runs"
            ) from error

    def epochs(self) -> list[int]:
        """Return the epochs whose weights are stored, ascending; 0 is the untrained network."""
        try:
            names = os.listdir(self.checkpoints)
        except OSError:
            return []
        return sorted(int(match[1]) for match in map(EPOCH_FILE.fullmatch, names) if match)

    def checkpoint(self, epoch: int) -> Path:
        """Return the path of an epoch's weights."""
        return self.checkpoints / f"epoch-{epoch:04}.pt"

    def version(self, epoch: int) -> Version:
        """Return a value that changes whenever an epoch's weights are replaced; None if they are not stored."""
        try:
            facts = self.checkpoint(epoch).stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def delete_derived_files(self, epoch: int) -> None:
        """Delete embeddings and imagined digits computed from weights being replaced; symlinks are not followed."""
        for folder, names in (("projections", f"tsne-*-{epoch}-*.npz"), ("imagined", f"*-{epoch}.npz")):
            if not (self.path / folder).is_symlink():
                found = list((self.path / folder).glob(names))
                with contextlib.suppress(OSError):
                    for path in found:
                        path.unlink()
                    if found:
                        files.sync_folder(self.path / folder)  # before the new weights can be on the disk

    def weights(self, epoch: int) -> dict[str, Any]:
        """Load an epoch's weights as a state dict on the CPU; no code in the file is executed.

        Raises:
            RunError: They are missing or cannot be read.
        """
        path = self.checkpoint(epoch)
        if not path.exists():
            stored = self.epochs()
            which = f"0 to {stored[-1]}" if stored else "none"
            raise RunError(f"{self.name} has no weights of epoch {epoch}; stored epochs: {which}")
        try:
            weights = checkpoint_file.load(path, checkpoint_file.WEIGHTS_LIMIT)
        except Exception as error:  # torch's unpickler raises arbitrary exceptions for damaged files
            raise RunError(f"{path} is damaged ({_first_line(error)}): {CHOOSE_ANOTHER_EPOCH}") from error
        if not isinstance(weights, dict):
            raise RunError(f"{path} holds no weights: {CHOOSE_ANOTHER_EPOCH}")
        return weights

    def state(self) -> TrainingState | None:
        """Load the last saved training state; None if none was saved.

        Raises:
            RunError: The file cannot be read.
        """
        from mnist_tui.engine.training.state import from_record

        path = self.state_file
        if not path.exists():
            return None
        try:
            return from_record(checkpoint_file.load(path, checkpoint_file.STATE_LIMIT))
        except Exception as error:  # torch's unpickler raises arbitrary exceptions for damaged files
            raise RunError(f"{path} can't be resumed from ({_first_line(error)}): start a new run") from error

    def is_live(self) -> bool:
        """Return whether a process is writing this run."""
        return ownership.is_owned(self.path / EVENTS)

    def owner(self) -> ownership.Owner | None:
        """Return the process that is writing this run, if known."""
        return ownership.owner(self.path)

    def delete(self) -> None:
        """Move the folder to the trash of the runs folder, see `engine.runs.trash`.

        Raises:
            RunError: The run is being written or cannot be moved.
        """
        if self.is_live():
            raise RunError(f"{self.name} is being trained: stop it first")
        try:
            trash.discard(self.path)
        except OSError as error:
            raise RunError(f"{self.name} can't be deleted ({_first_line(error)})") from error


def stored_runs(runs_dir: Path) -> list[RunFolder]:
    """Return the runs in a folder, the last created first; other folders are ignored."""
    try:
        paths = list(runs_dir.iterdir())
    except OSError:
        return []
    runs = [path for path in paths if not path.name.startswith(".") and is_run(path)]
    return [RunFolder(path) for path in sorted(runs, key=creation.order, reverse=True)]


def is_run(path: Path) -> bool:
    """Return whether a folder contains a run."""
    try:
        return (path / EVENTS).is_file()
    except OSError:  # not accessible
        return False


def find_run(runs_dir: Path, run: str) -> RunFolder:
    """Find a run: `latest`, a run's name with or without its timestamp, or the path of a run folder.

    Raises:
        RunError: There is no such run.
    """
    stored = stored_runs(runs_dir)
    if run == "latest":
        if stored:
            return stored[0]
        raise RunError(
            f"there is no run in {runs_dir} yet: train one with mnist-tui train, or choose another --runs-dir"
        )
    for folder in stored:
        if run in (folder.path.name, folder.name, _without_timestamp(folder.path.name)):
            return folder
    with contextlib.suppress(OSError, ValueError):  # invalid as a path
        path = files.user_path(run)
        if (path / EVENTS).is_file():
            return RunFolder(path.resolve())
    raise RunError(f"there is no run {run!r} in {runs_dir}: list the runs with mnist-tui runs")


def newest_live_run(runs_dir: Path) -> RunFolder:
    """Return the newest run that a process is writing.

    Raises:
        RunError: There is none.
    """
    for folder in stored_runs(runs_dir):
        if folder.is_live():
            return folder
    raise RunError(f"no run in {runs_dir} is being trained: name one, see mnist-tui runs")


def _without_timestamp(folder: str) -> str:
    """Remove the prefix `<date>-<time>-`."""
    return re.sub(r"^\d{8}-\d{6}-", "", folder)


def _first_line(error: BaseException) -> str:
    """Return the first line of an error, truncated to fit into a message."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = str(text).strip().splitlines()[0]
    return line if len(line) <= 120 else line[:119] + "…"

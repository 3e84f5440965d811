"""The run folder: what is in it and what is read of it again; `engine.runs.writer` writes it.

config.json     everything needed to repeat the run, versions included
events.jsonl    append-only; a torn last line is normal and ignored
checkpoints/    epoch-0000.pt (before training), epoch-0001.pt … the weights after each epoch; state.pt to go on from
owner.json      while it is written: which process writes it
control         while it is written: requests to it, see engine.remote
projections/    t-SNE pictures; imagined/ imagined digits: what took long to find
figures/        exports; tensorboard/ event files where they were asked for
log.txt         warnings, stray prints of libraries, tracebacks
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mnist_tui.engine import files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError, RunError
from mnist_tui.engine.events import Event
from mnist_tui.engine.runs import checkpoint_file, event_log, ownership

if TYPE_CHECKING:
    from mnist_tui.engine.training.state import TrainingState

FORMAT = 1
EVENTS = "events.jsonl"
EPOCH_FILE = re.compile(r"epoch-(\d{4,9})\.pt")
CONFIG = "config.json"
MAX_CONFIG_BYTES = 1 << 20
ANOTHER = "choose another epoch (--epoch, or [ and ] in the console)"
Version: TypeAlias = tuple[int, int, int] | None
"""Of an epoch's weights: the time, size and number of their file."""


def check_runs_folder(folder: Path) -> None:
    """Raises `ConfigError` where runs can't be written into the folder; makes it where it is missing."""
    reason = files.make_writable_folder(folder)
    if reason:
        problem = f"runs can't be stored in {folder} ({reason}): name another folder with --runs-dir"
        raise ConfigError({"runs_dir": problem})


class RunFolder:
    """A stored run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def state_file(self) -> Path:
        return self.checkpoints / "state.pt"

    def config(self) -> RunConfig:
        """The configuration that the run was made with.

        Raises `RunError` where it can't be read.
        """
        return self.manifest()[0]

    def manifest(self) -> tuple[RunConfig, dict[str, Any]]:
        """The configuration, and all of `config.json`.

        Raises `RunError` where it can't be read.
        """
        path = self.path / CONFIG
        try:
            if not path.is_file() and path.exists():
                raise ValueError("it is not a file")
            if path.stat().st_size > MAX_CONFIG_BYTES:
                raise ValueError("it is too large")
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["format"] > FORMAT:
                raise RunError(f"{path} was written by a newer mnist-tui: update this one to read it")
            return RunConfig.from_json(record["config"]), record
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RunError(f"{path} can't be read ({_short(error)}): choose another run, see mnist-tui runs") from error
        except ConfigError as error:
            raise RunError(f"{path} is not a valid configuration ({error}): choose another run") from error

    def events(self, *, progress: bool = True) -> Iterator[Event]:
        """The stored events in order; lines that are torn or not known are left out.

        Args:
            progress: False leaves out the many `progress` events, for a quick summary.

        Raises `RunError` where there is no log to read.
        """
        path = self.path / EVENTS
        try:
            with path.open("rb") as file:
                for line in event_log.lines(file):
                    event = event_log.event(line, progress=progress)
                    if event is not None:
                        yield event
        except OSError as error:
            raise RunError(f"{path} can't be read ({_short(error)}): choose another run, see mnist-tui runs") from error

    def epochs(self) -> list[int]:
        """The epochs whose weights are stored, ascending; 0 is the untrained network."""
        try:
            names = os.listdir(self.checkpoints)
        except OSError:
            return []
        return sorted(int(match[1]) for match in map(EPOCH_FILE.fullmatch, names) if match)

    def checkpoint(self, epoch: int) -> Path:
        """The file of an epoch's weights."""
        return self.checkpoints / f"epoch-{epoch:04}.pt"

    def version(self, epoch: int) -> Version:
        """Tells an epoch's weights from those that a resumed training puts in their place; None where none are."""
        try:
            facts = self.checkpoint(epoch).stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def forget_pictures(self, epoch: int) -> None:
        """Remove what was found with weights that are trained anew; a link to elsewhere is not followed."""
        for folder, names in (("projections", f"tsne-*-{epoch}-*.npz"), ("imagined", f"*-{epoch}.npz")):
            if not (self.path / folder).is_symlink():
                for path in (self.path / folder).glob(names):
                    with contextlib.suppress(OSError):
                        path.unlink()

    def weights(self, epoch: int) -> dict[str, Any]:
        """An epoch's weights as a state dict on the CPU; nothing in the file is executed.

        Raises `RunError` where they are missing or can't be read.
        """
        path = self.checkpoint(epoch)
        if not path.exists():
            stored = self.epochs()
            which = f"0 to {stored[-1]}" if stored else "none"
            raise RunError(f"{self.name} has no weights of epoch {epoch}: stored are {which}")
        try:
            weights = checkpoint_file.load(path, checkpoint_file.WEIGHTS_LIMIT)
        except Exception as error:  # torch raises whatever its unpickler meets in a damaged file
            raise RunError(f"{path} is damaged ({_short(error)}): {ANOTHER}") from error
        if not isinstance(weights, dict):
            raise RunError(f"{path} holds no weights: {ANOTHER}")
        return weights

    def state(self) -> TrainingState | None:
        """Where its training stood when that was last saved; None where it never was.

        Raises `RunError` where the file can't be read.
        """
        from mnist_tui.engine.training.state import from_record

        path = self.state_file
        if not path.exists():
            return None
        try:
            return from_record(checkpoint_file.load(path, checkpoint_file.STATE_LIMIT))
        except Exception as error:  # torch raises whatever its unpickler meets in a damaged file
            raise RunError(f"{path} can't be gone on from ({_short(error)}): train anew") from error

    def is_live(self) -> bool:
        """Whether a process is writing this run."""
        return ownership.is_owned(self.path / EVENTS)

    def owner(self) -> ownership.Owner | None:
        """Who is writing it, where that is known."""
        return ownership.owner(self.path)

    def delete(self) -> None:
        """Remove the folder and all that is in it.

        Raises `RunError` where the run is being written or can't be removed.
        """
        if self.is_live():
            raise RunError(f"{self.name} is being trained: stop it first")
        try:
            shutil.rmtree(self.path)
        except OSError as error:
            raise RunError(f"{self.name} can't be deleted ({_short(error)})") from error


def stored_runs(runs_dir: Path) -> list[RunFolder]:
    """The runs in a folder, the newest first; folders that are no runs are left out."""
    try:
        paths = list(runs_dir.iterdir())
    except OSError:
        return []
    runs = [path for path in paths if not path.name.startswith(".") and _is_run(path)]
    return [RunFolder(path) for path in sorted(runs, key=lambda path: _in_order(path.name), reverse=True)]


def _is_run(path: Path) -> bool:
    try:
        return (path / EVENTS).is_file()
    except OSError:  # somebody else's folder
        return False


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts `run-9` before `run-12`: the numbers in a name count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def find_run(runs_dir: Path, run: str) -> RunFolder:
    """The run that `run` means: `latest`, a run's name or the part of it behind the time, or a folder.

    Raises `RunError` where there is none.
    """
    stored = stored_runs(runs_dir)
    if run == "latest":
        if stored:
            return stored[0]
        raise RunError(f"there is no run in {runs_dir} yet: train one with mnist-tui train, or name a --runs-dir")
    for folder in stored:
        if run in (folder.name, _given_name(folder.name)):
            return folder
    with contextlib.suppress(RuntimeError, OSError, ValueError):  # a name that can't be a path is no run either
        path = Path(run).expanduser()
        if (path / EVENTS).is_file():
            return RunFolder(path.resolve())
    raise RunError(f"there is no run {run!r} in {runs_dir}: mnist-tui runs lists them")


def newest_live_run(runs_dir: Path) -> RunFolder:
    """The newest run that a process writes.

    Raises `RunError` where there is none.
    """
    for folder in stored_runs(runs_dir):
        if folder.is_live():
            return folder
    raise RunError(f"no run in {runs_dir} is being trained: name one, see mnist-tui runs")


def _given_name(folder: str) -> str:
    """The name behind `<date>-<time>-`."""
    return re.sub(r"^\d{8}-\d{6}-", "", folder)


def _short(error: BaseException) -> str:
    """An error's first line, cut to a length that fits into a message."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = str(text).strip().splitlines()[0]
    return line if len(line) <= 120 else line[:119] + "…"

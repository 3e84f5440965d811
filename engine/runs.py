"""The run folder: what a training writes, and what is read of it again.

config.json     everything needed to repeat the run, versions included
events.jsonl    append-only; a torn last line is normal and ignored
checkpoints/    epoch-0000.pt (before training), epoch-0001.pt … the weights after each epoch
log.txt         warnings, stray prints of libraries, tracebacks
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from engine import events, files
from engine.config import RunConfig
from engine.errors import ConfigError, RunError
from engine.events import Event

FORMAT = 1
NAME = re.compile(r"\w[\w.-]{0,63}")
MAX_NAME_BYTES = 200
"""A folder's name may have 255 bytes, and the time and a number come on top."""
EVENTS = "events.jsonl"
CONFIG = "config.json"
MAX_CONFIG_BYTES = 1 << 20


def runs_folder(option: str | os.PathLike[str] | None) -> Path:
    """Where runs are stored: the option, else `MNIST_TUI_RUNS`, else `runs` in the current folder.

    Raises `ConfigError` where `~name` is nobody's.
    """
    chosen = os.fspath(option or os.environ.get("MNIST_TUI_RUNS") or "runs")
    try:
        return Path(chosen).expanduser()
    except RuntimeError:
        problem = f"--runs-dir (or MNIST_TUI_RUNS) {chosen!r} begins with a home folder that is not known"
        raise ConfigError({"runs_dir": f"{problem}: write the path in full"}) from None


def check_name(name: str) -> None:
    """Raises `ConfigError` where a run's name could not be part of a folder's name."""
    if not NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_BYTES:
        problem = "--name must be 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise ConfigError({"name": problem})


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
            with path.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if not progress and line.startswith('{"event": "progress"'):
                        continue
                    event = events.from_json(line)
                    if event is not None:
                        yield event
        except OSError as error:
            raise RunError(f"{path} can't be read ({_short(error)}): choose another run, see mnist-tui runs") from error

    def epochs(self) -> list[int]:
        """The epochs whose weights are stored, ascending; 0 is the untrained network."""
        found = (re.fullmatch(r"epoch-(\d{4,9})\.pt", path.name) for path in self.checkpoints.glob("epoch-*.pt"))
        return sorted(int(match[1]) for match in found if match)

    def checkpoint(self, epoch: int) -> Path:
        """The file of an epoch's weights."""
        return self.checkpoints / f"epoch-{epoch:04}.pt"

    def weights(self, epoch: int) -> dict[str, Any]:
        """An epoch's weights as a state dict on the CPU; nothing in the file is executed.

        Raises `RunError` where they are missing or can't be read.
        """
        import torch

        path = self.checkpoint(epoch)
        if not path.exists():
            stored = self.epochs()
            which = f"0 to {stored[-1]}" if stored else "none"
            raise RunError(f"{self.name} has no weights of epoch {epoch}: stored are {which}")
        try:
            weights = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises whatever its unpickler meets in a damaged file
            raise RunError(f"{path} is damaged ({_short(error)}): choose another epoch with --epoch") from error
        if not isinstance(weights, dict):
            raise RunError(f"{path} holds no weights: choose another epoch with --epoch")
        return weights

    def is_live(self) -> bool:
        """Whether a process is writing this run."""
        try:
            with (self.path / EVENTS).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

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


class RunWriter:
    """Writes a run; holds its lock until it is closed."""

    def __init__(self, runs_dir: Path, name: str, config: RunConfig, facts: Mapping[str, Any]) -> None:
        """Make a new folder `<time>-<name>` in `runs_dir` and write its `config.json`.

        Args:
            facts: what else is needed to repeat the run: the data set that was used, its statistics …

        Raises OSError where it can't be written.
        """
        self.folder = RunFolder(_new_folder(runs_dir, name))
        self.folder.checkpoints.mkdir()
        record = {"format": FORMAT, "name": name, "created": time.time(), "config": config.to_json(), **facts}
        record["versions"] = _versions()
        files.replace(self.folder.path / CONFIG, json.dumps(record, indent=2, ensure_ascii=False).encode())
        self._events: IO[bytes] = (self.folder.path / EVENTS).open("ab")
        fcntl.flock(self._events, fcntl.LOCK_EX)

    def append(self, event: Event) -> None:
        """Store an event; all but `progress` are flushed to the disk."""
        self._events.write(events.to_json(event).encode() + b"\n")
        self._events.flush()
        if not isinstance(event, events.Progress):
            os.fsync(self._events.fileno())

    def save_weights(self, epoch: int, weights: Mapping[str, Any]) -> None:
        """Store an epoch's weights; equal weights give equal bytes."""
        import torch

        buffer = io.BytesIO()  # a file's own name would become part of the archive, and so of its checksum
        torch.save({name: tensor.detach().cpu() for name, tensor in weights.items()}, buffer)
        files.replace(self.folder.checkpoint(epoch), buffer.getvalue())

    def close(self) -> None:
        """Give the lock back."""
        self._events.close()


def stored_runs(runs_dir: Path) -> list[RunFolder]:
    """The runs in a folder, the newest first; folders that are no runs are left out."""
    try:
        paths = list(runs_dir.iterdir())
    except OSError:
        return []
    runs = [path for path in paths if _is_run(path)]
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


def _given_name(folder: str) -> str:
    """The name behind `<date>-<time>-`."""
    return re.sub(r"^\d{8}-\d{6}-", "", folder)


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

    from engine import __version__

    return {
        "mnist-tui": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "platform": platform.platform(),
    }


def _short(error: BaseException) -> str:
    """An error's first line, cut to a length that fits into a message."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    line = str(text).strip().splitlines()[0]
    return line if len(line) <= 120 else line[:119] + "…"

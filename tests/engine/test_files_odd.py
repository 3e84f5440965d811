"""Files that are pipes, devices or larger than they should be, and the order in which a disk gets what is written."""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path

import pytest

from mnist_tui.engine import files
from mnist_tui.engine.runs import ownership
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import Follower
from mnist_tui.engine.runs.log_file import BoundedLogFile
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training import cpu_threads
from tests.engine.stored_runs import EPOCHS, make_run, weights_of
from tests.helpers import QUICK, plant

pytestmark = pytest.mark.timeout(60)  # opening a pipe would wait for ever


@pytest.fixture(params=["pipe", "device", "folder", "loop", "nothing"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A path that is no regular file."""
    path = tmp_path / "odd"
    plant(path, request.param)
    return path


class TestReading:
    def test_only_regular_files_are_opened(self, odd: Path) -> None:
        with pytest.raises(OSError, match=r"it is not a file|No such file|Too many levels"):
            files.open_regular(odd)
        with pytest.raises(OSError, match=r"it is not a file|No such file|Too many levels"):
            files.read_limited(odd, 100)

    def test_a_file_and_a_link_to_one(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"12345")
        (tmp_path / "link").symlink_to(tmp_path / "file")
        for name in ("file", "link"):
            assert files.read_limited(tmp_path / name, 5) == b"12345"
            with pytest.raises(ValueError, match="it is too large"):
                files.read_limited(tmp_path / name, 4)

    def test_an_event_log_that_is_no_file(self, odd: Path) -> None:
        odd.rename(odd.with_name("events.jsonl")) if os.path.lexists(odd) else None
        run = RunFolder(odd.parent)
        assert not run.is_live()
        assert Follower(run).read() == []

    def test_an_owner_that_is_no_file(self, odd: Path) -> None:
        odd.rename(odd.with_name("owner.json")) if os.path.lexists(odd) else None
        assert ownership.owner(odd.parent) is None

    @pytest.mark.parametrize("text", ["[" * 50_000, '{"x": 1e999}', "NaN", " " * 2_000_000])
    def test_a_cache_of_threads_that_is_damaged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setattr(cpu_threads, "_cache_file", lambda: tmp_path / "threads.json")
        (tmp_path / "threads.json").write_text(text)
        assert cpu_threads._load_cache() == {}

    def test_a_cache_of_threads_that_is_no_file(self, odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cpu_threads, "_cache_file", lambda: odd)
        assert cpu_threads._load_cache() == {}


def test_a_log_that_is_a_pipe_waits_for_no_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.txt")
    log = BoundedLogFile(tmp_path / "log.txt")
    log.handle(logging.makeLogRecord({"msg": "a warning"}))
    log.close()
    assert stat.S_ISFIFO((tmp_path / "log.txt").stat().st_mode)


class TestOrder:
    """What is flushed to the disk, and when: without it a power failure undoes renames."""

    @pytest.fixture
    def steps(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The names of what is flushed and renamed."""
        done: list[str] = []
        sync, rename = os.fsync, os.rename

        def fsync(file: int) -> None:
            name = Path(os.readlink(f"/proc/self/fd/{file}")).name
            done.append(f"sync {'temporary' if name.startswith('.') and not name.startswith('.2') else name}")
            sync(file)

        def replace(source: Path, target: Path) -> None:
            done.append(f"rename to {Path(target).name}")
            rename(source, target)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(os, "rename", replace)
        return done

    def test_a_replaced_file(self, tmp_path: Path, steps: list[str]) -> None:
        files.replace(tmp_path / "a", b"x")
        assert steps == ["sync temporary", "rename to a", f"sync {tmp_path.name}"]

    def test_new_files(self, tmp_path: Path, steps: list[str]) -> None:
        files.write_unique(tmp_path, "a", {"png": b"x"})
        assert steps == ["sync temporary", f"sync {tmp_path.name}"]

    def test_new_folders(self, tmp_path: Path, steps: list[str]) -> None:
        assert files.make_writable_folder(tmp_path / "a" / "b") == ""
        assert sorted(steps) == sorted(["sync a", f"sync {tmp_path.name}"])
        steps.clear()
        assert files.make_writable_folder(tmp_path / "a" / "b") == ""
        assert steps == []

    def test_a_new_run(self, tmp_path: Path, steps: list[str]) -> None:
        writer = RunWriter.create(tmp_path, "run", QUICK, {})
        assert steps[-2:] == [f"rename to {writer.folder.path.name}", f"sync {tmp_path.name}"]
        writer.close()

    def test_an_epoch(self, tmp_path: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mnist_tui.engine.training.state.to_bytes", lambda state: b"state")
        writer = RunWriter.create(tmp_path, "run", QUICK, {})
        steps.clear()
        writer.save_weights(1, weights_of(QUICK))
        writer.save_state(None)  # type: ignore[arg-type]
        writer.append(EPOCHS[0])
        writer.close()
        weights = ["sync temporary", "rename to epoch-0001.pt", "sync checkpoints"]
        state = ["sync temporary", "rename to state.pt", "sync checkpoints"]
        # The batch curve of the epoch comes before its state: a resumed training does not repeat it.
        assert steps == [*weights, "sync events.jsonl", *state, "sync events.jsonl"]

    def test_stale_answers_are_gone_before_their_weights(self, tmp_path: Path, steps: list[str]) -> None:
        run = make_run(tmp_path, "a")
        (run.path / "projections").mkdir()
        (run.path / "projections" / "tsne-hidden-test-1-100.npz").touch()
        run.delete_derived_files(1)
        assert steps == ["sync projections"]
        run.delete_derived_files(1)
        assert steps == ["sync projections"]

    def test_folders_that_can_not_be_synced(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As on some network file systems: the files are complete all the same."""
        opened = os.open

        def refuse(path: str, flags: int, *rest: int, **options: int) -> int:
            if flags & os.O_DIRECTORY:
                raise PermissionError(13, "Permission denied")
            return opened(path, flags, *rest, **options)

        monkeypatch.setattr(os, "open", refuse)
        files.replace(tmp_path / "a", json.dumps(1).encode())
        assert (tmp_path / "a").read_bytes() == b"1"

"""Following an event log that other programs write into, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_tui.engine.events import Epoch, Notice, to_json
from mnist_tui.engine.runs.event_log import MAX_LINE
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import Follower, follow

EPOCH = Epoch(1, 1.0, 0.5, 1.0, 0.5, 1.0, True)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a run without a writer; it is read a thousand bytes at a time."""
    monkeypatch.setattr("mnist_tui.engine.runs.follow.CHUNK", 1000)
    return tmp_path / "events.jsonl"


@pytest.mark.parametrize("foreign", [b"a foreign line\n" * 500, b"x" * (MAX_LINE + 5000) + b"\n"])
def test_foreign_lines_are_not_the_end(log: Path, foreign: bytes) -> None:
    told = [Notice("before"), EPOCH]
    log.write_bytes(to_json(told[0]).encode() + b"\n" + foreign + to_json(told[1]).encode() + b"\n")
    assert list(follow(RunFolder(log.parent))) == told


def test_events_after_foreign_lines_are_read(log: Path) -> None:
    log.write_bytes(b"a foreign line\n" * 500)
    follower = Follower(RunFolder(log.parent))
    assert follower.read() == []
    with log.open("ab") as file:
        file.write(to_json(EPOCH).encode()[:20])
        file.flush()
        assert follower.read() == []
        file.write(to_json(EPOCH).encode()[20:] + b"\n")
    assert follower.read() == [EPOCH]
    follower.close()

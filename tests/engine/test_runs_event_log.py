"""The event log of a run, read where it is truncated or has foreign lines."""

import pytest

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import to_json
from mnist_tui.engine.runs import event_log
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.follow import Follower
from tests.engine.stored_runs import EPOCHS, make_run


class TestEventsLog:
    def test_a_truncated_last_line_is_ignored(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        path = run.path / "events.jsonl"
        whole = path.read_bytes()
        last = whole.rstrip(b"\n").rfind(b"\n") + 1
        for end in (last + 1, last + 30, len(whole) - 2):
            path.write_bytes(whole[:end])
            assert list(run.events()) == EPOCHS[:2]

    def test_truncated_within_a_character(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS[:1])
        with (run.path / "events.jsonl").open("ab") as file:
            file.write(b'{"event": "phase", "name": "load", "detail": "' + "é".encode()[:1])
        assert list(run.events()) == EPOCHS[:1]

    def test_foreign_lines_are_ignored(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        path = run.path / "events.jsonl"
        good = path.read_bytes().splitlines(keepends=True)
        noise = [b"\n", b"\xff\xfe\x00\n", b"hello\n", b'{"event": "later"}\n', b"[" * 100_000 + b"\n"]
        path.write_bytes(b"".join([*noise, good[0], *noise, *good[1:], *noise]))
        assert list(run.events()) == EPOCHS

    def test_missing(self, tmp_path):
        with pytest.raises(RunError, match=r"events\.jsonl can't be read"):
            list(RunFolder(tmp_path / "missing").events())

    def test_nothing_is_read_behind_a_line_without_end(self, tmp_path, monkeypatch):
        # Such as a sparse file of a terabyte, which would take an hour to skip.
        monkeypatch.setattr(event_log, "MAX_SKIPPED", 2 * event_log.MAX_LINE)
        run = make_run(tmp_path, "a", EPOCHS[:1])
        path = run.path / "events.jsonl"
        for length, expected in ((2 * event_log.MAX_LINE, EPOCHS[:2]), (4 * event_log.MAX_LINE, EPOCHS[:1])):
            path.write_bytes(
                b"".join([to_json(EPOCHS[0]).encode(), b"\n", bytes(length), b"\n", to_json(EPOCHS[1]).encode(), b"\n"])
            )
            assert list(run.events()) == expected
            follower = Follower(run)
            assert follower.read() + follower.read() == expected
            follower.close()

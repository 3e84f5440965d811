"""Files are replaced atomically, or stay as they were."""

import os

import pytest

from mnist_tui.engine import files


class TestReplace:
    def test_replaces_and_leaves_nothing_else(self, tmp_path):
        path = tmp_path / "file"
        files.replace(path, b"old")
        files.replace(path, b"new")
        assert path.read_bytes() == b"new"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_failure_keeps_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "file"
        files.replace(path, b"old")

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.replace(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]

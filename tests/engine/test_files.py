"""Files are replaced atomically, or stay as they were; every user has folders."""

import errno
import os
import pwd
import stat
from pathlib import Path

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


class TestPermissions:
    @pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
    def test_follow_the_umask(self, tmp_path, mask, mode):
        before = os.umask(mask)
        try:
            files.replace(tmp_path / "one", b"")
            (other,) = files.write_unique(tmp_path, "two", {"txt": b""})
        finally:
            os.umask(before)
        assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "one", other)] == [mode, mode]

    def test_need_no_chmod(self, tmp_path, monkeypatch):
        """Mounted buckets refuse it."""

        def refuse(*_, **__):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        for name in ("chmod", "fchmod"):
            monkeypatch.setattr(os, name, refuse)
        files.replace(tmp_path / "one", b"1")
        files.write_unique(tmp_path, "two", {"txt": b"2"})
        assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two.txt"]


class TestSync:
    @pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EROFS])
    def test_may_be_refused(self, tmp_path, monkeypatch, number):
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(number, os.strerror(number))))
        files.replace(tmp_path / "file", b"whole")
        assert (tmp_path / "file").read_bytes() == b"whole"

    @pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
    def test_reports_lost_data(self, tmp_path, monkeypatch, number):
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(number, os.strerror(number))))
        with pytest.raises(OSError, match=os.strerror(number)):
            files.replace(tmp_path / "file", b"lost")
        assert list(tmp_path.iterdir()) == []


class TestUserFolder:
    @pytest.fixture
    def nobody(self, monkeypatch, tmp_path):
        """A user without a home folder and without an account."""

        def unknown(_):
            raise KeyError

        monkeypatch.setattr(pwd, "getpwuid", unknown)
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))

    @pytest.mark.parametrize("kind", ["cache", "config", "log"])
    def test_is_private_and_temporary_without_a_home(self, nobody, tmp_path, kind):
        folder = files.user_folder(kind)
        assert folder.is_relative_to(tmp_path)
        assert folder == files.user_folder(kind)
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700

    def test_is_not_one_that_others_prepared(self, nobody, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / f"mnist-tui-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
        folder = files.user_folder("log").parent
        assert folder.is_dir()
        assert folder.resolve().parent == tmp_path
        assert folder.resolve().name != "elsewhere"

    def test_follows_the_standard_with_a_home(self, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert files.user_folder("config") == tmp_path / "mnist-tui"


class TestUserPath:
    def test_without_a_home_a_tilde_leads_nowhere(self):
        with pytest.raises(ValueError, match="unknown user's home folder; write out the full path"):
            files.user_path("~no-such-user/x")

    def test_relative_to_a_deleted_folder_leads_nowhere(self, tmp_path, monkeypatch):
        (tmp_path / "gone").mkdir()
        monkeypatch.chdir(tmp_path / "gone")
        monkeypatch.setattr(files, "_left_deleted_folder", False)
        assert files.user_path("runs") == Path("runs")
        (tmp_path / "gone").rmdir()
        files.leave_deleted_folder()
        assert os.getcwd() == "/"
        assert files.user_path(tmp_path) == tmp_path
        with pytest.raises(ValueError, match="relative to the current folder, which was deleted"):
            files.user_path("runs")

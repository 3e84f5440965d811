"""Downloads from mirrors that misbehave in every way they can."""

import errno
import os
import resource
import socket
import threading

import pytest

from mnist_tui.engine.data import download as module
from mnist_tui.engine.data.mirrors import DownloadError
from tests.engine.downloads import DATA, fetch, use
from tests.engine.mirror import listing, mirror
from tests.helpers import HANG

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("impatient")]


FAULTS = {
    "refuse": "refused the connection",
    "hang up": "closed the connection without a response",
    "silent": "did not respond within 0.3 s",
    "not found": "returned 404 Not Found",
    "busy": "returned 503 Service Unavailable",
    "stall": "stopped sending for 0.3 s",
    "cut": "dropped the connection after",
    "cut unannounced": "sent a file with a wrong checksum",
    "web page": "sent a web page instead of the file",
    "web page as gzip": "sent something that is not a gzip file",
    "wrong": "sent a file with a wrong checksum",
    "long": "sent a file with a wrong checksum",
    "empty": "sent nothing",
    "endless": "sent a file that is far too large",
    "huge": "offers a file that is far too large",
    "redirect to ftp": "redirects to an address that is neither http nor https",
    "not http": "sent an invalid HTTP response",
}
MISSING = "train-images-idx3-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte"
"""What the fixture's folder lacks."""


class TestFailure:
    @pytest.mark.parametrize(("fault", "reason"), FAULTS.items())
    def test_the_reason_is_reported_and_the_folder_unchanged(self, folder, monkeypatch, fault, reason):
        before = listing(folder)
        # The first file is complete, so that there is something to remove.
        with mirror(DATA.gz, fault, only="t10k") as bad:
            use(monkeypatch, bad.url)
            with pytest.raises(DownloadError) as caught:
                fetch(folder)
        assert listing(folder) == before
        error = caught.value
        host = bad.url.removeprefix("http://")
        assert error.reason.startswith(f"{host} {reason}")
        assert str(error) == (
            f"Tiny could not be downloaded: {error.reason}; "
            f"put {MISSING} into {folder}/Tiny/raw, or choose another folder with --data-dir"
        )
        assert "\n" not in str(error)

    def test_every_mirror_is_tried_twice(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "not found") as one, mirror(DATA.gz, "busy") as two:
            use(monkeypatch, one.url, two.url)
            with pytest.raises(DownloadError, match="and 1 other mirror failed too"):
                fetch(tmp_path)
        assert len(one.requests) == len(two.requests) == 2

    def test_the_failure_with_the_most_progress_is_reported(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "refuse") as one, mirror(DATA.gz, "wrong") as two, mirror(DATA.gz, "not found") as three:
            use(monkeypatch, one.url, two.url, three.url)
            with pytest.raises(DownloadError, match="wrong checksum, and 2 other mirrors failed too"):
                fetch(tmp_path)

    def test_empty_folders_are_removed_after_a_failure(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "wrong") as bad:
            use(monkeypatch, bad.url)
            with pytest.raises(DownloadError):
                fetch(tmp_path / "cache" / "mnist-tui" / "data")
        assert listing(tmp_path) == {}

    def test_no_name_service(self, tmp_path, monkeypatch):
        def fail(*_, **__):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        use(monkeypatch, "http://mirror.invalid")
        with pytest.raises(
            DownloadError, match=r"mirror\.invalid can't be resolved, perhaps because there is no network"
        ):
            fetch(tmp_path)

    def test_drip(self, tmp_path, monkeypatch):
        # Each read succeeds in time, and the file would take twenty minutes.
        monkeypatch.setattr(module, "STALL_SECONDS", 0.4)
        with mirror(DATA.gz, "drip") as slow:
            use(monkeypatch, slow.url)
            with pytest.raises(DownloadError, match=r"stalled after \d+ bytes"):
                fetch(tmp_path)
        assert listing(tmp_path) == {}

    def test_a_hang_without_a_socket_timeout(self, tmp_path, monkeypatch):
        def hang(*_, **__):
            released.wait(HANG)
            raise socket.gaierror(socket.EAI_AGAIN, "too late")

        released = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", hang)
        monkeypatch.setattr(module, "STALL_SECONDS", 0.2)
        use(monkeypatch, "http://mirror.invalid")
        with pytest.raises(DownloadError, match=r"sent nothing for 0\.2 s"):
            fetch(tmp_path)
        released.set()

    def test_disk_is_full(self, folder, monkeypatch):
        before = listing(folder)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        with mirror(DATA.gz) as good:
            use(monkeypatch, good.url)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # writing fails as it does on a full disk
            try:
                with pytest.raises(DownloadError) as caught:
                    fetch(folder)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert f"there is not enough space in {folder}/Tiny/raw" in str(caught.value)
        assert str(caught.value).endswith("free some space, or choose another folder with --data-dir")
        assert listing(folder) == before

    def test_disk_is_full_at_fsync(self, folder, monkeypatch):
        def full(_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        before = listing(folder)
        monkeypatch.setattr(os, "fsync", full)
        with mirror(DATA.gz) as good:
            use(monkeypatch, good.url)
            with pytest.raises(DownloadError, match="there is not enough space in"):
                fetch(folder)
        assert listing(folder) == before

    def test_folder_can_not_be_made(self, tmp_path, monkeypatch):
        (tmp_path / "Tiny").write_text("a file where a folder belongs")
        before = listing(tmp_path)
        use(monkeypatch, "http://127.0.0.1:1")
        with pytest.raises(DownloadError, match=r"Tiny/raw can't be written \(.*\); put the four files"):
            fetch(tmp_path)
        assert listing(tmp_path) == before

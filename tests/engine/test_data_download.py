"""Downloading, from a mirror on this machine that misbehaves in every way it can."""

import contextlib
import errno
import os
import resource
import socket
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_tui.engine.data import download as module
from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.download import download
from mnist_tui.engine.data.mirrors import DownloadError, mirrors
from mnist_tui.engine.errors import Cancelled, ConfigError, DataError
from tests.engine.mirror import listing, mirror, tiny_data
from tests.helpers import HANG

DATA = tiny_data()
INFO = DATA.info
FIRST = f"{INFO.train_images.name}.gz"

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """No proxy between the tests and their mirror, and nobody waits for long."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "SOCKET_TIMEOUT", 0.3)
    monkeypatch.setattr(module, "BACK_OFF", 0.02)


@pytest.fixture
def folder(tmp_path):
    """A data folder that already holds one of the files, and something that is none of our business."""
    place = tmp_path / "data" / "Tiny" / "raw"
    place.mkdir(parents=True)
    (place / INFO.train_labels.name).write_bytes(DATA.raw[INFO.train_labels.name])
    (place / "notes.part").write_text("somebody else's")
    return tmp_path / "data"


def fetch(folder, cancelled=lambda: False):
    return list(download(INFO, folder, cancelled))


def transfers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("download from")]


def use(monkeypatch, *addresses):
    """These mirrors in torchvision's place."""
    monkeypatch.setattr(module, "mirrors", lambda info: [f"{address}/" for address in addresses])


class TestSuccess:
    def test_files_are_there_and_nothing_else(self, tmp_path, monkeypatch):
        with mirror(DATA.gz) as good:
            monkeypatch.setenv("MNIST_TUI_MIRROR", good.url)
            fetch(tmp_path / "new" / "data")
        found = listing(tmp_path / "new" / "data")
        assert found == {"Tiny": None, "Tiny/raw": None} | {f"Tiny/raw/{name}": DATA.gz[name] for name in DATA.gz}
        assert good.requests == [f"/Tiny/raw/{file.name}.gz" for file in INFO.files]

    def test_torchvision_reads_what_came(self, tmp_path, monkeypatch):
        from torchvision import datasets

        with mirror(DATA.gz) as good:
            monkeypatch.setenv("MNIST_TUI_MIRROR", good.url)
            fetch(tmp_path)
        reference = type("Tiny", (datasets.MNIST,), {"mirrors": [], "resources": []})
        reference.resources = [(f"{file.name}.gz", file.gz_md5) for file in INFO.files]
        reference.mirrors = ["http://127.0.0.1:1/"]  # must not be asked: the .gz files are there
        assert (reference(tmp_path, download=True).data.numpy() == DATA.images).all()

    def test_only_what_is_missing_is_asked_for(self, folder, monkeypatch):
        before = listing(folder)
        with mirror(DATA.gz) as good:
            use(monkeypatch, good.url)
            fetch(folder)
        assert f"/{INFO.train_labels.name}.gz" not in good.requests
        assert len(good.requests) == 3
        assert before.items() <= listing(folder).items()

    def test_nothing_happens_where_all_is_there(self, tmp_path, monkeypatch):
        DATA.write(tmp_path)
        use(monkeypatch)  # no mirror to ask
        before = listing(tmp_path)
        assert fetch(tmp_path) == []
        assert listing(tmp_path) == before

    @pytest.mark.parametrize("fault", ["refuse", "wrong", "cut", "stall", "web page", "not found", "not http"])
    def test_second_mirror(self, tmp_path, monkeypatch, fault):
        with mirror(DATA.gz, fault) as bad, mirror(DATA.gz) as good:
            use(monkeypatch, bad.url, good.url)
            fetch(tmp_path)
            assert len(bad.requests) <= 1  # the good one is asked first from then on
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz

    @pytest.mark.parametrize("fault", ["busy", "wrong", "long", "cut", "silent"])
    def test_second_round(self, tmp_path, monkeypatch, fault):
        with mirror(DATA.gz, fault, times=1) as shaky:
            use(monkeypatch, shaky.url)
            fetch(tmp_path)
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz

    def test_redirect_is_followed(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "redirect", times=1) as moved:
            use(monkeypatch, moved.url)
            fetch(tmp_path)
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz

    def test_proxy_is_used(self, tmp_path, monkeypatch):
        with mirror(DATA.gz) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("MNIST_TUI_MIRROR", "http://data.invalid/sets/")
            fetch(tmp_path)
        assert proxy.requests[0] == f"http://data.invalid/sets/Tiny/raw/{FIRST}"
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz

    def test_others_may_read_the_files(self, tmp_path, monkeypatch):
        mask = os.umask(0o022)
        try:
            with mirror(DATA.gz) as good:
                use(monkeypatch, good.url)
                fetch(tmp_path)
        finally:
            os.umask(mask)
        assert stat.S_IMODE((tmp_path / "Tiny" / "raw" / FIRST).stat().st_mode) == 0o644

    def test_progress(self, tmp_path, monkeypatch):
        monkeypatch.setattr(module, "SOCKET_TIMEOUT", 5.0)
        with mirror(DATA.gz, "drip", only=FIRST, times=1) as slow, mirror(DATA.gz) as good:
            use(monkeypatch, slow.url, good.url)
            monkeypatch.setattr(module, "STALL_SECONDS", 1.0)
            begin = time.monotonic()
            phases = fetch(tmp_path)
            seconds = time.monotonic() - begin
        assert {phase.name for phase in phases} == {"download"}
        assert {phase.detail for phase in phases} <= set(DATA.gz)
        moving = [phase for phase in phases if phase.detail == FIRST and phase.done]
        assert len(moving) >= 3
        assert all(0 < phase.done <= phase.total == len(DATA.gz[FIRST]) for phase in moving)
        assert [phase.done for phase in moving] == sorted(phase.done for phase in moving)
        dripping = [phase.rate for phase in moving if phase.done < 100]
        assert dripping
        assert all(0 < rate < 60 for rate in dripping)  # a byte each 0.05 s, or later on a busy machine
        assert len(phases) <= 2 + seconds * 10


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


class TestFailure:
    @pytest.mark.parametrize(("fault", "reason"), FAULTS.items())
    def test_reason_is_told_and_folder_is_as_before(self, folder, monkeypatch, fault, reason):
        before = listing(folder)
        # The first file comes well, so that there is something to take back.
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
            f"put the four files into {folder}/Tiny/raw, or choose another folder with --data-dir"
        )
        assert "\n" not in str(error)

    def test_every_mirror_is_asked_twice(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "not found") as one, mirror(DATA.gz, "busy") as two:
            use(monkeypatch, one.url, two.url)
            with pytest.raises(DownloadError, match="and 1 other mirror failed too"):
                fetch(tmp_path)
        assert len(one.requests) == len(two.requests) == 2

    def test_the_failure_that_came_furthest_is_told(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "refuse") as one, mirror(DATA.gz, "wrong") as two, mirror(DATA.gz, "not found") as three:
            use(monkeypatch, one.url, two.url, three.url)
            with pytest.raises(DownloadError, match="wrong checksum, and 2 other mirrors failed too"):
                fetch(tmp_path)

    def test_folders_made_for_nothing_are_removed(self, tmp_path, monkeypatch):
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

    def test_hang_that_no_socket_timeout_sees(self, tmp_path, monkeypatch):
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

    def test_disk_is_full_when_it_counts(self, folder, monkeypatch):
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


class TestCancel:
    @pytest.mark.parametrize("fault", ["silent", "stall"])
    def test_while_the_socket_hangs(self, folder, monkeypatch, fault):
        monkeypatch.setattr(module, "SOCKET_TIMEOUT", 30.0)
        before = listing(folder)
        wanted = threading.Event()
        with mirror(DATA.gz, fault, only="t10k") as bad:
            use(monkeypatch, bad.url)
            threading.Timer(0.4, wanted.set).start()
            begin = time.monotonic()
            with pytest.raises(Cancelled):
                fetch(folder, wanted.is_set)
            assert time.monotonic() - begin < 10  # a third of the time-out
            assert listing(folder) == before  # at once, while the thread still hangs
        for thread in transfers():
            thread.join(HANG)
            assert not thread.is_alive()
        assert listing(folder) == before

    def test_program_ends_while_the_socket_hangs(self, tmp_path):
        code = f"""
import pathlib, time
from mnist_tui.engine.data import download
from mnist_tui.engine.errors import Cancelled
from tests.engine.mirror import tiny_data
download.SOCKET_TIMEOUT = 50.0
end = time.monotonic() + 0.3
try:
    list(download.download(tiny_data().info, pathlib.Path({str(tmp_path)!r}), lambda: time.monotonic() > end))
except Cancelled:
    print("cancelled")
"""
        with mirror(DATA.gz, "silent") as bad:
            environment = os.environ | {"MNIST_TUI_MIRROR": bad.url}
            result = subprocess.run(
                [sys.executable, "-c", code],
                cwd=Path(__file__).parents[2],
                env=environment,
                capture_output=True,
                text=True,
                timeout=HANG,
                check=False,
            )
        assert (result.stdout, result.stderr, result.returncode) == ("cancelled\n", "", 0)
        assert listing(tmp_path) == {}

    def test_between_the_rounds(self, tmp_path, monkeypatch):
        monkeypatch.setattr(module, "BACK_OFF", 60.0)
        wanted = threading.Event()
        with mirror(DATA.gz, "refuse") as bad:
            use(monkeypatch, bad.url)
            threading.Timer(0.3, wanted.set).start()
            with pytest.raises(Cancelled):
                fetch(tmp_path, wanted.is_set)
        assert listing(tmp_path) == {}

    def test_before_anything(self, tmp_path, monkeypatch):
        with mirror(DATA.gz) as good:
            use(monkeypatch, good.url)
            with pytest.raises(Cancelled):
                fetch(tmp_path, lambda: True)
        assert good.requests == []

    def test_generator_that_is_dropped(self, folder, monkeypatch):
        before = listing(folder)
        monkeypatch.setattr(module, "SOCKET_TIMEOUT", 5.0)
        with mirror(DATA.gz, "drip") as slow:
            use(monkeypatch, slow.url)
            running = download(INFO, folder, lambda: False)
            assert next(phase for phase in running if phase.done)
            with contextlib.closing(running):
                new = set(listing(folder)) - set(before)
                assert new  # or this test would show nothing
                assert all(name.endswith(".part") for name in new)  # nobody takes half a file for a whole one
            assert listing(folder) == before

    def test_thread_ends_while_the_mirror_still_sends(self, tmp_path, monkeypatch):
        vast = replace(INFO, train_images=replace(INFO.train_images, gz_bytes=10**10))
        with mirror(DATA.gz, "endless") as bad:
            use(monkeypatch, bad.url)
            with contextlib.closing(download(vast, tmp_path, lambda: False)) as running:
                next(phase for phase in running if phase.done)
            for thread in transfers():
                thread.join(HANG)
                assert not thread.is_alive()


class TestMirrors:
    @pytest.fixture(autouse=True)
    def _unset(self, monkeypatch):
        monkeypatch.delenv("MNIST_TUI_MIRROR", raising=False)

    @pytest.mark.parametrize("name", CATALOG)
    def test_torchvisions(self, name):
        from torchvision import datasets

        info = CATALOG[name]
        known = getattr(datasets, info.torchvision_class)
        if name == "qmnist":
            addresses = [url for part in ("train", "test") for url, _ in known.resources[part]]
            assert [f"{mirrors(info)[0]}{file.name}.gz" for file in info.files] == addresses
            assert len(mirrors(info)) == 1
        else:
            assert mirrors(info) == known.mirrors

    @pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://127.0.0.1:8000/", " http://127.0.0.1:8000 "])
    def test_ones_own_alone(self, monkeypatch, base):
        monkeypatch.setenv("MNIST_TUI_MIRROR", base)
        assert mirrors(CATALOG["fashion-mnist"]) == ["http://127.0.0.1:8000/FashionMNIST/raw/"]

    @pytest.mark.parametrize(
        "base",
        ["ftp://host/x", "file:///etc", "host/x", "http://", "http://[::1", "http://host:port", "http://host/a b"],
    )
    def test_wrong_address(self, monkeypatch, base):
        monkeypatch.setenv("MNIST_TUI_MIRROR", base)
        with pytest.raises(ConfigError, match="MNIST_TUI_MIRROR must be an http or https URL") as caught:
            mirrors(INFO)
        assert list(caught.value.problems) == ["mirror"]

    @pytest.mark.parametrize("base", ["http://me:hidden@host/x", "https://host/x?key=hidden", "https://host/x#hidden"])
    def test_secrets_are_not_repeated(self, monkeypatch, base):
        monkeypatch.setenv("MNIST_TUI_MIRROR", base)
        with pytest.raises(ConfigError, match="must be a plain URL") as caught:
            mirrors(INFO)
        assert "hidden" not in str(caught.value)

    def test_torchvision_that_does_not_fit(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "torchvision", None)
        with pytest.raises(DataError, match="torchvision, which lists the mirrors, can't be imported"):
            fetch(tmp_path)
        assert listing(tmp_path) == {}

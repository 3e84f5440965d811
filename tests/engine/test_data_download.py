"""Downloading from a mirror on this machine, and cancelling it."""

import contextlib
import os
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_tui.engine.data import download as module
from mnist_tui.engine.data.download import download
from mnist_tui.engine.errors import Cancelled
from tests.engine.downloads import DATA, FIRST, INFO, fetch, transfers, use
from tests.engine.mirror import listing, mirror
from tests.helpers import HANG

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("impatient")]


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
        reference.mirrors = ["http://127.0.0.1:1/"]  # must not be used: the .gz files are there
        assert (reference(tmp_path, download=True).data.numpy() == DATA.images).all()

    def test_only_what_is_missing_is_asked_for(self, folder, monkeypatch):
        before = listing(folder)
        with mirror(DATA.gz) as good:
            use(monkeypatch, good.url)
            fetch(folder)
        assert f"/{INFO.train_labels.name}.gz" not in good.requests
        assert len(good.requests) == 3
        assert before.items() <= listing(folder).items()

    def test_complete_data_needs_no_download(self, tmp_path, monkeypatch):
        DATA.write(tmp_path)
        use(monkeypatch)  # no mirror
        before = listing(tmp_path)
        assert fetch(tmp_path) == []
        assert listing(tmp_path) == before

    @pytest.mark.parametrize("fault", ["refuse", "wrong", "cut", "stall", "web page", "not found", "not http"])
    def test_second_mirror(self, tmp_path, monkeypatch, fault):
        with mirror(DATA.gz, fault) as bad, mirror(DATA.gz) as good:
            use(monkeypatch, bad.url, good.url)
            fetch(tmp_path)
            assert len(bad.requests) <= 1  # the good one is tried first from then on
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
            assert listing(folder) == before  # immediately, while the thread still hangs
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

    def test_closing_the_generator_removes_partial_files(self, folder, monkeypatch):
        before = listing(folder)
        monkeypatch.setattr(module, "SOCKET_TIMEOUT", 5.0)
        with mirror(DATA.gz, "drip") as slow:
            use(monkeypatch, slow.url)
            running = download(INFO, folder, lambda: False)
            assert next(phase for phase in running if phase.done)
            with contextlib.closing(running):
                new = set(listing(folder)) - set(before)
                assert new  # otherwise this test would check nothing
                assert all(name.endswith(".part") for name in new)  # a partial file is not taken for a complete one
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

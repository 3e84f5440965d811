"""Files in the place of IDX files that would fill the memory, wait forever or can't be read."""

import contextlib
import gzip
import os
import struct
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from mnist_tui.engine.data.files import visible_fault
from mnist_tui.engine.data.idx import read_images
from mnist_tui.engine.errors import DataError
from tests.engine.idx_helpers import fault_of
from tests.engine.mirror import TRAIN, tiny_data

IMAGES = tiny_data().info.train_images


class TestHostileFiles:
    def test_gzip_bomb_is_not_unpacked(self, tmp_path):
        # 20 MB in a file that is no longer than the images' own, which noise makes hard to compress.
        bomb = gzip.compress(struct.pack(">4I", 0x803, TRAIN, 28, 28) + bytes(20_000_000))
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(bomb)
        with bounded_memory(2_000_000):
            assert "decompresses to more than the expected 23,536 bytes" in fault_of(tmp_path, IMAGES)

    def test_gzip_bomb_within_a_gzip_file_is_not_unpacked(self, tmp_path):
        bomb = gzip.compress(gzip.compress(struct.pack(">4I", 0x803, TRAIN, 28, 28) + bytes(20_000_000)))
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(bomb)
        with bounded_memory(2_000_000):
            assert "decompresses to more than the expected 23,536 bytes" in fault_of(tmp_path, IMAGES)

    @pytest.mark.parametrize("ending", ["", ".gz"])
    def test_vast_file_is_not_read(self, tmp_path, ending):
        with (tmp_path / f"{IMAGES.name}{ending}").open("wb") as file:
            file.write(tiny_data().gz[f"{IMAGES.name}.gz"] if ending else tiny_data().raw[IMAGES.name])
            file.truncate(10**10)
        with bounded_memory(2_000_000):
            assert "is too long: 10,000,000,000 bytes" in fault_of(tmp_path, IMAGES)

    def test_a_folder_instead_of_the_file(self, tmp_path):
        (tmp_path / IMAGES.name).mkdir()
        assert "is not a regular file" in fault_of(tmp_path, IMAGES)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    @pytest.mark.timeout(20)  # opening a pipe would wait forever for a writer
    def test_a_pipe_instead_of_the_file(self, tmp_path):
        os.mkfifo(tmp_path / IMAGES.name)
        assert "is not a regular file" in fault_of(tmp_path, IMAGES)
        assert visible_fault(tmp_path / IMAGES.name, IMAGES) == "is not a regular file"

    def test_dangling_link(self, tmp_path):
        (tmp_path / IMAGES.name).symlink_to(tmp_path / "gone")
        assert "can't be read (No such file or directory)" in fault_of(tmp_path, IMAGES)

    def test_name_that_can_not_be_printed(self, tmp_path):
        odd = tmp_path / "a\nb\udcff\x1b[31m"
        odd.mkdir()
        with pytest.raises(DataError) as caught:
            read_images(odd, IMAGES)
        str(caught.value).encode()  # a lone surrogate could not be
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize("closed", ["file", "folder"])
    def test_no_permission(self, unprivileged_folder, closed):
        place = tiny_data().write(unprivileged_folder)
        path = place / IMAGES.name if closed == "file" else place
        path.chmod(0)
        with unprivileged():
            text = fault_of(place, IMAGES)
            seen = visible_fault(place / IMAGES.name, IMAGES)
        path.chmod(0o755)
        assert "can't be read (Permission denied); make it readable, or choose another folder" in text
        assert seen == "can't be read (Permission denied)"


@pytest.fixture
def unprivileged_folder():
    """A folder that an ordinary user reaches: pytest's own is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.contextmanager
def unprivileged():
    """Run as an ordinary user, also where root runs the tests, for whom permissions do not apply."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    os.setresuid(nobody, nobody, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@contextlib.contextmanager
def bounded_memory(limit):
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()

"""Short forms of `make torture` and `make attack`: a few kills, cuts of power and attacks of all."""

import os
import random
import subprocess
import sys

import pytest

from tests.helpers import HANG, ROOT
from tests.power import Disk


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kills_at_random_moments_and_at_steps_of_writing():
    # In a process of its own: forking one that has computed with torch's threads is not safe.
    arguments = ["-m", "tests.torture", "--kills", "6", "--writes", "9", "--cuts", "12", "--epochs", "6", "--seed", "3"]
    outcome = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "everything was readable and equal" in outcome.stdout
    assert "| 6 kills at random moments | |" in outcome.stdout
    assert "cuts of power at steps of writing | |" in outcome.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_few_attacks_do_no_harm():
    arguments = ["-m", "tests.attack", "--brief", "--jobs", "1"]
    outcome = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "attacks, 0 bad" in outcome.stdout


class TestPower:
    """What a cut of power leaves in the model that the torture uses: without this it would find nothing."""

    def left(self, disk, tmp_path, extent):
        target = tmp_path / "after" / extent
        target.parent.mkdir(exist_ok=True)
        disk.write(target, extent, random.Random(1))
        return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}

    def test_nothing_is_kept_that_was_not_flushed(self, tmp_path):
        root = tmp_path / "root"
        root.mkdir()
        disk = Disk.of(root)
        (root / "a").write_bytes(b"12")
        disk.look()
        assert self.left(disk, tmp_path, "all is lost") == {}
        assert self.left(disk, tmp_path, "all is torn")["a"] in (b"", b"1", b"\0\0")

    def test_a_flushed_file_needs_its_name(self, tmp_path):
        root = tmp_path / "root"
        root.mkdir()
        disk = Disk.of(root)
        (root / "a").write_bytes(b"12")
        disk.look()
        self.flush(disk, root / "a")
        assert self.left(disk, tmp_path, "all is lost") == {}
        self.flush(disk, root)
        assert self.left(disk, tmp_path, "by chance") == {"a": b"12"}

    def test_a_rename_is_lost_with_its_folder(self, tmp_path):
        root = tmp_path / "root"
        root.mkdir()
        (root / "a").write_bytes(b"old")
        disk = Disk.of(root)
        (root / "b").write_bytes(b"new")
        disk.look()
        self.flush(disk, root / "b")
        os.rename(root / "b", root / "a")
        disk.look()
        assert self.left(disk, tmp_path, "all is lost") == {"a": b"old"}
        assert self.left(disk, tmp_path, "all is torn") == {"a": b"new"}

    def test_of_an_appended_file_the_flushed_part_is_kept(self, tmp_path):
        root = tmp_path / "root"
        root.mkdir()
        (root / "a").write_bytes(b"first ")
        disk = Disk.of(root)
        with (root / "a").open("ab") as file:
            file.write(b"second")
        disk.look()
        assert self.left(disk, tmp_path, "all is lost") == {"a": b"first "}
        assert self.left(disk, tmp_path, "all is torn")["a"].startswith(b"first ")

    def flush(self, disk, path):
        handle = os.open(path, os.O_RDONLY)
        disk.flush(handle)
        os.close(handle)

"""Reading IDX files: equal to torchvision on valid ones, and a precise error on all others."""

import bz2
import gzip
import lzma
import struct

import numpy as np
import pytest

from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.files import visible_fault
from mnist_tui.engine.data.idx import read_images, read_labels
from tests.engine.idx_helpers import fault_of
from tests.engine.mirror import TRAIN, idx, source_file, tiny_data

MNIST = CATALOG["mnist"]
IMAGES = tiny_data().info.train_images
LABELS = tiny_data().info.train_labels


@pytest.fixture
def linked(mnist_folder, tmp_path):
    """The real MNIST in a folder where a file can be replaced."""
    for file in MNIST.files:
        (tmp_path / file.name).symlink_to((mnist_folder / "MNIST" / "raw" / file.name).resolve())
    return tmp_path


def replace_file(path, content):
    path.unlink()
    path.write_bytes(content)


class TestRealFiles:
    @pytest.mark.parametrize("train", [True, False])
    def test_equal_to_torchvision(self, mnist_folder, train):
        from torchvision import datasets

        reference = datasets.MNIST(mnist_folder, train=train, download=False)
        raw = mnist_folder / "MNIST" / "raw"
        images = read_images(raw, MNIST.train_images if train else MNIST.test_images)
        labels = read_labels(raw, MNIST.train_labels if train else MNIST.test_labels, 10)
        np.testing.assert_array_equal(images, reference.data.numpy())
        np.testing.assert_array_equal(labels, reference.targets.numpy())
        assert images.dtype == labels.dtype == np.uint8
        assert not images.flags.writeable
        assert not labels.flags.writeable

    def test_another_compressors_gz(self, linked):
        content = (linked / MNIST.test_images.name).read_bytes()
        expected = read_images(linked, MNIST.test_images)
        (linked / MNIST.test_images.name).unlink()
        (linked / f"{MNIST.test_images.name}.gz").write_bytes(gzip.compress(content, 1))
        np.testing.assert_array_equal(read_images(linked, MNIST.test_images), expected)

    def test_truncated(self, linked):
        path = linked / MNIST.train_images.name
        start = path.open("rb").read(1000)
        replace_file(path, start)
        text = fault_of(linked, MNIST.train_images)
        assert text == (
            f"{path} is truncated: 1,000 bytes instead of 47,040,016; delete it to download it again, or replace it"
        )

    def test_flipped_byte(self, linked):
        path = linked / MNIST.test_images.name
        content = bytearray(path.read_bytes())
        content[5_000_000] ^= 0x10
        replace_file(path, content)
        assert "is damaged: its checksum" in fault_of(linked, MNIST.test_images)

    def test_flipped_label(self, linked):
        path = linked / MNIST.train_labels.name
        content = bytearray(path.read_bytes())
        content[100] = (content[100] + 1) % 10
        replace_file(path, content)
        assert "is damaged: its checksum" in fault_of(linked, MNIST.train_labels)

    def test_test_labels_beside_training_images(self, linked):
        replace_file(linked / MNIST.train_labels.name, (linked / MNIST.test_labels.name).read_bytes())
        assert "holds 10,000 labels instead of 60,000" in fault_of(linked, MNIST.train_labels)

    def test_mnist_under_another_name(self, linked):
        # The files of Fashion-MNIST and KMNIST have the same names, sizes and headers.
        for name in ("fashion-mnist", "kmnist"):
            text = fault_of(linked, CATALOG[name].test_labels)
            assert "is MNIST's file and belongs in MNIST/raw" in text


class TestTinyFiles:
    def test_raw_and_gz_give_the_same(self, tmp_path):
        data = tiny_data()
        data.write(tmp_path / "raw")
        data.write(tmp_path / "gz", compressed=True)
        for kind in ("raw", "gz"):
            place = tmp_path / kind / "Tiny" / "raw"
            np.testing.assert_array_equal(read_images(place, IMAGES), data.images)
            np.testing.assert_array_equal(read_labels(place, LABELS, 10), data.labels)

    @pytest.mark.parametrize(("ending", "times"), [(".gz", 0), ("", 1), (".gz", 2), ("", 2)])
    def test_the_content_decides_how_often_it_is_compressed(self, tmp_path, ending, times):
        data = tiny_data()
        content = data.raw[IMAGES.name]
        for _ in range(times):
            content = gzip.compress(content, mtime=0)
        path = tmp_path / f"{IMAGES.name}{ending}"
        path.write_bytes(content)
        assert visible_fault(path, IMAGES) is None
        np.testing.assert_array_equal(read_images(tmp_path, IMAGES), data.images)

    def test_compressed_three_times(self, tmp_path):
        content = tiny_data().raw[IMAGES.name]
        for _ in range(3):
            content = gzip.compress(content, mtime=0)
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(content)
        assert "is compressed more than twice and must be decompressed first" in fault_of(tmp_path, IMAGES)

    def test_raw_is_preferred(self, tmp_path):
        data = tiny_data()
        place = data.write(tmp_path)
        (place / f"{IMAGES.name}.gz").write_bytes(b"nonsense")
        np.testing.assert_array_equal(read_images(place, IMAGES), data.images)

    def test_extended_labels_are_torchvisions(self, tmp_path):
        from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor

        values = np.zeros((TRAIN, 8), ">i4")
        values[:] = np.arange(TRAIN * 8).reshape(TRAIN, 8) * 70_000
        values[:, 0] = np.arange(TRAIN) % 10
        content = idx(values, 0x0C)
        source = source_file("qmnist-train-labels-idx2-int", TRAIN, content)
        (tmp_path / source.name).write_bytes(content)
        reference = read_sn3_pascalvincent_tensor(tmp_path / source.name)
        labels = read_labels(tmp_path, source, 10)
        np.testing.assert_array_equal(labels, reference[:, 0].numpy())
        assert labels.dtype == np.uint8
        assert not labels.flags.writeable

    @pytest.mark.parametrize("wrong", [-1, 10, 256 + 3])  # 259 would become 3 in a byte
    def test_extended_labels_out_of_range(self, tmp_path, wrong):
        values = np.zeros((TRAIN, 8), ">i4")
        values[7, 0] = wrong
        content = idx(values, 0x0C)
        source = source_file("qmnist-train-labels-idx2-int", TRAIN, content)
        (tmp_path / source.name).write_bytes(content)
        assert f"holds the label {wrong}, where only 0 to 9 are allowed" in fault_of(tmp_path, source)

    def test_label_out_of_range(self, tmp_path):
        (tmp_path / LABELS.name).write_bytes(idx(np.full(TRAIN, 10, np.uint8)))
        assert "holds the label 10, where only 0 to 9 are allowed" in fault_of(tmp_path, LABELS)

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (b"", "is empty"),
            (b"\x00\x00\x08", "is truncated: 3 bytes instead of 23,536"),
            (tiny_data().raw[IMAGES.name][:-1], "is truncated: 23,535 bytes instead of 23,536"),
            (tiny_data().raw[IMAGES.name] + b"\n", "is too long: 23,537 bytes instead of 23,536"),
            (b"\x89PNG" + bytes(23_532), "its magic number is 0x89504e47, not 0x00000803"),
            (tiny_data().raw[LABELS.name], "its magic number is 0x00000801, not 0x00000803"),
            (idx(np.zeros((TRAIN, 32, 32), np.uint8)), "holds 30×32×32 values instead of 30×28×28"),
            (idx(np.zeros((TRAIN - 1, 28, 28), np.uint8)), "holds 29 images instead of 30"),
            (struct.pack(">4I", 0x803, 2**32 - 1, 28, 28) + bytes(23_520), "holds 4,294,967,295 images instead of 30"),
            (b"\n<!DOCTYPE html><title>Sign in</title>", "is a web page, saved instead of the file"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:",
                "is only a pointer to the file, which git",
            ),
            (b"PK\x03\x04" + bytes(100), "is a zip archive, which must be unpacked first"),
            (bz2.compress(bytes(100)), "is compressed with bzip2 and must be decompressed first"),
            (lzma.compress(bytes(100)), "is compressed with xz and must be decompressed first"),
        ],
    )
    def test_wrong_content(self, tmp_path, content, fault):
        (tmp_path / IMAGES.name).write_bytes(content)
        assert fault in fault_of(tmp_path, IMAGES)

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (b"", ".gz is empty"),
            (tiny_data().gz[f"{IMAGES.name}.gz"][:-100], ".gz is truncated: the compressed data ends early"),
            (b"<html>" + bytes(100), ".gz is a web page, saved instead of the file"),
            (b"\x1f\x8b\x09" + bytes(100), ".gz is damaged: its gzip header or checksum is invalid"),
            (b"nonsense", ".gz is truncated: 8 bytes instead of 23,536"),
            (
                gzip.compress(tiny_data().raw[IMAGES.name] + b"\n", mtime=0),
                "decompresses to more than the expected 23,536 bytes",
            ),
            (gzip.compress(tiny_data().raw[IMAGES.name][:-1], mtime=0), "is truncated: 23,535 bytes instead of 23,536"),
            (gzip.compress(idx(np.zeros((TRAIN, 28, 28), np.uint8)), mtime=0), "is damaged: its checksum"),
        ],
    )
    def test_wrong_gz(self, tmp_path, content, fault):
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(content)
        assert fault in fault_of(tmp_path, IMAGES)

    def test_gz_with_an_impossible_block(self, tmp_path):
        content = bytearray(tiny_data().gz[f"{IMAGES.name}.gz"])
        content[10] = 0x07  # the first block after the header, of a type that does not exist
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(content)
        assert "is damaged: the compressed data has an error" in fault_of(tmp_path, IMAGES)

    def test_gz_with_a_flipped_byte(self, tmp_path):
        content = bytearray(tiny_data().gz[f"{IMAGES.name}.gz"])
        content[len(content) // 2] ^= 1
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(content)
        assert "is damaged" in fault_of(tmp_path, IMAGES)

    def test_missing(self, tmp_path):
        assert "is missing; copy the file or its .gz there" in fault_of(tmp_path, IMAGES)

    def test_known_checksum_of_a_gz(self, tmp_path):
        content = tiny_data().raw[IMAGES.name]
        other = bytearray(content)
        other[-1] ^= 1
        (tmp_path / f"{IMAGES.name}.gz").write_bytes(gzip.compress(other))
        known = source_file(IMAGES.name, TRAIN, content, raw_known=True)
        assert "is damaged: its checksum" in fault_of(tmp_path, known)


def test_visible_fault_agrees_with_reading(tmp_path):
    """The quick check may miss a fault, and must not report one that is not there."""
    data = tiny_data()
    place = data.write(tmp_path)
    data.write(tmp_path, compressed=True)
    packed = place / f"{IMAGES.name}.gz"
    for path in (place / IMAGES.name, packed):
        assert visible_fault(path, IMAGES) is None
    whole = data.gz[packed.name]
    for content, fault in (
        (b"", "is empty"),
        (b"\x1f\x8b\x08", "is truncated: 3 bytes"),
        (whole[:-50], "is truncated or damaged"),
        (b"<html>" + bytes(100), "is a web page"),
    ):
        packed.write_bytes(content)
        assert visible_fault(packed, IMAGES).startswith(fault)

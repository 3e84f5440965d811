"""The catalog, against torchvision and the real files."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_tui.engine.data.catalog import CATALOG, DATASET_NAMES, DIGITS


@pytest.mark.parametrize("name", CATALOG)
def test_files_and_checksums_are_torchvisions(name):
    from torchvision import datasets

    info = CATALOG[name]
    known = getattr(datasets, info.torchvision_class)
    resources = known.resources
    if name == "qmnist":
        resources = [(url.rpartition("/")[2], md5) for part in ("train", "test") for url, md5 in resources[part]]
    assert [(f"{file.name}.gz", file.gz_md5) for file in info.files] == resources


@pytest.mark.parametrize("name", CATALOG)
def test_folder_is_where_torchvision_looks(name, tmp_path):
    from torchvision import datasets

    info = CATALOG[name]
    dataset = object.__new__(getattr(datasets, info.torchvision_class))
    dataset.root = str(tmp_path)
    assert dataset.raw_folder == str(tmp_path / info.folder / "raw")


@pytest.mark.parametrize("name", ["fashion-mnist", "kmnist"])
def test_class_names_are_torchvisions(name):
    from torchvision import datasets

    assert list(CATALOG[name].classes) == getattr(datasets, CATALOG[name].torchvision_class).classes


@pytest.mark.parametrize("name", ["mnist", "qmnist"])
def test_classes_are_digits(name):
    assert CATALOG[name].classes == DIGITS.classes == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


@pytest.mark.parametrize("name", CATALOG)
def test_as_many_labels_as_images(name):
    info = CATALOG[name]
    assert info.train_images.items == info.train_labels.items == 60_000
    assert info.test_images.items == info.test_labels.items == (60_000 if name == "qmnist" else 10_000)


def test_sizes_and_raw_checksums_are_the_real_files(mnist_folder):
    for file in CATALOG["mnist"].files:
        content = (mnist_folder / "MNIST" / "raw" / file.name).read_bytes()
        assert (len(content), hashlib.md5(content).hexdigest()) == (file.raw_bytes, file.raw_md5)


def test_extended_labels_take_eight_integers_each():
    assert CATALOG["qmnist"].test_labels.raw_bytes == 12 + 60_000 * 8 * 4


def test_names_for_the_option():
    assert DATASET_NAMES == ("auto", "mnist", "fashion-mnist", "kmnist", "qmnist", "digits")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("mnist_tui.engine.data.catalog", ("numpy", "torch", "torchvision", "sklearn")),
        ("mnist_tui.engine.data.loading", ("torch", "torchvision", "sklearn", "scipy", "textual")),
    ],
)
def test_import_loads_nothing_heavy(module, heavy):
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

"""Catalog of the supported data sets: titles, classes, files, sizes and checksums.

File names and checksums of the `.gz` files are those of torchvision's dataset classes; a test compares them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

IMAGE_SIDE = 28

Kind = Literal["images", "labels", "extended labels"]

_KINDS: dict[str, Kind] = {"idx3-ubyte": "images", "idx1-ubyte": "labels", "idx2-int": "extended labels"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Expected properties of one IDX file.

    The suffix of the name determines the content: `idx3-ubyte` files hold images (N×28×28 bytes), `idx1-ubyte` labels
    (N bytes) and `idx2-int` QMNIST's extended labels (N×8 big-endian 32-bit integers, the class in column 0).
    """

    name: str
    """File name without `.gz`."""
    items: int
    """Number of images or labels."""
    gz_bytes: int
    """Size of the compressed file, for display and as a rough limit; validity is decided by the checksum."""
    gz_md5: str
    raw_md5: str | None = None
    """Checksum of the uncompressed file; None if no checksum is published."""

    @property
    def kind(self) -> Kind:
        return _KINDS["-".join(self.name.split("-")[-2:])]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        per_item = {"images": (IMAGE_SIDE, IMAGE_SIDE), "labels": (), "extended labels": (8,)}[self.kind]
        return (self.items, *per_item)

    @property
    def dtype(self) -> str:
        """Element type as a numpy type string, including the byte order."""
        return ">i4" if self.kind == "extended labels" else "u1"

    @property
    def header_bytes(self) -> int:
        return 4 + 4 * len(self.shape)

    @property
    def raw_bytes(self) -> int:
        """Size of the uncompressed file."""
        item_size = 4 if self.kind == "extended labels" else 1
        return self.header_bytes + item_size * math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A data set of four files in `<data folder>/<folder>/raw/`, the same place as in torchvision."""

    name: str
    title: str
    folder: str
    torchvision_class: str
    """The class of `torchvision.datasets` that lists the mirrors."""
    train_images: SourceFile
    train_labels: SourceFile
    test_images: SourceFile
    test_labels: SourceFile
    classes: tuple[str, ...]
    description: str

    @property
    def files(self) -> tuple[SourceFile, SourceFile, SourceFile, SourceFile]:
        return (self.train_images, self.train_labels, self.test_images, self.test_labels)


@dataclass(frozen=True, slots=True)
class BundledInfo:
    """A data set that is installed with a library and needs no download."""

    name: str
    title: str
    train_items: int
    test_items: int
    classes: tuple[str, ...]
    description: str


_DIGIT_CLASSES = tuple("0123456789")

_MNIST = DatasetInfo(
    name="mnist",
    title="MNIST",
    folder="MNIST",
    torchvision_class="MNIST",
    train_images=SourceFile(
        "train-images-idx3-ubyte",
        60_000,
        9_912_422,
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "6bbc9ace898e44ae57da46a324031adb",
    ),
    train_labels=SourceFile(
        "train-labels-idx1-ubyte",
        60_000,
        28_881,
        "d53e105ee54ea40749a09fcbcd1e9432",
        "a25bea736e30d166cdddb491f175f624",
    ),
    test_images=SourceFile(
        "t10k-images-idx3-ubyte",
        10_000,
        1_648_877,
        "9fb629c4189551a2d022fa330f9573f3",
        "2646ac647ad5339dbf082846283269ea",
    ),
    test_labels=SourceFile(
        "t10k-labels-idx1-ubyte",
        10_000,
        4_542,
        "ec29112dd5afa0611ce80d1b7f02629c",
        "27ae3e4e09519cfbb04c329615203637",
    ),
    classes=_DIGIT_CLASSES,
    description="Handwritten digits: 60,000 training and 10,000 test images.",
)

_FASHION_MNIST = DatasetInfo(
    name="fashion-mnist",
    title="Fashion-MNIST",
    folder="FashionMNIST",
    torchvision_class="FashionMNIST",
    train_images=SourceFile("train-images-idx3-ubyte", 60_000, 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    train_labels=SourceFile("train-labels-idx1-ubyte", 60_000, 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
    test_images=SourceFile("t10k-images-idx3-ubyte", 10_000, 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
    test_labels=SourceFile("t10k-labels-idx1-ubyte", 10_000, 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    description="Articles of clothing, harder than digits: 60,000 training and 10,000 test images.",
)

_KMNIST = DatasetInfo(
    name="kmnist",
    title="Kuzushiji-MNIST",
    folder="KMNIST",
    torchvision_class="KMNIST",
    train_images=SourceFile("train-images-idx3-ubyte", 60_000, 18_165_135, "bdb82020997e1d708af4cf47b453dcf7"),
    train_labels=SourceFile("train-labels-idx1-ubyte", 60_000, 29_497, "e144d726b3acfaa3e44228e80efcd344"),
    test_images=SourceFile("t10k-images-idx3-ubyte", 10_000, 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"),
    test_labels=SourceFile("t10k-labels-idx1-ubyte", 10_000, 5_120, "7320c461ea6c1c855c0b718fb2a4b134"),
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    description="Cursive Japanese characters from old books: 60,000 training and 10,000 test images.",
)

_QMNIST = DatasetInfo(
    name="qmnist",
    title="QMNIST",
    folder="QMNIST",
    torchvision_class="QMNIST",
    train_images=SourceFile("qmnist-train-images-idx3-ubyte", 60_000, 9_704_059, "ed72d4157d28c017586c42bc6afe6370"),
    train_labels=SourceFile("qmnist-train-labels-idx2-int", 60_000, 463_024, "0058f8dd561b90ffdd0f734c6a30e5e4"),
    test_images=SourceFile("qmnist-test-images-idx3-ubyte", 60_000, 9_742_279, "1394631089c404de565df7b7aeaf9412"),
    test_labels=SourceFile("qmnist-test-labels-idx2-int", 60_000, 526_800, "5b5b05890a5e13444e108efe57b788aa"),
    classes=_DIGIT_CLASSES,
    description="MNIST reconstructed from its source: 60,000 training images, 60,000 test images instead of 10,000.",
)

CATALOG: dict[str, DatasetInfo] = {info.name: info for info in (_MNIST, _FASHION_MNIST, _KMNIST, _QMNIST)}
"""The downloadable data sets, by name."""

DIGITS = BundledInfo(
    name="digits",
    title="digits (8×8, from scikit-learn)",
    train_items=1_500,
    test_items=297,
    classes=_DIGIT_CLASSES,
    description="1,797 real handwritten digits of 8×8 pixels, enlarged; needs no download, so it works offline.",
)

DATASET_NAMES = ("auto", *CATALOG, DIGITS.name)
"""Values that `--dataset` accepts; `auto` selects MNIST if it is present or can be downloaded, else `digits`."""

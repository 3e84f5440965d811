"""Reads IDX files, the format of MNIST, and believes nothing: size, header, checksum and labels are all verified.

A file is a header in big-endian 32-bit integers (a magic number with the element type and the number of dimensions,
then the dimensions) and the array's elements in C order.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_tui.engine.data.catalog import CATALOG, SourceFile
from mnist_tui.engine.data.files import GZIP_MAGIC, locate, regular_size, shown, size_fault, unreadable
from mnist_tui.engine.errors import DataError

_ELEMENT_CODES = {"u1": 0x08, ">i4": 0x0C}
"""The magic number's third byte, by numpy's notation of the type."""


def read_images(raw: Path, source: SourceFile) -> NDArray[np.uint8]:
    """The images in the file `source` of the folder `raw`: uint8 (N, 28, 28), read-only.

    The uncompressed file is preferred to the `.gz` beside it. Raises `DataError` naming the path, the fault and the
    way out where the file is missing, can't be read or is not exactly what the catalog says.
    """
    images: NDArray[np.uint8] = _read(_path(raw, source), source)
    return images


def read_labels(raw: Path, source: SourceFile, classes: int) -> NDArray[np.uint8]:
    """The labels in the file `source` of the folder `raw`: uint8 (N,), each below `classes`, read-only.

    QMNIST's extended labels give their column 0. Raises `DataError` as `read_images` does, and for a label out of
    range.
    """
    path = _path(raw, source)
    values = _read(path, source)
    if source.kind == "extended labels":
        values = values[:, 0]
    wrong = (values < 0) | (values >= classes)
    if wrong.any():
        label = values[wrong][0]
        raise unusable(path, f"holds the label {label}, where only 0 to {classes - 1} are allowed")
    labels = values.astype(np.uint8, copy=False)
    labels.setflags(write=False)
    return labels


def _path(raw: Path, source: SourceFile) -> Path:
    path = locate(raw, source)
    if path is None:
        raise DataError(f"{shown(raw / source.name)} is missing; copy it there, or its .gz")
    return path


def _read(path: Path, source: SourceFile) -> NDArray[Any]:
    """The array in the file, once everything that can be known about it holds; read-only."""
    compressed = path.suffix == ".gz"
    # Data that can't be compressed grows by far less than a hundredth.
    limit = source.raw_bytes + (source.raw_bytes // 100 + 4096 if compressed else 0)
    try:
        size = regular_size(path)
        if size is None:
            raise unusable(path, "is not a regular file")
        with path.open("rb") as file:
            stored = file.read(min(size, limit))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{shown(path)} {unreadable(error)}; make it readable, or name another folder with --data-dir"
        ) from None
    if compressed:
        if size > limit:
            raise unusable(path, f"is too long: {size:,} bytes for {source.raw_bytes:,} uncompressed ones")
        content = _unpacked(path, stored, source)
        size = len(content)
    else:
        content = stored
    _check_header(path, content, source)
    if fault := size_fault(size, source) or size_fault(len(content), source):
        raise unusable(path, fault)
    _check_checksum(path, stored, content, source)
    return np.frombuffer(content, source.dtype, offset=source.header_bytes).reshape(source.shape)


def _unpacked(path: Path, stored: bytes, source: SourceFile) -> bytes:
    """The uncompressed content; never unpacks more than one byte over what belongs there."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(stored)) as file:
            content = file.read(source.raw_bytes + 1)
    except EOFError:
        raise unusable(path, f"is truncated: the compressed data ends early, after {len(stored):,} bytes") from None
    except gzip.BadGzipFile:
        raise unusable(path, "is damaged, or not a gzip file") from None
    except zlib.error:
        raise unusable(path, "is damaged: the compressed data has an error") from None
    if len(content) > source.raw_bytes:
        raise unusable(path, f"unpacks to more than the {source.raw_bytes:,} bytes that belong there")
    return content


def _check_header(path: Path, content: bytes, source: SourceFile) -> None:
    """Raises `DataError` where the header is there and is not the one that belongs."""
    if len(content) < source.header_bytes:
        return  # the size says it better
    if content.startswith(GZIP_MAGIC):
        raise DataError(f"{shown(path)} is compressed though its name does not say so; add .gz to its name")
    magic, *lengths = struct.unpack_from(f">{1 + len(source.shape)}I", content)
    expected = _ELEMENT_CODES[source.dtype] << 8 | len(source.shape)
    if magic != expected:
        raise unusable(path, f"does not hold {source.kind}: its magic number is {magic:#010x}, not {expected:#010x}")
    if lengths[1:] != list(source.shape[1:]):
        found, belongs = ("×".join(f"{length:,}" for length in shape) for shape in (lengths, source.shape))
        raise unusable(path, f"holds {found} values where {belongs} belong")
    if lengths[0] != source.items:
        raise unusable(path, f"holds {lengths[0]:,} {source.kind} where {source.items:,} belong")


def _check_checksum(path: Path, stored: bytes, content: bytes, source: SourceFile) -> None:
    """Raises `DataError` where the content is not the published one.

    A `.gz` from another compressor has another checksum of its own, so that its content's may vouch for it. Where
    neither is published, a file that belongs to another data set is still found out: they share their names.
    """
    if stored is not content and _md5(stored) == source.gz_md5:
        return
    digest = _md5(content)
    if digest == source.raw_md5:
        return
    for info in CATALOG.values():
        if any(digest == file.raw_md5 for file in info.files):
            raise unusable(path, f"is {info.title}'s file and belongs in {info.folder}/raw")
    if source.raw_md5 is not None or stored is not content:
        raise unusable(path, "is damaged: its checksum is not the published one")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def unusable(path: Path, fault: str) -> DataError:
    """The error for a file that is there and is not what belongs there; `fault` is worded to follow its path."""
    return DataError(f"{shown(path)} {fault}; delete it to download it again, or copy it anew")

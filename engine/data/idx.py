"""Reads IDX files, the format of MNIST, and verifies everything: size, header, checksum and labels.

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
from mnist_tui.engine.data.files import (
    GZIP_MAGIC,
    foreign_fault,
    printable,
    regular_size,
    size_fault,
    unreadable_reason,
)
from mnist_tui.engine.data.lookup import locate_in
from mnist_tui.engine.errors import DataError

_MAX_LAYERS = 2
"""How often a file may be compressed: a server or browser may have compressed the `.gz` again."""
_ELEMENT_CODES = {"u1": 0x08, ">i4": 0x0C}
"""Third byte of the magic number, by numpy type string."""


def read_images(raw: Path, source: SourceFile) -> NDArray[np.uint8]:
    """Read the images of the file `source` in the folder `raw`: uint8 (N, 28, 28), read-only.

    The uncompressed file is preferred to the `.gz` file, and exact names to similar ones. Whether a file is compressed
    is decided by its content, since browsers and archivers change one without the other.

    Raises:
        DataError: The file is missing, unreadable or not exactly as in the catalog.
    """
    images: NDArray[np.uint8] = _read(_find(raw, source), source)
    return images


def read_labels(raw: Path, source: SourceFile, classes: int) -> NDArray[np.uint8]:
    """Read the labels of the file `source` in the folder `raw`: uint8 (N,), each below `classes`, read-only.

    Of QMNIST's extended labels, column 0 is returned.

    Raises:
        DataError: As in `read_images`, or a label is out of range.
    """
    path = _find(raw, source)
    values = _read(path, source)
    if source.kind == "extended labels":
        values = values[:, 0]
    invalid = (values < 0) | (values >= classes)
    if invalid.any():
        label = values[invalid][0]
        raise unusable_file(path, f"holds the label {label}, where only 0 to {classes - 1} are allowed")
    labels = values.astype(np.uint8, copy=False)
    labels.setflags(write=False)
    return labels


def _find(raw: Path, source: SourceFile) -> Path:
    path = locate_in(raw, source)
    if path is None:
        raise DataError(f"{printable(raw / source.name)} is missing; copy the file or its .gz there")
    return path


def _read(path: Path, source: SourceFile) -> NDArray[Any]:
    """Read and verify the array in a file; read-only."""
    # Incompressible data grows by far less than 1 % in a gzip file.
    limit = source.raw_bytes + source.raw_bytes // 100 + 4096
    try:
        size = regular_size(path)
        if size is None:
            raise unusable_file(path, "is not a regular file")
        with path.open("rb") as file:
            content = file.read(min(size, limit))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{printable(path)} {unreadable_reason(error)}; make it readable, or choose another folder with --data-dir"
        ) from None
    packed: list[bytes] = []
    while content.startswith(GZIP_MAGIC):
        if len(packed) == _MAX_LAYERS:
            raise unusable_file(path, "is compressed more than twice and must be decompressed first")
        if size > limit:
            raise unusable_file(path, f"is too long: {size:,} bytes for {source.raw_bytes:,} uncompressed ones")
        packed.append(content)
        content = _decompress(path, content, source.raw_bytes, limit)
        size = len(content)
    if fault := foreign_fault(content):
        raise unusable_file(path, fault)
    _check_header(path, content, source)
    if fault := size_fault(size, source) or size_fault(len(content), source):
        raise unusable_file(path, fault)
    _check_checksum(path, packed, content, source)
    return np.frombuffer(content, source.dtype, offset=source.header_bytes).reshape(source.shape)


def _decompress(path: Path, packed: bytes, size: int, limit: int) -> bytes:
    """Decompress the content: at most `size` bytes, or `limit` if the result is compressed itself."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            content = file.read(size + 1)
            if content.startswith(GZIP_MAGIC):
                content += file.read(limit + 1 - len(content))
                size = limit
    except EOFError:
        raise unusable_file(
            path, f"is truncated: the compressed data ends early, after {len(packed):,} bytes"
        ) from None
    except gzip.BadGzipFile:
        raise unusable_file(path, "is damaged: its gzip header or checksum is invalid") from None
    except zlib.error:
        raise unusable_file(path, "is damaged: the compressed data has an error") from None
    if len(content) > size:
        raise unusable_file(path, f"decompresses to more than the expected {size:,} bytes")
    return content


def _check_header(path: Path, content: bytes, source: SourceFile) -> None:
    """Raise `DataError` if the header is present but not as expected."""
    if len(content) < source.header_bytes:
        return  # the check of the size gives a better message
    magic, *lengths = struct.unpack_from(f">{1 + len(source.shape)}I", content)
    expected = _ELEMENT_CODES[source.dtype] << 8 | len(source.shape)
    if magic != expected:
        raise unusable_file(
            path, f"does not hold {source.kind}: its magic number is {magic:#010x}, not {expected:#010x}"
        )
    if lengths[1:] != list(source.shape[1:]):
        actual, required = ("×".join(f"{length:,}" for length in shape) for shape in (lengths, source.shape))
        raise unusable_file(path, f"holds {actual} values instead of {required}")
    if lengths[0] != source.items:
        raise unusable_file(path, f"holds {lengths[0]:,} {source.kind} instead of {source.items:,}")


def _check_checksum(path: Path, packed: list[bytes], content: bytes, source: SourceFile) -> None:
    """Raise `DataError` if the content is not the published one.

    A `.gz` made by another compressor has a different checksum, so the uncompressed content is checked as well. Even
    if neither checksum is published, a file of another data set is detected, since data sets share file names.
    """
    if any(_md5(layer) == source.gz_md5 for layer in packed):
        return
    digest = _md5(content)
    if digest == source.raw_md5:
        return
    for info in CATALOG.values():
        if any(digest == file.raw_md5 for file in info.files):
            raise unusable_file(path, f"is {info.title}'s file and belongs in {info.folder}/raw")
    if source.raw_md5 is not None or packed:
        raise unusable_file(path, "is damaged: its checksum does not match the published one")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def unusable_file(path: Path, fault: str) -> DataError:
    """Create the error for an existing file with wrong content; `fault` is worded to follow its path."""
    return DataError(f"{printable(path)} {fault}; delete it to download it again, or replace it")

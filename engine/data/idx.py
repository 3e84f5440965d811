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
from mnist_tui.engine.data.files import GZIP_MAGIC, locate, printable, regular_size, size_fault, unreadable_reason
from mnist_tui.engine.errors import DataError

_ELEMENT_CODES = {"u1": 0x08, ">i4": 0x0C}
"""Third byte of the magic number, by numpy type string."""


def read_images(raw: Path, source: SourceFile) -> NDArray[np.uint8]:
    """Read the images of the file `source` in the folder `raw`: uint8 (N, 28, 28), read-only.

    The uncompressed file is preferred to the `.gz` file.

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
    path = locate(raw, source)
    if path is None:
        raise DataError(f"{printable(raw / source.name)} is missing; copy the file or its .gz there")
    return path


def _read(path: Path, source: SourceFile) -> NDArray[Any]:
    """Read and verify the array in a file; read-only."""
    compressed = path.suffix == ".gz"
    # Incompressible data grows by far less than 1 % in a gzip file.
    limit = source.raw_bytes + (source.raw_bytes // 100 + 4096 if compressed else 0)
    try:
        size = regular_size(path)
        if size is None:
            raise unusable_file(path, "is not a regular file")
        with path.open("rb") as file:
            raw_content = file.read(min(size, limit))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{printable(path)} {unreadable_reason(error)}; make it readable, or choose another folder with --data-dir"
        ) from None
    if compressed:
        if size > limit:
            raise unusable_file(path, f"is too long: {size:,} bytes for {source.raw_bytes:,} uncompressed ones")
        content = _decompress(path, raw_content, source)
        size = len(content)
    else:
        content = raw_content
    _check_header(path, content, source)
    if fault := size_fault(size, source) or size_fault(len(content), source):
        raise unusable_file(path, fault)
    _check_checksum(path, raw_content, content, source)
    return np.frombuffer(content, source.dtype, offset=source.header_bytes).reshape(source.shape)


def _decompress(path: Path, raw_content: bytes, source: SourceFile) -> bytes:
    """Decompress the content, producing at most one byte more than expected."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw_content)) as file:
            content = file.read(source.raw_bytes + 1)
    except EOFError:
        raise unusable_file(
            path, f"is truncated: the compressed data ends early, after {len(raw_content):,} bytes"
        ) from None
    except gzip.BadGzipFile:
        raise unusable_file(path, "is damaged, or not a gzip file") from None
    except zlib.error:
        raise unusable_file(path, "is damaged: the compressed data has an error") from None
    if len(content) > source.raw_bytes:
        raise unusable_file(path, f"decompresses to more than the expected {source.raw_bytes:,} bytes")
    return content


def _check_header(path: Path, content: bytes, source: SourceFile) -> None:
    """Raise `DataError` if the header is present but not as expected."""
    if len(content) < source.header_bytes:
        return  # the check of the size gives a better message
    if content.startswith(GZIP_MAGIC):
        raise DataError(f"{printable(path)} is gzip-compressed but its name does not end in .gz; add .gz to its name")
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


def _check_checksum(path: Path, raw_content: bytes, content: bytes, source: SourceFile) -> None:
    """Raise `DataError` if the content is not the published one.

    A `.gz` made by another compressor has a different checksum, so the uncompressed content is checked as well. Even
    if neither checksum is published, a file of another data set is detected, since data sets share file names.
    """
    if raw_content is not content and _md5(raw_content) == source.gz_md5:
        return
    digest = _md5(content)
    if digest == source.raw_md5:
        return
    for info in CATALOG.values():
        if any(digest == file.raw_md5 for file in info.files):
            raise unusable_file(path, f"is {info.title}'s file and belongs in {info.folder}/raw")
    if source.raw_md5 is not None or raw_content is not content:
        raise unusable_file(path, "is damaged: its checksum does not match the published one")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def unusable_file(path: Path, fault: str) -> DataError:
    """Create the error for an existing file with wrong content; `fault` is worded to follow its path."""
    return DataError(f"{printable(path)} {fault}; delete it to download it again, or replace it")

"""What is put in place of a file: malicious pickles, bombs, impossible shapes, links, pipes, devices, folders."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

Plant = Callable[[Path], None]


class Executes:
    """Makes a folder when it is unpickled without restrictions."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("executed",)


class Writes:
    """Ends the process through a shell."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("mkdir executed-too; kill -9 $PPID",)


def _replaced(make: Callable[[Path], None]) -> Plant:
    def plant(path: Path) -> None:
        if path.is_symlink() or path.is_file():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)

    return plant


def content(data: bytes) -> Plant:
    """A file with this content."""
    return _replaced(lambda path: path.write_bytes(data) and None)


def link(target: str) -> Plant:
    """A symbolic link."""
    return _replaced(lambda path: path.symlink_to(target))


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "keep").write_text("x")


def _neighbour(path: Path) -> None:
    path.symlink_to(next(parent for parent in path.parents if (parent / "outside").is_dir()) / "outside" / "keep")


ODD: Mapping[str, Plant] = {
    "a link to a neighbour's file": _replaced(_neighbour),
    "a dangling link": link("/nowhere/at/all"),
    "a link to itself": _replaced(lambda path: path.symlink_to(path.name)),
    "a pipe": _replaced(os.mkfifo),
    "a link to /dev/zero": link("/dev/zero"),
    "a link to /dev/full": link("/dev/full"),
    "a folder": _replaced(_folder),
    "a terabyte of nothing": _replaced(_sparse),
}
"""What is no file, or hardly one; for every path."""


def archive(entries: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def saved(value: object) -> bytes:
    """What `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def checkpoint_with(pickled: bytes) -> bytes:
    """A checkpoint with this pickle."""
    return archive({"archive/data.pkl": pickled, "archive/version": b"3\n", "archive/byteorder": b"little"})


def _repeated(size: int) -> bytes:
    """A pickle that makes a list for each of its bytes."""
    return b"\x80\x02" + b"]" * size + b"."


def _many_entries() -> bytes:
    """An archive of a million empty entries."""
    names = 1_000_000
    entry = b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * names
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    return directory + end


def _huge_shape(shape: tuple[int, ...]) -> bytes:
    """Weights whose shape says more than their storage has; strides of 0 make that possible."""
    tensor = torch.zeros(1).expand(shape) if min(shape) >= 0 else torch.zeros(1)
    return saved({"input_fc.weight": tensor, "input_fc.bias": torch.zeros(16)})


def weights_like(path: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> bytes:
    """The weights of a checkpoint, all changed."""
    return saved({name: change(tensor) for name, tensor in torch.load(path, weights_only=True).items()})


PICKLES: Mapping[str, bytes] = {
    "a malicious pickle": pickle.dumps({"input_fc.weight": Executes()}),
    "a malicious archive": saved({"input_fc.weight": Executes(), "x": Writes()}),
    "an empty file": b"",
    "noise": np.random.default_rng(1).bytes(100_000),
}
BOMBS: Mapping[str, Callable[[], bytes]] = {
    "a zip bomb": lambda: archive({"archive/data/0": bytes(100_000_000)}, zipfile.ZIP_DEFLATED),
    "a pickle of fifty million lists": lambda: checkpoint_with(_repeated(50_000_000)),
    "an archive of a million entries": _many_entries,
    "a shape of 10^15 numbers": lambda: _huge_shape((10**9, 10**6)),
    "a shape for the network's first layer with no data": lambda: _huge_shape((16, 784)),
}
JSON: Mapping[str, Callable[[], bytes]] = {
    "JSON nested 30,000 deep": lambda: b"[" * 30_000 + b"]" * 30_000,
    "objects nested 9,000 deep": lambda: b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "a line of 200 MB": lambda: b'{"event": "phase", "name": "' + b"x" * 200_000_000 + b'"}\n',
    "a number of a million digits": lambda: b'{"format": 1' + b"0" * 1_000_000 + b"}",
    "a list": lambda: b"[1, 2, 3]",
    "nothing but NaN": lambda: b"NaN",
    "not UTF-8": lambda: b'{"format": "\xff\xfe\xc0\x80"}',
}


def array(shape: tuple[int, ...], dtype: str = "<f8", data: bytes = b"\0" * 64) -> bytes:
    """An array file whose header says this shape, whatever its data."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    header += b" " * (64 - (10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def arrays(**entries: bytes) -> bytes:
    """An archive of arrays."""
    return archive({f"{name}.npy": data for name, data in entries.items()})

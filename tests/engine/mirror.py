"""A tiny data set, and a mirror on this machine that serves it, correctly or with faults."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mnist_tui.engine.data.catalog import DatasetInfo, SourceFile
from tests.helpers import HANG

TRAIN, TEST = 30, 20


def idx(array: np.ndarray, code: int = 0x08) -> bytes:
    """Make an IDX file from the definition of the format, without the code under test."""
    return struct.pack(f">{1 + array.ndim}I", code << 8 | array.ndim, *array.shape) + array.tobytes()


@dataclass
class TinyData:
    """Thirty training and twenty test images of noise, with their files by name."""

    info: DatasetInfo
    raw: dict[str, bytes]
    gz: dict[str, bytes]
    """With `.gz` in their names."""
    images: np.ndarray
    labels: np.ndarray

    def write(self, folder: Path, *, compressed: bool = False) -> Path:
        """Puts all files into their place under the data folder, and returns that place."""
        place = folder / self.info.folder / "raw"
        place.mkdir(parents=True, exist_ok=True)
        for name, content in (self.gz if compressed else self.raw).items():
            (place / name).write_bytes(content)
        return place


def tiny_data() -> TinyData:
    random = np.random.default_rng(5)
    arrays = {
        "train-images-idx3-ubyte": random.integers(0, 256, (TRAIN, 28, 28), np.uint8),
        "train-labels-idx1-ubyte": np.arange(TRAIN, dtype=np.uint8) % 10,
        "t10k-images-idx3-ubyte": random.integers(0, 256, (TEST, 28, 28), np.uint8),
        "t10k-labels-idx1-ubyte": np.arange(TEST, dtype=np.uint8) % 10,
    }
    raw = {name: idx(array) for name, array in arrays.items()}
    gz = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in raw.items()}
    sources = [source_file(name, len(array), raw[name]) for name, array in arrays.items()]
    info = DatasetInfo("tiny", "Tiny", "Tiny", "MNIST", *sources, tuple("0123456789"), "Noise.")
    return TinyData(info, raw, gz, arrays["train-images-idx3-ubyte"], arrays["train-labels-idx1-ubyte"])


def source_file(name: str, items: int, raw: bytes, *, raw_known: bool = False) -> SourceFile:
    """The description of a file with this content, compressed by `gzip.compress(…, mtime=0)`."""
    packed = gzip.compress(raw, mtime=0)
    raw_md5 = hashlib.md5(raw).hexdigest() if raw_known else None
    return SourceFile(name, items, len(packed), hashlib.md5(packed).hexdigest(), raw_md5)


@dataclass
class Mirror:
    """A running server, its address, and the requests that it got."""

    url: str
    files: dict[str, bytes]
    fault: str
    only: str
    """The fault shows on the files with this text in their names; the others come well."""
    times: float
    """The fault shows on this many requests; then it is gone."""
    requests: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Set to let go of the connections that are being held."""

    def fault_for(self, name: str) -> str:
        if self.only not in name or self.times <= 0:
            return "none"
        self.times -= 1
        return self.fault


@contextlib.contextmanager
def mirror(
    files: dict[str, bytes], fault: str = "none", *, only: str = "", times: float = float("inf")
) -> Iterator[Mirror]:
    """Serves `files` by the last part of their path on 127.0.0.1, as a plain server and as a proxy.

    The faults: refuse, hang up, silent, not found, busy, stall, drip, cut, cut unannounced, web page, web page as
    gzip, wrong, long, empty, endless, huge, redirect to ftp, redirect, not http.
    """
    if fault == "refuse":
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # bound and not listening, so that no other process gets the port
            yield Mirror(f"http://127.0.0.1:{closed.getsockname()[1]}", files, fault, only, times)
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    state = Mirror(f"http://127.0.0.1:{server.server_port}", files, fault, only, times)
    server.state = state  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        state: Mirror = self.server.state  # type: ignore[attr-defined]
        state.requests.append(self.path)
        name = self.path.rpartition("/")[2]
        body = state.files.get(name)
        if body is None:
            self.send_error(404)
            return
        with contextlib.suppress(ConnectionError):
            self._answer(state, state.fault_for(name), body)

    def _answer(self, state: Mirror, fault: str, body: bytes) -> None:
        half = len(body) // 2
        match fault:
            case "hang up":
                self.close_connection = True
            case "silent":
                state.released.wait(HANG)
            case "not found":
                self.send_error(404)
            case "busy":
                self.send_error(503)
            case "stall":
                self._head(len(body))
                self.wfile.write(body[:half])
                state.released.wait(HANG)
            case "drip":
                self._head(len(body))
                for start in range(half):
                    self.wfile.write(body[start : start + 1])
                    if state.released.wait(0.05):
                        break
            case "cut":
                self._head(len(body))
                self.wfile.write(body[:half])
            case "cut unannounced":
                self._head(None)
                self.wfile.write(body[:half])
            case "web page":
                page = b"<!DOCTYPE html><title>Sign in</title>"
                self._head(len(page), "text/html; charset=utf-8")
                self.wfile.write(page)
            case "web page as gzip":
                self._head(None)
                self.wfile.write(b"<!DOCTYPE html><title>Sign in</title>")
            case "wrong":
                self._head(len(body))
                self.wfile.write(body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :])
            case "long":
                self._head(len(body) + 9)
                self.wfile.write(body + b"\n" * 9)
            case "empty":
                self._head(0)
            case "endless":
                self._head(None)
                self.wfile.write(b"\x1f\x8b")
                while not state.released.is_set():
                    self.wfile.write(bytes(64 * 1024))
            case "huge":
                self._head(10**13)
            case "redirect to ftp":
                self._redirect("ftp://127.0.0.1/file.gz")
            case "redirect":
                self._redirect(f"{state.url}/elsewhere{self.path}")
            case "not http":
                self.wfile.write(b"\x00\x01\x02 hello\r\n")
            case "none":
                self._head(len(body))
                self.wfile.write(body)
            case _:
                raise ValueError(fault)

    def _head(self, length: int | None, kind: str = "application/gzip") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing on the tests' stderr."""


def listing(folder: Path) -> dict[str, bytes | None]:
    """Everything under the folder by relative path: files with their content, folders with None."""
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")}

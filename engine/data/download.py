"""Downloads the files of a data set that are missing, and leaves the data folder as it was if it can't."""

from __future__ import annotations

import errno
import hashlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from mnist_tui.engine.data.catalog import DatasetInfo, SourceFile
from mnist_tui.engine.data.files import GZIP_MAGIC, missing_files, raw_folder, shown, system_words
from mnist_tui.engine.data.mirrors import DownloadError, mirrors
from mnist_tui.engine.data.staging import Staging
from mnist_tui.engine.data.transfer import BODY, CONNECT, WHOLE, Transfer, TransferError, host
from mnist_tui.engine.errors import Cancelled
from mnist_tui.engine.events import Phase

SOCKET_TIMEOUT = 10.0
"""Seconds for each connect and each read."""
STALL_SECONDS = 20.0
STALL_BYTES = 20_000
"""A transfer that brings fewer bytes in `STALL_SECONDS` is given up: it would take hours."""
ROUNDS = 2
"""How often every mirror is asked for a file."""
BACK_OFF = 1.0
"""Seconds between the rounds."""

_POLL = 0.1
_REPORT_SECONDS = 0.1
_IDLE_REPORT_SECONDS = 1.0
_RATE_SECONDS = 3.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def download(info: DatasetInfo, folder: Path, cancelled: Callable[[], bool]) -> Iterator[Phase]:
    """Downloads each file that is missing, as `<name>.gz`, into the data set's place under the data folder.

    Yields `Phase("download", <file>, <bytes>, <bytes>, <bytes per second>)` at most ten times a second. The files
    appear together once every checksum is right; after a failure, a cancel or a `close` the folder is as it was.
    Raises `Cancelled` within 0.2 s of `cancelled()` being true, `DownloadError` where a file can't be had or kept, and
    `ConfigError` where `$MNIST_TUI_MIRROR` is wrong.
    """
    wanted = missing_files(info, folder)
    if not wanted:
        return
    raw = raw_folder(info, folder)
    way_out = f"put the four files into {shown(raw)}, or name another folder with --data-dir"
    yield Phase("download", f"{wanted[0].name}.gz", 0, wanted[0].gz_bytes)
    addresses = mirrors(info)
    if cancelled():
        raise Cancelled
    report = _Report()
    try:
        with Staging(raw) as staging:
            for source in wanted:
                try:
                    good = yield from _fetch(source, staging.open(f"{source.name}.gz"), addresses, report, cancelled)
                except TransferError as error:
                    raise DownloadError(info.title, str(error), way_out) from error
                addresses.remove(good)
                addresses.insert(0, good)  # the others may cost their time-outs once more
            staging.commit()
    except OSError as error:
        reason = f"{shown(raw)} can't be written ({system_words(error)})"
        if error.errno in _NO_ROOM:
            reason = f"there is no room in {shown(raw)} ({system_words(error)})"
            way_out = "make room, or name another folder with --data-dir"
        raise DownloadError(info.title, reason, way_out) from error


def _fetch(
    source: SourceFile, file: BinaryIO, addresses: list[str], report: _Report, cancelled: Callable[[], bool]
) -> Generator[Phase, None, str]:
    """Brings the content into `file` from the first mirror that has it, and returns that mirror.

    Raises the `TransferError` that tells most, its text beginning with the host.
    """
    failures: list[tuple[str, TransferError]] = []
    for attempt in range(ROUNDS):
        if attempt:
            _wait(BACK_OFF, cancelled)
        for address in addresses:
            try:
                yield from _attempt(f"{address}{source.name}.gz", source, file, report, cancelled)
            except TransferError as error:
                failures.append((host(address), error))
            else:
                return address
    asked, telling = max(failures, key=lambda failure: failure[1].reached)
    others = len({name for name, _ in failures}) - 1
    and_others = f", and {others} other mirror{'s' * (others > 1)} failed too" if others else ""
    raise TransferError(f"{asked} {telling}{and_others}", telling.reached)


def _attempt(
    url: str, source: SourceFile, file: BinaryIO, report: _Report, cancelled: Callable[[], bool]
) -> Iterator[Phase]:
    """One transfer into `file`, from its beginning. Raises `TransferError`, `Cancelled` and `OSError`."""
    file.seek(0)
    file.truncate()
    digest = hashlib.md5(usedforsecurity=False)
    head = b""
    # The sizes in the catalog are for people: a quarter over them is no reason to refuse, endless data is.
    transfer = Transfer(url, source.gz_bytes + source.gz_bytes // 4 + 4096, SOCKET_TIMEOUT)
    pace = _Pace()
    try:
        while (chunk := transfer.chunk(_POLL)) != b"":
            if cancelled():
                raise Cancelled
            if chunk:
                head = head or chunk[:2]
                if not GZIP_MAGIC.startswith(head):
                    raise TransferError("sent something that is not the file", BODY)
                file.write(chunk)
                digest.update(chunk)
            pace.advance(len(chunk or b""))
            if report.due(pace.received):
                total = max(transfer.total or source.gz_bytes, pace.received)
                yield Phase("download", f"{source.name}.gz", pace.received, total, pace.rate)
    finally:
        transfer.abandon()
    if digest.hexdigest() != source.gz_md5:
        wrong = "a file with a wrong checksum" if pace.received else "nothing"
        raise TransferError(f"sent {wrong}", WHOLE)


def _wait(seconds: float, cancelled: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if cancelled():
            raise Cancelled
        time.sleep(min(left, _POLL))


class _Pace:
    """How fast a transfer is, and whether it stalls."""

    def __init__(self) -> None:
        self.received = 0
        now = time.monotonic()
        self._samples = deque([(now, 0)])
        self._checked = (now, 0)

    def advance(self, count: int) -> None:
        """Counts bytes. Raises `TransferError` where far too few came for a long time."""
        self.received += count
        now = time.monotonic()
        self._samples.append((now, self.received))
        while now - self._samples[0][0] > _RATE_SECONDS:
            self._samples.popleft()
        since, before = self._checked
        if now - since < STALL_SECONDS:
            return
        if self.received - before < STALL_BYTES:
            if not self.received:
                raise TransferError(f"sent nothing for {STALL_SECONDS:g} s", CONNECT)
            raise TransferError(f"stalled after {self.received:,} bytes", BODY)
        self._checked = (now, self.received)

    @property
    def rate(self) -> float:
        """Bytes per second over the last seconds."""
        (start, before), (end, received) = self._samples[0], self._samples[-1]
        return (received - before) / (end - start) if end > start else 0.0


class _Report:
    """When to say how far the download is: at most ten times a second, once a second where nothing moves."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._said = 0

    def due(self, received: int) -> bool:
        now = time.monotonic()
        wait = _REPORT_SECONDS if received != self._said else _IDLE_REPORT_SECONDS
        if now - self._last < wait:
            return False
        self._last, self._said = now, received
        return True

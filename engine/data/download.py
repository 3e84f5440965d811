"""Downloads the missing files of a data set; on failure the data folder is left unchanged."""

from __future__ import annotations

import errno
import hashlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from mnist_tui.engine.data.catalog import DatasetInfo, SourceFile
from mnist_tui.engine.data.files import GZIP_MAGIC, os_error_text, printable
from mnist_tui.engine.data.lookup import file_names, misplaced, missing_files, raw_folder
from mnist_tui.engine.data.mirrors import DownloadError, mirrors
from mnist_tui.engine.data.staging import Staging
from mnist_tui.engine.data.transfer import BODY, COMPLETE, CONNECT, Transfer, TransferError, host
from mnist_tui.engine.errors import Cancelled
from mnist_tui.engine.events import Phase

SOCKET_TIMEOUT = 10.0
"""Time limit for each connect and each read, in seconds."""
STALL_SECONDS = 20.0
STALL_BYTES = 20_000
"""A transfer of fewer than `STALL_BYTES` within `STALL_SECONDS` is aborted: it would take hours."""
ROUNDS = 2
"""How often each mirror is tried for a file."""
BACK_OFF = 1.0
"""Delay between rounds, in seconds."""

_POLL = 0.1
_REPORT_SECONDS = 0.1
_IDLE_REPORT_SECONDS = 1.0
_RATE_SECONDS = 3.0
_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def download(info: DatasetInfo, folder: Path, cancelled: Callable[[], bool]) -> Iterator[Phase]:
    """Download each missing file, as `<name>.gz`, into the data set's place under the data folder.

    The files appear together once all checksums match; after a failure, a cancellation or a `close` of the generator
    the folder is unchanged.

    Yields:
        `Phase("download", <file>, <bytes>, <total bytes>, <bytes per second>)`, at most ten per second.

    Raises:
        Cancelled: Within 0.2 s of `cancelled()` returning True.
        DownloadError: A file is unavailable or cannot be stored.
        ConfigError: `$MNIST_TUI_MIRROR` is invalid.
    """
    missing = missing_files(info, folder)
    if not missing:
        return
    raw = raw_folder(info, folder)
    remedy = f"put {file_names(info, missing)} into {printable(raw)}, or choose another folder with --data-dir"
    yield Phase("download", f"{missing[0].name}.gz", 0, missing[0].gz_bytes)
    addresses = mirrors(info)
    if cancelled():
        raise Cancelled
    report = _ReportTimer()
    try:
        with Staging(raw) as staging:
            for source in missing:
                try:
                    mirror = yield from _download_file(
                        source, staging.open(f"{source.name}.gz"), addresses, report, cancelled
                    )
                except TransferError as error:
                    remedies = (error.remedy, misplaced(info, folder) or remedy)
                    raise DownloadError(info.title, str(error), ", or ".join(filter(None, remedies))) from error
                addresses.remove(mirror)
                addresses.insert(0, mirror)  # the mirrors before it failed, and would cost their time-outs again
            staging.commit()
    except OSError as error:
        reason = f"{printable(raw)} can't be written ({os_error_text(error)})"
        if error.errno in _DISK_FULL_ERRNOS:
            reason = f"there is not enough space in {printable(raw)} ({os_error_text(error)})"
            remedy = "free some space, or choose another folder with --data-dir"
        raise DownloadError(info.title, reason, remedy) from error


def _download_file(
    source: SourceFile, file: BinaryIO, addresses: list[str], report: _ReportTimer, cancelled: Callable[[], bool]
) -> Generator[Phase, None, str]:
    """Download `source` into `file` from the first mirror that provides it, and return that mirror.

    Raises:
        TransferError: All mirrors failed; the message is that of the transfer that got furthest, after its host or its
            proxy.
    """
    failures: list[tuple[str, TransferError]] = []
    for attempt in range(ROUNDS):
        if attempt:
            _wait(BACK_OFF, cancelled)
        for address in addresses:
            try:
                yield from _download_from(f"{address}{source.name}.gz", source, file, report, cancelled)
            except TransferError as error:
                failures.append((error.culprit or host(address), error))
            else:
                return address
    culprit, furthest = max(failures, key=lambda failure: failure[1].reached)
    others = len({name for name, _ in failures}) - 1
    and_others = f", and {others} other mirror{'s' * (others > 1)} failed too" if others else ""
    raise TransferError(f"{culprit} {furthest}{and_others}", furthest.reached, remedy=furthest.remedy)


def _download_from(
    url: str, source: SourceFile, file: BinaryIO, report: _ReportTimer, cancelled: Callable[[], bool]
) -> Iterator[Phase]:
    """Download `url` into `file`, overwriting it; raise `TransferError`, `Cancelled` or `OSError`."""
    file.seek(0)
    file.truncate()
    digest = hashlib.md5(usedforsecurity=False)
    first_bytes = b""
    # The catalog's sizes are approximate, so allow 25 % more; the limit only protects against endless data.
    transfer = Transfer(url, source.gz_bytes + source.gz_bytes // 4 + 4096, SOCKET_TIMEOUT)
    meter = _SpeedMeter()
    try:
        while (chunk := transfer.chunk(_POLL)) != b"":
            if cancelled():
                raise Cancelled
            if chunk:
                first_bytes = first_bytes or chunk[:2]
                if not GZIP_MAGIC.startswith(first_bytes):
                    raise TransferError("sent something that is not a gzip file", BODY)
                file.write(chunk)
                digest.update(chunk)
            meter.advance(len(chunk or b""))
            if report.due(meter.received):
                total = max(transfer.total or source.gz_bytes, meter.received)
                yield Phase("download", f"{source.name}.gz", meter.received, total, meter.rate)
    finally:
        transfer.abandon()
    if digest.hexdigest() != source.gz_md5:
        wrong = "a file with a wrong checksum" if meter.received else "nothing"
        raise TransferError(f"sent {wrong}", COMPLETE)


def _wait(seconds: float, cancelled: Callable[[], bool]) -> None:
    """Sleep for `seconds`, checking for cancellation."""
    end = time.monotonic() + seconds
    while (remaining := end - time.monotonic()) > 0:
        if cancelled():
            raise Cancelled
        time.sleep(min(remaining, _POLL))


class _SpeedMeter:
    """Measures the speed of a transfer and detects stalls."""

    def __init__(self) -> None:
        self.received = 0
        now = time.monotonic()
        self._samples = deque([(now, 0)])
        self._checked = (now, 0)

    def advance(self, count: int) -> None:
        """Count received bytes; raise `TransferError` if the transfer has stalled."""
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
        """Mean speed over the last three seconds, in bytes per second."""
        (start, before), (end, received) = self._samples[0], self._samples[-1]
        return (received - before) / (end - start) if end > start else 0.0


class _ReportTimer:
    """Limits progress reports to ten per second, and to one per second while nothing is received."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._last_received = 0

    def due(self, received: int) -> bool:
        """Return True if a report is due now."""
        now = time.monotonic()
        wait = _REPORT_SECONDS if received != self._last_received else _IDLE_REPORT_SECONDS
        if now - self._last < wait:
            return False
        self._last, self._last_received = now, received
        return True

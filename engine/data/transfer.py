"""One HTTP GET in its own thread, so that a blocked socket can be abandoned at once."""

from __future__ import annotations

import http
import http.client
import queue
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

from mnist_tui.engine.data.files import printable
from mnist_tui.engine.data.proxies import Proxy, proxies, proxy_for

CONNECT, RESPONSE, BODY, COMPLETE = range(4)
"""Stages of a transfer; the failure that reached the latest stage is the most informative one to report."""

_CHUNK = 64 * 1024
_QUEUED_CHUNKS = 16
_POLL = 0.1


class TransferError(Exception):
    """A failed transfer; the message is worded to follow `culprit`."""

    def __init__(self, reason: str, reached: int, culprit: str = "", remedy: str = "") -> None:
        self.reached = reached
        self.culprit = culprit
        """What failed, such as a proxy; empty for the host."""
        self.remedy = remedy
        """What to do about it, if that is known."""
        super().__init__(reason)


class Transfer:
    """A running GET of an http or https URL, through the proxies configured in the environment.

    The thread only accesses the network and the caller of `chunk` owns the files, so an abandoned transfer leaves
    nothing behind but a blocked daemon thread, which ends when its socket times out.
    """

    def __init__(self, url: str, limit: int, timeout: float) -> None:
        """Start the transfer; `limit` is the maximum number of bytes, `timeout` the seconds per connect and read."""
        self.total: int | None = None
        """Size in bytes as announced by the server; None until it responds."""
        self._url = url
        self._limit = limit
        self._timeout = timeout
        self._chunks: queue.Queue[bytes | TransferError] = queue.Queue(_QUEUED_CHUNKS)
        self._abandoned = threading.Event()
        threading.Thread(target=self._run, name=f"download from {host(url)}", daemon=True).start()

    def chunk(self, wait: float) -> bytes | None:
        """Return the next bytes, empty at the end, or None if none arrive within `wait` seconds.

        Must not be called again after the end or an error.

        Raises:
            TransferError: The transfer failed.
        """
        try:
            item = self._chunks.get(timeout=wait)
        except queue.Empty:
            return None
        if isinstance(item, TransferError):
            raise item
        return item

    def abandon(self) -> None:
        """Stop the transfer without waiting; the thread ends when its blocking call returns."""
        self._abandoned.set()

    def _run(self) -> None:
        try:
            for chunk in self._receive():
                if not self._put(chunk):
                    return
            self._put(b"")
        except TransferError as error:
            self._put(error)
        except Exception as error:  # report every failure: the caller would wait forever otherwise
            self._put(TransferError(f"failed ({type(error).__name__})", CONNECT))

    def _put(self, item: bytes | TransferError) -> bool:
        """Queue an item for the caller; return False if the transfer was abandoned."""
        while not self._abandoned.is_set():
            try:
                self._chunks.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False

    def _receive(self) -> Iterator[bytes]:
        request = urllib.request.Request(self._url, headers={"User-Agent": "mnist-tui"})
        try:
            through = urllib.request.ProxyHandler(proxies())
            response = urllib.request.build_opener(through, _HttpOnlyRedirects).open(request, timeout=self._timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            proxy = proxy_for(self._url)
            failure = _connection_error(error, self._timeout)
            raise (failure if proxy is None else _proxy_error(error, failure, proxy)) from error
        with response:
            if response.headers.get_content_type() == "text/html":
                raise TransferError("sent a web page instead of the file", RESPONSE)
            self.total = response.length
            if (response.length or 0) > self._limit:
                raise TransferError("offers a file that is far too large", RESPONSE)
            yield from self._body(response)

    def _body(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        received = 0
        expected = response.length
        while True:
            try:
                chunk = response.read1(_CHUNK)
            except TimeoutError:
                raise TransferError(f"stopped sending for {self._timeout:g} s", BODY) from None
            except (OSError, http.client.HTTPException):
                raise TransferError(f"dropped the connection after {received:,} bytes", BODY) from None
            if not chunk:
                break
            received += len(chunk)
            if received > self._limit:
                raise TransferError("sent a file that is far too large", BODY)
            yield chunk
        if expected is not None and received < expected:
            raise TransferError(f"dropped the connection after {received:,} of {expected:,} bytes", BODY)


class _HttpOnlyRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to http and https; urllib's default handler also allows ftp."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise TransferError("redirects to an address that is neither http nor https", RESPONSE)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def host(url: str) -> str:
    """Return the host of a URL, with the port if it has one."""
    return urlsplit(url).netloc


def _connection_error(error: Exception, timeout: float) -> TransferError:
    """Convert an error that occurred before the first byte of the file to a readable reason."""
    if isinstance(error, urllib.error.HTTPError):
        with error:  # closes the connection
            return TransferError(f"returned {error.code} {_status_phrase(error.code)}".rstrip(), RESPONSE)
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return TransferError(f"did not respond within {timeout:g} s", CONNECT)
    if isinstance(cause, socket.gaierror):
        return TransferError("can't be resolved, perhaps because there is no network", CONNECT)
    if isinstance(cause, ConnectionRefusedError):
        return TransferError("refused the connection", CONNECT)
    if isinstance(cause, http.client.RemoteDisconnected | ConnectionResetError):
        return TransferError("closed the connection without a response", CONNECT)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TransferError("has an untrusted certificate", CONNECT)
    if isinstance(cause, http.client.HTTPException):
        return TransferError("sent an invalid HTTP response", CONNECT)
    words = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return TransferError(f"can't be reached ({printable(words)[:80]})", CONNECT)


def _proxy_error(error: Exception, failure: TransferError, proxy: Proxy) -> TransferError:
    """Return the failure of a connection that a proxy is set for: most are the proxy's own."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error

    def blame(reason: str) -> TransferError:
        return TransferError(reason, failure.reached, proxy.label, proxy.remedy)

    if proxy.is_socks:
        if proxy.url in proxies().values():
            return blame("is a SOCKS proxy, which is not supported")
        return TransferError(f"{failure}, and {proxy.label} is a SOCKS proxy, which is not supported", failure.reached)
    if isinstance(error, urllib.error.HTTPError):
        if error.code == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return blame("requires a user name and a password")
        return TransferError(f"{failure}, through {proxy.label}", failure.reached) if error.code >= 500 else failure
    if isinstance(cause, ssl.SSLError):
        return TransferError(f"{failure}, through {proxy.label}", failure.reached)
    if isinstance(cause, ValueError | http.client.InvalidURL) or not proxy.address:
        return blame("is not a valid address")
    if tunnel := re.match(r"Tunnel connection failed: (\d{3})", str(cause)):
        return blame(f"refused to connect to the mirror ({tunnel[1]} {_status_phrase(int(tunnel[1]))}".rstrip() + ")")
    return blame(str(failure))


def _status_phrase(code: int) -> str:
    # The server's own reason phrase could contain anything.
    try:
        return http.HTTPStatus(code).phrase
    except ValueError:
        return ""

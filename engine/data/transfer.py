"""One HTTP GET in a thread of its own, so that a socket that hangs can be left behind at once."""

from __future__ import annotations

import http
import http.client
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

from mnist_tui.engine.data.files import shown

CONNECT, ANSWER, BODY, WHOLE = range(4)
"""How far a transfer came before it failed; the failure that came furthest tells most."""

_CHUNK = 64 * 1024
_QUEUED_CHUNKS = 16
_POLL = 0.1


class TransferError(Exception):
    """Why nothing usable came from a URL; the text follows the host's name."""

    def __init__(self, reason: str, reached: int) -> None:
        self.reached = reached
        super().__init__(reason)


class Transfer:
    """A running GET of an http or https URL, through the proxies that the environment names.

    The thread only talks to the network: whoever calls `chunk` owns the files, so that abandoning a transfer leaves
    nothing behind but a sleeping daemon thread, which ends with its socket's time-out.
    """

    def __init__(self, url: str, limit: int, timeout: float) -> None:
        """Starts. `limit` is the most bytes to accept; `timeout` is in seconds for each connect and read."""
        self.total: int | None = None
        """Bytes as the server announces them, once it has answered."""
        self._url = url
        self._limit = limit
        self._timeout = timeout
        self._chunks: queue.Queue[bytes | TransferError] = queue.Queue(_QUEUED_CHUNKS)
        self._abandoned = threading.Event()
        threading.Thread(target=self._run, name=f"download from {host(url)}", daemon=True).start()

    def chunk(self, wait: float) -> bytes | None:
        """The next bytes; empty at the end, and None where none came within `wait` seconds.

        Raises `TransferError` where the transfer failed. Neither may be asked again after the end.
        """
        try:
            item = self._chunks.get(timeout=wait)
        except queue.Empty:
            return None
        if isinstance(item, TransferError):
            raise item
        return item

    def abandon(self) -> None:
        """Returns at once; the thread ends when it next wakes."""
        self._abandoned.set()

    def _run(self) -> None:
        try:
            for chunk in self._receive():
                if not self._hand_over(chunk):
                    return
            self._hand_over(b"")
        except TransferError as error:
            self._hand_over(error)
        except Exception as error:  # whatever it is, the caller must hear of it instead of waiting
            self._hand_over(TransferError(f"failed ({type(error).__name__})", CONNECT))

    def _hand_over(self, item: bytes | TransferError) -> bool:
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
            response = urllib.request.build_opener(_WebOnly).open(request, timeout=self._timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _no_answer(error, self._timeout) from error
        with response:
            if response.headers.get_content_type() == "text/html":
                raise TransferError("sent a web page instead of the file", ANSWER)
            self.total = response.length
            if (response.length or 0) > self._limit:
                raise TransferError("offers a file that is far too long", ANSWER)
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
                raise TransferError(f"broke off after {received:,} bytes", BODY) from None
            if not chunk:
                break
            received += len(chunk)
            if received > self._limit:
                raise TransferError("sent a file that is far too long", BODY)
            yield chunk
        if expected is not None and received < expected:
            raise TransferError(f"broke off after {received:,} of {expected:,} bytes", BODY)


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only; urllib's own would go to ftp as well."""

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
            raise TransferError("redirects to an address that is neither http nor https", ANSWER)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def host(url: str) -> str:
    """The host in a URL, with its port where it names one."""
    return urlsplit(url).netloc


def _no_answer(error: Exception, timeout: float) -> TransferError:
    """The reason in the words of people, for an error before the first byte of the file."""
    if isinstance(error, urllib.error.HTTPError):
        with error:  # it holds the connection
            return TransferError(f"answered {error.code} {_phrase(error.code)}".rstrip(), ANSWER)
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return TransferError(f"did not answer within {timeout:g} s", CONNECT)
    if isinstance(cause, socket.gaierror):
        return TransferError("can't be found, perhaps because there is no network", CONNECT)
    if isinstance(cause, ConnectionRefusedError):
        return TransferError("refused the connection", CONNECT)
    if isinstance(cause, http.client.RemoteDisconnected | ConnectionResetError):
        return TransferError("closed the connection without an answer", CONNECT)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TransferError("has a certificate that is not trusted", CONNECT)
    if isinstance(cause, http.client.HTTPException):
        return TransferError("gave an answer that is not HTTP", CONNECT)
    words = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return TransferError(f"can't be reached ({shown(words)[:80]})", CONNECT)


def _phrase(code: int) -> str:
    # The server's own words could hold anything.
    try:
        return http.HTTPStatus(code).phrase
    except ValueError:
        return ""

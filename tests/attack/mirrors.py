"""Mirrors that lie: bombs, redirects, sizes, headers without end, bytes one by one."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mnist_tui.engine.data.catalog import CATALOG
from tests.attack.cases import attack, expect
from tests.attack.place import Place
from tests.engine.mirror import mirror

SOURCES = CATALOG["mnist"].files  # type: ignore[union-attr]
FAULTS = (
    *("hang up", "silent", "busy", "stall", "drip", "cut", "cut unannounced", "web page", "web page as gzip", "wrong"),
    *("long", "empty", "endless", "huge", "redirect to ftp", "redirect", "not http", "refuse", "not found"),
)
"""Those of the tests' own mirror."""
Answer = Callable[[http.server.BaseHTTPRequestHandler, threading.Event], None]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server on this machine that answers every request in this way."""
    released = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):
                answer(self, released)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_port}"
    finally:
        released.set()
        served.shutdown()
        served.server_close()
        thread.join()


def downloaded(place: Place, url: str) -> str:
    """Train on MNIST from this mirror, with short limits of time; the data folder must stay empty."""

    def impatient() -> None:
        from mnist_tui.engine.data import download

        download.SOCKET_TIMEOUT, download.STALL_SECONDS, download.BACK_OFF = 1.0, 1.5, 0.1

    place.environment["MNIST_TUI_MIRROR"] = url
    outcome = place.command("train", "--dataset", "mnist", "--epochs", "1", expected=(3,), prepare=impatient)
    data = place.folder / "data"
    expect(not data.exists() or not any(path.is_file() for path in data.rglob("*")), "files were left behind")
    expect(place.peak < 100 << 20, f"{place.peak >> 20} MB of memory")
    return outcome.words


def add_fault(fault: str) -> None:
    @attack(fault, "a mirror", seconds=60)
    def _(place: Place) -> str:
        bodies = {f"{source.name}.gz": gzip.compress(bytes(100_000)) for source in SOURCES}
        with mirror(bodies, fault) as served:
            return downloaded(place, served.url)


for fault_ in FAULTS:
    add_fault(fault_)


def add(name: str, brief: bool = False) -> Callable[[Answer], Answer]:
    """Add the attack by a server that answers so."""

    def adder(answer: Answer) -> Answer:
        @attack(name, "a mirror", seconds=60, brief=brief)
        def _(place: Place) -> str:
            with server(answer) as url:
                return downloaded(place, url)

        return answer

    return adder


def head(handler: http.server.BaseHTTPRequestHandler, code: int = 200, **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def redirect(target: str) -> Answer:
    return lambda handler, _: head(handler, 302, Location=target)


for name_, target_ in {
    "redirects to file:///etc/passwd": "file:///etc/passwd",
    "redirects to a local path": "//localhost/etc/passwd",
    "redirects to data:": "data:application/gzip;base64,H4sIAAAAAAAA",
    "redirects to escape sequences": "http://127.0.0.1:9/\x1b]0;EVIL\x07",
    "redirects to a port that can't be": "http://127.0.0.1:999999/x",
}.items():
    add(name_, brief="file:" in name_)(redirect(target_))


@add("redirects to itself without end")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    head(handler, 302, Location=f"{handler.path}x")


@add("a gzip bomb of a gigabyte")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    body = gzip.compress(bytes(100_000_000), 6)
    head(handler, Content_Length=str(len(body)), Content_Encoding="gzip", Content_Type="application/gzip")
    handler.wfile.write(body)


@add("a negative length")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    head(handler, Content_Length="-1")
    handler.wfile.write(gzip.compress(bytes(1000)))


@add("a length of letters")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    head(handler, Content_Length="lots")
    handler.wfile.write(gzip.compress(bytes(1000)))


@add("chunks of impossible size")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    handler.protocol_version = "HTTP/1.1"
    head(handler, Transfer_Encoding="chunked")
    handler.wfile.write(b"FFFFFFFFFFFFFFFFFFFF\r\n\x1f\x8b" + b"x" * 10_000)


@add("a header of 10 MB")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: " + b"x" * 10_000_000)


@add("headers without end")
def _(handler: http.server.BaseHTTPRequestHandler, released: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
    while not released.is_set():
        handler.wfile.write(b"X-y: z\r\n" * 1000)


@add("says continue without end")
def _(handler: http.server.BaseHTTPRequestHandler, released: threading.Event) -> None:
    while not released.is_set():
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        released.wait(0.05)


@add("a status with escape sequences")
def _(handler: http.server.BaseHTTPRequestHandler, _: threading.Event) -> None:
    handler.wfile.write(b"HTTP/1.0 500 \x1b]0;EVIL\x07\x1b[2J\r\n\r\n")

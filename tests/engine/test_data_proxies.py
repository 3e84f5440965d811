"""A proxy that does not work is named, with the setting that names it, instead of the mirror."""

import http.server
import threading

import pytest

from mnist_tui.engine.data.mirrors import DownloadError
from mnist_tui.engine.data.proxies import proxies, proxy_for
from tests.engine.downloads import DATA, fetch
from tests.engine.mirror import listing, mirror

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("impatient")]

CLOSED = "127.0.0.1:1"
"""An address without a listener."""


@pytest.fixture(autouse=True)
def _mirror(monkeypatch):
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://data.invalid/sets")


def refused(folder):
    with pytest.raises(DownloadError) as caught:
        fetch(folder)
    assert listing(folder) == {}
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestDead:
    @pytest.mark.parametrize("variable", ["http_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"])
    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_of_http(self, tmp_path, monkeypatch, variable, scheme):
        monkeypatch.setenv(variable, f"{scheme}{CLOSED}")
        assert refused(tmp_path) == (
            f"Tiny could not be downloaded: the proxy {CLOSED} ({variable}) refused the connection; "
            f"correct or unset {variable}, or put the four files into {tmp_path}/Tiny/raw, "
            "or choose another folder with --data-dir"
        )

    @pytest.mark.parametrize("variable", ["https_proxy", "all_proxy", "HTTPS_PROXY"])
    def test_of_https(self, tmp_path, monkeypatch, variable):
        monkeypatch.setenv("MNIST_TUI_MIRROR", "https://data.invalid/sets")
        monkeypatch.setenv(variable, f"http://{CLOSED}")
        assert f"the proxy {CLOSED} ({variable}) refused the connection" in refused(tmp_path)

    def test_name_that_can_not_be_resolved(self, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
        assert "the proxy proxy.invalid:3128 (http_proxy) can't be resolved" in refused(tmp_path)

    def test_silent(self, tmp_path, monkeypatch):
        with mirror(DATA.gz, "silent") as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            assert "(http_proxy) did not respond within 0.3 s" in refused(tmp_path)

    @pytest.mark.parametrize("address", ["http://", "http://host:port", "http:///path"])
    def test_address_that_is_none(self, tmp_path, monkeypatch, address):
        monkeypatch.setenv("http_proxy", address)
        text = refused(tmp_path)
        assert "(http_proxy) is not a valid address" in text
        assert "correct or unset http_proxy" in text

    def test_the_password_is_not_shown(self, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", f"http://someone:secret@{CLOSED}")
        text = refused(tmp_path)
        assert f"the proxy {CLOSED} (http_proxy)" in text
        assert "secret" not in text

    def test_socks(self, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", f"socks5://{CLOSED}")
        assert f"the proxy {CLOSED} (http_proxy) is a SOCKS proxy, which is not supported" in refused(tmp_path)


class TestAnswers:
    @pytest.mark.parametrize(
        ("method", "status", "words"),
        [
            ("GET", 407, "(http_proxy) requires a user name and a password; correct or unset http_proxy"),
            ("GET", 502, "data.invalid returned 502 Bad Gateway, through the proxy 127.0.0.1:"),
            ("GET", 404, "data.invalid returned 404 Not Found; put"),
            ("CONNECT", 403, "(https_proxy) refused to connect to the mirror (403 Forbidden)"),
        ],
    )
    def test_refusal(self, tmp_path, monkeypatch, method, status, words):
        class Refuse(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(status)

            do_CONNECT = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *_):
                pass

        scheme = "http" if method == "GET" else "https"
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        monkeypatch.setenv("MNIST_TUI_MIRROR", f"{scheme}://data.invalid/sets")
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{server.server_port}")
        try:
            assert words in refused(tmp_path)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class TestChoice:
    def test_all_proxy_is_used(self, tmp_path, monkeypatch):
        with mirror(DATA.gz) as proxy:
            monkeypatch.setenv("all_proxy", proxy.url)
            fetch(tmp_path)
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz
        assert proxy.requests[0].startswith("http://data.invalid/sets/")

    def test_the_schemes_own_goes_before_all_proxy(self, monkeypatch):
        monkeypatch.setenv("all_proxy", "http://general:1")
        monkeypatch.setenv("http_proxy", "http://own:1")
        assert proxies() == {"http": "http://own:1", "https": "http://general:1"}
        assert proxy_for("http://data.invalid/x").label == "the proxy own:1 (http_proxy)"

    def test_no_proxy(self, tmp_path, monkeypatch):
        monkeypatch.setenv("all_proxy", f"http://{CLOSED}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with mirror(DATA.gz) as direct:
            monkeypatch.setenv("MNIST_TUI_MIRROR", direct.url)
            assert proxy_for(direct.url) is None
            fetch(tmp_path)
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz

    def test_a_general_socks_proxy_is_passed_by_and_named_if_that_fails(self, tmp_path, monkeypatch):
        monkeypatch.setenv("all_proxy", f"socks5h://{CLOSED}")
        with mirror(DATA.gz) as direct:
            monkeypatch.setenv("MNIST_TUI_MIRROR", direct.url)
            fetch(tmp_path)
        assert listing(tmp_path / "Tiny" / "raw") == DATA.gz
        monkeypatch.setenv("MNIST_TUI_MIRROR", f"http://{CLOSED}")
        text = refused(tmp_path / "other")
        assert f"{CLOSED} refused the connection, and the proxy {CLOSED} (all_proxy) is a SOCKS proxy" in text

    def test_without_a_proxy(self):
        assert proxies() == {}
        assert proxy_for("http://data.invalid/x") is None

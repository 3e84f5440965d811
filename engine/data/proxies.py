"""The proxy through which a URL is requested, and the setting that names it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mnist_tui.engine.data.files import printable


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that the environment or the system names."""

    url: str
    variable: str
    """The environment variable that names it; empty if the system's settings do."""

    @property
    def address(self) -> str:
        """Its host and port, without a password."""
        return self.url.rpartition("://")[2].rpartition("@")[2].split("/")[0]

    @property
    def label(self) -> str:
        """Its address and where it is set, for messages."""
        shown = f" {printable(self.address)}" if self.address else ""
        return f"the proxy{shown} ({self.variable or 'in the system settings'})"

    @property
    def remedy(self) -> str:
        """What to do if it does not work."""
        return f"correct or unset {self.variable}" if self.variable else "correct the proxy in the system settings"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, which Python's library does not."""
        return self.url.lower().startswith("socks")


def proxies() -> dict[str, str]:
    """Return the proxies for http and https by scheme; `all_proxy` applies where no other is set, as in curl.

    A SOCKS proxy in `all_proxy` is left out: it is often set for other programs, and a direct connection may work.
    """
    named = {scheme: proxy for scheme in ("http", "https") if (proxy := _named(scheme)) is not None}
    return {scheme: proxy.url for scheme, proxy in named.items() if not (proxy.is_socks and _is_general(proxy))}


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that is set for a URL; None if it is requested directly."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else _named(parts.scheme)


def _named(scheme: str) -> Proxy | None:
    found = getproxies()
    for key in (scheme, "all"):
        if url := found.get(key):
            names = (f"{key}_proxy", f"{key}_proxy".upper(), *os.environ)
            matches = (name for name in names if name.lower() == f"{key}_proxy" and os.environ.get(name) == url)
            return Proxy(url, next(matches, ""))
    return None


def _is_general(proxy: Proxy) -> bool:
    return proxy.variable.lower() == "all_proxy"

"""From where a data set can be downloaded."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from mnist_tui.engine.data.catalog import DatasetInfo
from mnist_tui.engine.errors import ConfigError, DataError

MIRROR_VARIABLE = "MNIST_TUI_MIRROR"
"""The environment variable that names a mirror of one's own; then no other is asked.

It is the http or https address of a folder laid out like the data folder (`MNIST/raw/train-images-idx3-ubyte.gz` …), so
that `python -m http.server` in a data folder that has the published `.gz` files is a mirror.
"""


class DownloadError(DataError):
    """A data set that can't be downloaded; `reason` is the cause alone, without the way out."""

    def __init__(self, title: str, reason: str, way_out: str) -> None:
        self.reason = reason
        super().__init__(f"{title} could not be downloaded: {reason}; {way_out}")


def mirrors(info: DatasetInfo) -> list[str]:
    """Addresses that end in `/`, to which the name of a `.gz` file is added; the first is to be asked first.

    They are `$MNIST_TUI_MIRROR` alone where that is set, else torchvision's, whose import takes a second or two.
    Raises `ConfigError` where the variable is no http or https address, and `DownloadError` where torchvision can't be
    imported.
    """
    own = os.environ.get(MIRROR_VARIABLE, "").strip()
    if own:
        return [f"{_checked(own)}/{info.folder}/raw/"]
    try:
        from torchvision import datasets
    except Exception as error:  # a torch that does not fit makes it a RuntimeError or an OSError
        reason = f"torchvision, which knows the mirrors, can't be imported ({type(error).__name__})"
        way_out = f"install the torchvision that fits torch, or name a mirror in {MIRROR_VARIABLE}"
        raise DownloadError(info.title, reason, way_out) from error
    known = getattr(datasets, info.torchvision_class)
    if isinstance(known.resources, dict):  # QMNIST lists whole addresses by part, and no mirrors
        addresses = [address for part in ("train", "test") for address, _ in known.resources[part]]
        return list(dict.fromkeys(address[: address.rindex("/") + 1] for address in addresses))
    return [mirror.rstrip("/") + "/" for mirror in known.mirrors]


def _checked(address: str) -> str:
    """The address without slashes at its end. What is wrong with it is said without repeating it: it may be secret."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not address.isascii() or not address.isprintable() or " " in address:
        raise ConfigError({"mirror": f"{MIRROR_VARIABLE} must be an http or https address, such as http://host/data"})
    if "@" in parts.netloc or parts.query or parts.fragment:
        problem = f"{MIRROR_VARIABLE} must be a plain address, without a user's name, '?' or '#'"
        raise ConfigError({"mirror": problem})
    return address.rstrip("/")

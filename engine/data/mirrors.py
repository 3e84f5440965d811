"""Mirrors from which the data sets are downloaded."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from mnist_tui.engine.data.catalog import DatasetInfo
from mnist_tui.engine.errors import ConfigError, DataError

MIRROR_VARIABLE = "MNIST_TUI_MIRROR"
"""Environment variable with the URL of a custom mirror, which is then the only one used.

It is the http or https URL of a folder laid out like the data folder (`MNIST/raw/train-images-idx3-ubyte.gz` …), so
`python -m http.server` in a data folder with the published `.gz` files is a valid mirror.
"""


class DownloadError(DataError):
    """A data set cannot be downloaded; `reason` is the cause alone, without the remedy."""

    def __init__(self, title: str, reason: str, remedy: str) -> None:
        self.reason = reason
        super().__init__(f"{title} could not be downloaded: {reason}; {remedy}")


def mirrors(info: DatasetInfo) -> list[str]:
    """Return base URLs, each ending in `/`, to which the name of a `.gz` file is appended, in order of preference.

    If `$MNIST_TUI_MIRROR` is set, it is the only one; otherwise they are torchvision's, which takes a second or two
    to import.

    Raises:
        ConfigError: `$MNIST_TUI_MIRROR` is not a valid http or https URL.
        DownloadError: torchvision cannot be imported.
    """
    custom = os.environ.get(MIRROR_VARIABLE, "").strip()
    if custom:
        return [f"{_validated(custom)}/{info.folder}/raw/"]
    try:
        from torchvision import datasets
    except Exception as error:  # a mismatched torch makes the import raise RuntimeError or OSError
        reason = f"torchvision, which lists the mirrors, can't be imported ({type(error).__name__})"
        remedy = f"install the torchvision version that matches torch, or set {MIRROR_VARIABLE} to a mirror"
        raise DownloadError(info.title, reason, remedy) from error
    known = getattr(datasets, info.torchvision_class)
    if isinstance(known.resources, dict):  # QMNIST lists complete URLs per part instead of mirrors
        addresses = [address for part in ("train", "test") for address, _ in known.resources[part]]
        return list(dict.fromkeys(address[: address.rindex("/") + 1] for address in addresses))
    return [mirror.rstrip("/") + "/" for mirror in known.mirrors]


def _validated(address: str) -> str:
    """Return the URL without trailing slashes, or raise `ConfigError` without quoting the URL, which may be secret."""
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not address.isascii() or not address.isprintable() or " " in address:
        raise ConfigError({"mirror": f"{MIRROR_VARIABLE} must be an http or https URL, such as http://host/data"})
    if "@" in parts.netloc or parts.query or parts.fragment:
        problem = f"{MIRROR_VARIABLE} must be a plain URL, without a user name, '?' or '#'"
        raise ConfigError({"mirror": problem})
    return address.rstrip("/")

"""Downloads of a tiny data set."""

import threading

from mnist_tui.engine.data import download as module
from mnist_tui.engine.data.download import download
from tests.engine.mirror import tiny_data

DATA = tiny_data()

INFO = DATA.info

FIRST = f"{INFO.train_images.name}.gz"


def fetch(folder, cancelled=lambda: False):
    return list(download(INFO, folder, cancelled))


def transfers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("download from")]


def use(monkeypatch, *addresses):
    """Replace torchvision's mirrors by these."""
    monkeypatch.setattr(module, "mirrors", lambda info: [f"{address}/" for address in addresses])

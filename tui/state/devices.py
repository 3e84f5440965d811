"""The devices of this machine: found in a thread, because that imports torch."""

from __future__ import annotations

import logging
import threading

from mnist_tui.engine.hardware.torch_import import import_torch
from mnist_tui.tui.messages import DevicesFound, Post


class Devices:
    """Looks for devices and posts what it finds."""

    def __init__(self, post: Post) -> None:
        self.found: DevicesFound | None = None
        """None until they are found for the first time."""
        self._post = post

    def find(self) -> None:
        """Import torch and look for devices."""
        threading.Thread(target=self._find, name="devices", daemon=True).start()

    def _find(self) -> None:
        try:
            import_torch()
            from mnist_tui.engine.hardware import devices

            self._post(DevicesFound(devices.found(), devices.available_cores()))
        except Exception:
            logging.getLogger(__name__).exception("torch can't be used")
            self._post(DevicesFound([], 1))

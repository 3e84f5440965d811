"""Detection of the devices of this machine, in a thread because it imports torch."""

from __future__ import annotations

import logging
import threading

from mnist_tui.engine.hardware.failures import one_line, shortened
from mnist_tui.engine.hardware.torch_import import import_torch
from mnist_tui.tui.messages import DevicesFound, Post


class Devices:
    """Detects devices and posts the result."""

    def __init__(self, post: Post) -> None:
        self.found: DevicesFound | None = None
        """Result of the latest detection; None before the first."""
        self._post = post

    def detect(self) -> None:
        """Start importing torch and detecting devices."""
        threading.Thread(target=self._detect, name="devices", daemon=True).start()

    def _detect(self) -> None:
        try:
            import_torch()
            from mnist_tui.engine.hardware import devices

            self._post(DevicesFound(devices.found(), devices.available_cores()))
        except Exception as error:
            logging.getLogger(__name__).exception("torch is not usable")
            self._post(DevicesFound([], 1, shortened(one_line(error))))

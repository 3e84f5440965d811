"""Imports torch while the screen stays responsive."""

from __future__ import annotations

import gc
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("libtorch_global_deps.so", "libtorch.so")
"""In loading order; the symbols of the first one are global."""

_lock = threading.Lock()


def is_imported() -> bool:
    """Return whether torch is imported or being imported."""
    return "torch" in sys.modules or _lock.locked()


def import_torch() -> None:
    """Import torch while blocking other threads as little as possible; does nothing if it is already imported.

    Raises:
        Exception: Whatever importing torch raises.
    """
    with _lock:
        if "torch" in sys.modules:
            return
        if sys.platform == "linux":
            _load_libraries()
        gc_was_enabled = gc.isenabled()
        gc.disable()  # repeated collections over all objects of torch would block the other threads
        try:
            import torch  # noqa: F401
        finally:
            gc.freeze()
            if gc_was_enabled:
                gc.enable()


def _load_libraries() -> None:
    """Load torch's shared libraries, the slowest part of the import, without holding the GIL.

    A regular import holds the GIL while the system loads a library; a C function called through ctypes does not. Errors
    are ignored, since the import reports them.
    """
    import ctypes

    spec = find_spec("torch")
    folders = spec.submodule_search_locations if spec is not None else None
    load = getattr(ctypes.CDLL(None), "dlopen", None)
    if not folders or load is None:
        return
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name, visibility in zip(LIBRARIES, (os.RTLD_GLOBAL, os.RTLD_LOCAL), strict=True):
        if not load(os.fsencode(Path(folders[0]) / "lib" / name), os.RTLD_LAZY | visibility):
            return

"""Importing torch beside a screen that shall go on answering keys."""

from __future__ import annotations

import gc
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("libtorch_global_deps.so", "libtorch.so")
"""In the order in which torch loads them; the first one's symbols are everybody's."""

_lock = threading.Lock()


def is_imported() -> bool:
    """Whether somebody imported torch already, or is about to."""
    return "torch" in sys.modules or _lock.locked()


def import_torch() -> None:
    """Import torch, holding other threads up as little as can be; does nothing where it is imported already.

    Raises whatever importing torch raises.
    """
    with _lock:
        if "torch" in sys.modules:
            return
        if sys.platform == "linux":
            _load_libraries()
        collected = gc.isenabled()
        gc.disable()  # it would look through all of torch, again and again, and nobody else would run meanwhile
        try:
            import torch  # noqa: F401
        finally:
            gc.freeze()
            if collected:
                gc.enable()


def _load_libraries() -> None:
    """Load torch's libraries, which takes longer than anything else of the import, while other threads run.

    An import holds Python while the system loads a library; a C function that is called by ctypes does not. What can't
    be loaded is left to the import, which says why.
    """
    import ctypes

    spec = find_spec("torch")
    folders = spec.submodule_search_locations if spec is not None else None
    load = getattr(ctypes.CDLL(None), "dlopen", None)
    if not folders or load is None:
        return
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name, sharing in zip(LIBRARIES, (os.RTLD_GLOBAL, os.RTLD_LOCAL), strict=True):
        if not load(os.fsencode(Path(folders[0]) / "lib" / name), os.RTLD_LAZY | sharing):
            return

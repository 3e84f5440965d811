"""The versions that a run records."""

from __future__ import annotations

import importlib.metadata
import platform


def versions() -> dict[str, str]:
    """Return the versions of everything that a run's numbers depend on."""
    import numpy
    import torch

    from mnist_tui.engine import __version__

    return {
        "mnist-tui": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        **{package: _installed(package) for package in ("scikit-learn", "openTSNE", "matplotlib")},
        "platform": platform.platform(),
    }


def _installed(package: str) -> str:
    """Return the version of a package that need not be imported; empty if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""

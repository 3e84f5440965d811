"""Devices to train on, their memory, and settings that make runs reproducible."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass

import torch

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this machine."""

    kind: str
    """`cpu`, `cuda` or `mps`."""
    name: str
    """Display name, such as `AMD EPYC` or `NVIDIA H200`."""
    memory: int
    """Size of its memory in bytes; 0 if it shares the host's memory."""


def found() -> list[Device]:
    """Return the devices of this machine, fastest first."""
    devices = []
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        devices.append(Device("cuda", properties.name, properties.total_memory))
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU", 0))
    devices.append(Device("cpu", _processor(), 0))
    return devices


def choose(kind: str) -> Device:
    """Return the device of this kind; `auto` selects the fastest.

    Raises:
        ConfigError: This machine has no device of this kind.
    """
    devices = found()
    for device in devices:
        if kind in ("auto", device.kind):
            return device
    others = ", ".join(device.kind for device in devices)
    raise ConfigError({"device": f"--device {kind} is not available here: choose auto or one of {others}"})


def available_cores() -> int:
    """Return the number of CPU cores available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare(config: RunConfig, choose_threads: Callable[[RunConfig, int, str], int]) -> tuple[torch.device, str]:
    """Configure torch for `config`, in this thread.

    Args:
        choose_threads: Returns the number of CPU threads for a configuration, a number of available cores and the
            name of the processor; called only when training on the CPU.

    Returns:
        The device and its display name.
    """
    device = choose(config.device)
    # When training on a GPU, the CPU only launches kernels.
    threads = choose_threads(config, available_cores(), _processor()) if device.kind == "cpu" else config.threads or 1
    torch.set_num_threads(threads)
    if device.kind == "cuda":
        # cuBLAS is deterministic only with a fixed workspace.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.set_float32_matmul_precision("highest")  # some containers enable TF32, which differs from the CPU
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    name = device.name if device.kind != "cpu" else f"{device.name}, {threads} thread{'s' if threads > 1 else ''}"
    return torch.device(device.kind), name


def memory_in_use(device: torch.device) -> int:
    """Return the memory used by tensors on the device, in bytes; on the CPU that of the process, 0 if unknown."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    try:
        with open("/proc/self/statm", encoding="ascii") as pages:
            return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux
        return 0


def _processor() -> str:
    """Return the name of the processor, on Linux from /proc/cpuinfo."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"

"""Where a training runs: which devices there are, how many CPU threads, and kernels that give the same run twice."""

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
    """A device that was found."""

    kind: str
    """`cpu`, `cuda` or `mps`."""
    name: str
    """For people: `AMD EPYC`, `NVIDIA H200` …"""
    memory: int
    """Bytes of its own memory; 0 where it shares the host's."""


def found() -> list[Device]:
    """The devices of this machine, the fastest first."""
    devices = []
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        devices.append(Device("cuda", properties.name, properties.total_memory))
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU", 0))
    devices.append(Device("cpu", _processor(), 0))
    return devices


def choose(kind: str) -> Device:
    """The device of that kind, for `auto` the fastest.

    Raises `ConfigError` where this machine has none of the kind.
    """
    devices = found()
    for device in devices:
        if kind in ("auto", device.kind):
            return device
    others = ", ".join(device.kind for device in devices)
    raise ConfigError({"device": f"--device {kind} was not found here: choose auto or one of {others}"})


def available_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare(config: RunConfig, choose_threads: Callable[[RunConfig, int, str], int]) -> tuple[torch.device, str]:
    """Set torch up for `config` in this thread.

    Args:
        choose_threads: returns the number of CPU threads for the configuration, the usable cores and the processor's
            name; called only where the network trains on the CPU.

    Returns:
        The device, and its name for people.
    """
    device = choose(config.device)
    # Beside a GPU the host only launches.
    threads = choose_threads(config, available_cores(), _processor()) if device.kind == "cpu" else config.threads or 1
    torch.set_num_threads(threads)
    if device.kind == "cuda":
        # cuBLAS asks for a fixed workspace before it promises the same sums in the same order.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.set_float32_matmul_precision("highest")  # some containers switch to TF32, and the CPU has none
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    name = device.name if device.kind != "cpu" else f"{device.name}, {threads} thread{'s' if threads > 1 else ''}"
    return torch.device(device.kind), name


def memory_in_use(device: torch.device) -> int:
    """Bytes that torch's tensors hold on the device; on the CPU what the whole process holds, 0 where nobody says."""
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
    """The processor's name, from Linux's cpuinfo where there is one."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"

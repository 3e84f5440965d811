"""Devices to train on, their memory, and settings that make runs reproducible."""

from __future__ import annotations

import logging
import math
import os
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.hardware.cgroups import cpu_quota
from mnist_tui.engine.hardware.failures import gpu_problem, one_line, shortened


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this machine."""

    kind: str
    """`cpu`, `cuda` or `mps`."""
    name: str
    """Display name, such as `AMD EPYC` or `NVIDIA H200`."""
    memory: int
    """Size of its memory in bytes; 0 if it shares the host's memory or is unknown."""
    problem: str = ""
    """Why it can't be used, with a remedy; empty if it can."""
    present: bool = True
    """Whether this machine has it, usable or not."""
    note: str = ""
    """Why it was chosen although this machine has a faster one; usually empty."""


def found() -> list[Device]:
    """Return the devices of this machine, fastest first, with those that can't be used."""
    return [device for device in _candidates() if device.present]


def choose(kind: str) -> Device:
    """Return the device of this kind; `auto` selects the fastest that can be used.

    Raises:
        ConfigError: This machine has no device of this kind, or it can't be used.
    """
    candidates = _candidates()
    usable = [device for device in candidates if not device.problem]
    if kind == "auto":
        chosen = usable[0]
        faster = candidates[: candidates.index(chosen)]
        problems = [f"{device.name} can't be used: {device.problem}" for device in faster if device.present]
        if not problems:
            return chosen
        where = "CPU" if chosen.kind == "cpu" else chosen.name
        return replace(chosen, note=f"training on the {where}, because the {'; '.join(problems)}")
    device = next(device for device in candidates if device.kind == kind)
    if not device.problem:
        return device
    others = " or ".join(("auto", *(device.kind for device in usable)))
    if device.present:
        problem = f"--device {kind} can't be used: {device.problem}, or choose {others}"
    else:
        problem = f"--device {kind} is not available here, {device.problem}: choose {others}"
    raise ConfigError({"device": problem})


def available_cores() -> int:
    """Return the number of CPU cores available to this process, by its affinity and its container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def _candidates() -> list[Device]:
    """Return a device of every kind, fastest first, with the reason why it can't be used or is not present."""
    return [_cuda(), _mps(), Device("cpu", _processor(), 0)]


def _cuda() -> Device:
    if torch.version.cuda is None and torch.version.hip is None:
        return Device("cuda", "GPU", 0, "since this torch is built without CUDA", present=False)
    name, memory = "GPU", 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the reason is stated once, by this module
            # Raises the reason, which `torch.cuda.is_available` only prints, and once per process.
            torch.cuda.init()  # type: ignore[no-untyped-call]
            properties = torch.cuda.get_device_properties(0)
            name, memory = properties.name, properties.total_memory
            _try_out("cuda")
    except Exception as error:
        text = one_line(error)
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        if "no NVIDIA driver" in text:
            problem = "since no NVIDIA driver was found; a container must be started with access to the GPU"
            return Device("cuda", name, memory, problem, present=False)
        if "No CUDA GPUs" in text and hidden in (None, "", "-1", "NoDevFiles"):
            reason = "since no GPU was found" if hidden is None else f"since CUDA_VISIBLE_DEVICES is {hidden!r}"
            return Device("cuda", name, memory, reason, present=False)
        if "No CUDA GPUs" in text:
            problem = f"CUDA_VISIBLE_DEVICES is {hidden!r}, which names no GPU of this machine: correct or unset it"
        else:
            cause = gpu_problem(text, torch.version.cuda)
            problem = cause or f"{shortened(text).rstrip('.')}: see nvidia-smi"
        return Device("cuda", name, memory, problem)
    return Device("cuda", name, memory)


def _mps() -> Device:
    name = "Apple GPU"
    if not torch.backends.mps.is_available():
        return Device("mps", name, 0, "since it needs a Mac with Apple silicon and macOS 14", present=False)
    try:
        _try_out("mps")
    except Exception as error:
        text = one_line(error)
        return Device("mps", name, 0, gpu_problem(text) or shortened(text))
    return Device("mps", name, 0)


def _try_out(kind: str) -> None:
    """Run one tiny kernel; raise what torch raises if the device is present but can't be used."""
    torch.zeros(1, device=kind).add_(1).item()


def prepare(config: RunConfig, choose_threads: Callable[[RunConfig, int, str], int]) -> tuple[torch.device, str, str]:
    """Configure torch for `config`, in this thread.

    Args:
        choose_threads: Returns the number of CPU threads for a configuration, a number of available cores and the
            name of the processor; called only when training on the CPU.

    Returns:
        The device, its display name, and a note if this machine has a faster one that can't be used.
    """
    device = choose(config.device)
    if device.note:
        logging.getLogger(__name__).warning(device.note)
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
    return torch.device(device.kind), name, device.note


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

"""Causes of failures of GPUs, memory and threads, recognised by the words of the library or driver."""

from __future__ import annotations

import errno
import re

MAX_REASON = 300
"""Maximum length of a third-party error message on the screen; the log contains all of it."""

_HOST_MEMORY = re.compile(
    r"DefaultCPUAllocator|can't allocate memory|cannot allocate memory|not enough memory|bad_alloc|"
    r"unable to allocate|could not create a memory object",
    re.IGNORECASE,
)
_THREADS = "can't start new thread"
_GPU_MEMORY = re.compile(r"out of memory|(CUBLAS|CUDNN)_STATUS_(ALLOC_FAILED|NOT_INITIALIZED)", re.IGNORECASE)
_GPU = re.compile(r"CUDA|CUBLAS|CUDNN|\bHIP\b|\bMPS\b")
_GPU_ERROR = re.compile(r"(CUDA|HIP) error|MPS|CUBLAS_|CUDNN_")

_OLD_DRIVER = r"driver on your system is too old|driver version is insufficient"
_GPU_CAUSES = (
    (
        r"no kernel image|invalid device function|unsupported toolchain",
        "this torch has no code for this GPU: install a torch that supports it",
    ),
    (
        r"busy or unavailable|devices are busy",
        "another process occupies the GPU: wait until it is free, or choose another GPU with CUDA_VISIBLE_DEVICES",
    ),
    (
        r"unsupported display driver|version mismatch",
        "the GPU driver and its library have different versions, as after an update of the driver: reboot",
    ),
    (
        r"forward compatibility was attempted",
        "the CUDA compatibility library does not support this GPU: remove it from LD_LIBRARY_PATH",
    ),
    (r"system not yet initialized", "the GPUs are not initialized: start the service nvidia-fabricmanager"),
    (r"stub library", "a stub of the CUDA driver was loaded: remove the stubs folder from LD_LIBRARY_PATH"),
    (
        r"not permitted|OS call failed|operating system call",
        "access to the GPU is not permitted: check the permissions of /dev/nvidia*, or the options of the container",
    ),
    (
        r"CUDA unknown error",
        "the GPU driver reports an unknown error: see nvidia-smi, and reload the driver (nvidia_uvm) or reboot",
    ),
    (r"uncorrectable ECC", "the GPU's memory is faulty: see nvidia-smi, and reset the GPU or choose another"),
)
"""Patterns, and the cause with its remedy."""


def gpu_problem(text: str, cuda: str | None = None) -> str:
    """Return the cause that an error message of a GPU states, with a remedy; empty if it is not known.

    Args:
        cuda: The version of CUDA that torch is built for.
    """
    if re.search(_OLD_DRIVER, text):
        version = re.search(r"found version (\d+)", text)
        number = int(version[1]) if version else 0
        driver = f" (CUDA {number // 1000}.{number % 1000 // 10})" if number else ""
        built = f" (CUDA {cuda})" if cuda else ""
        return f"the GPU driver{driver} is too old for this torch{built}: update the driver, or install an older torch"
    if _GPU_MEMORY.search(text):
        return (
            "the GPU has too little free memory: end other processes that use it, "
            "or choose another GPU with CUDA_VISIBLE_DEVICES"
        )
    return next((cause for pattern, cause in _GPU_CAUSES if re.search(pattern, text, re.IGNORECASE)), "")


def known_cause(error: Exception, smaller: str = "") -> str:
    """Return why an operation failed, as one line with a remedy; empty if it is not known.

    Args:
        smaller: What needs less memory, to be appended to "free some".
    """
    text = one_line(error)
    kind = type(error).__name__  # OutOfMemoryError and AcceleratorError of torch, which may not be imported
    of_torch = isinstance(error, RuntimeError)
    if kind == "OutOfMemoryError" or (of_torch and _GPU.search(text) and _GPU_MEMORY.search(text)):
        return f"the GPU has too little memory: free some{smaller}"
    if isinstance(error, MemoryError) or (of_torch and _HOST_MEMORY.search(text)):
        return f"this machine has too little memory: free some{smaller}"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return f"this machine has too little memory: free some{smaller}"
    if of_torch and _THREADS in text:
        return "no more threads can be started: end other processes, or raise the limit of processes (ulimit -u)"
    if not of_torch or not (kind == "AcceleratorError" or _GPU_ERROR.search(text)):
        return ""
    if cause := gpu_problem(text):
        return f"{cause}; use --resume then, or add --device cpu"
    return f"the device was lost ({shortened(text)}): use --resume once it is back, or add --device cpu"


def one_line(error: Exception) -> str:
    """Return the message of an error on one line, or its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def shortened(text: str) -> str:
    """Return the text, cut to `MAX_REASON` characters."""
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"

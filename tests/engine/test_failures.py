"""Causes of failures in the words of the libraries that report them, as they were printed."""

import errno

import pytest
import torch

from mnist_tui.engine.hardware.failures import known_cause
from mnist_tui.engine.session import explain

MEMORY = {
    "DefaultCPUAllocator": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 120000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
    "DefaultCPUAllocator of Windows": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:72] data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"
    ),
    "bad_alloc": RuntimeError("std::bad_alloc"),
    "oneDNN": RuntimeError("could not create a memory object"),
    "Python": MemoryError(),
    "NumPy": MemoryError("Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64"),
    "system": OSError(errno.ENOMEM, "Cannot allocate memory"),
}
GPU_MEMORY = {
    "CUDA": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of …"),
    "CUDA's own": RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    "cuBLAS": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    "MPS": RuntimeError("MPS backend out of memory (MPS allocated: 0 bytes, other allocations: 0 bytes, max: 7 GB)"),
}
GPU = {
    "CUDA error: no kernel image is available for execution on the device": "install a torch that supports it",
    "CUDA error: all CUDA-capable devices are busy or unavailable": "wait until it is free",
    "CUDA error: uncorrectable ECC error encountered": "the GPU's memory is faulty",
    "CUDA error: unspecified launch failure": "the device was lost (CUDA error: unspecified launch failure)",
    "CUDA error: unknown error": "the device was lost (CUDA error: unknown error)",
}


@pytest.mark.parametrize("error", MEMORY.values(), ids=MEMORY)
def test_memory_of_the_host(error):
    assert explain(error) == (
        "this machine has too little memory: free some, or use a smaller --batch-size or --hidden"
    )


def test_torch_itself_reports_what_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)  # more than any machine's address space
    assert known_cause(caught.value) == "this machine has too little memory: free some"


@pytest.mark.parametrize("error", GPU_MEMORY.values(), ids=GPU_MEMORY)
def test_memory_of_the_gpu(error):
    assert explain(error) == "the GPU has too little memory: free some, or use a smaller --batch-size or --hidden"


@pytest.mark.parametrize(("text", "cause"), GPU.items())
def test_each_failure_of_a_gpu_has_its_cause_and_a_way_out(text, cause):
    reason = explain(RuntimeError(f"{text}\nCUDA kernel errors might be asynchronously reported"))
    assert cause in reason.replace("CUDA kernel errors might be asynchronously reported", "").replace(" )", ")")
    assert "--resume" in reason
    assert "--device cpu" in reason
    assert "\n" not in reason


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("CUDA error")])
def test_other_failures_are_left_alone(error):
    assert known_cause(error) == ""
    assert explain(error) == str(error)


def test_a_limit_of_threads_is_named():
    assert "raise the limit of processes (ulimit -u)" in known_cause(RuntimeError("can't start new thread"))

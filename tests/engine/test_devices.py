"""Devices that are present and can't be used: the reason is stated once, with a remedy, wherever it matters."""

from dataclasses import replace

import pytest
import torch

from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.events import RunStarted
from mnist_tui.engine.hardware import devices
from mnist_tui.engine.session import resume
from tests.engine.session_helpers import BRIEF, run_session
from tests.helpers import of_kind

OLD_DRIVER = (
    "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by downloading "
    "and installing a new version from the URL: http://www.nvidia.com/Download/index.aspx"
)
NO_DRIVER = (
    "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from\n"
    "http://www.nvidia.com/Download/index.aspx"
)
UNUSABLE = {
    OLD_DRIVER: "the GPU driver (CUDA 11.4) is too old for this torch (CUDA 13.0): update the driver",
    "CUDA error: no kernel image is available for execution on the device": "has no code for this GPU: install",
    "CUDA error: CUDA-capable device(s) is/are busy or unavailable": "another process occupies the GPU: wait",
    "CUDA error: out of memory": "the GPU has too little free memory: end other processes",
    "Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before calling NumCudaDevices() that "
    "might have already set an error? Error 803: system has unsupported display driver / cuda driver combination": (
        "the GPU driver and its library have different versions, as after an update of the driver: reboot"
    ),
    "Unexpected error from cudaGetDeviceCount(). … Error 802: system not yet initialized": "nvidia-fabricmanager",
    "CUDA unknown error - this may be due to an incorrectly set up environment": "an unknown error: see nvidia-smi",
}
ABSENT = {NO_DRIVER: "no NVIDIA driver was found", "No CUDA GPUs are available": "no GPU was found"}


@pytest.fixture
def gpu(monkeypatch):
    """Return a function that gives this machine a GPU which fails with an error in these words."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.version, "cuda", "13.0")

    def fails(words):
        def init():
            raise RuntimeError(words)

        monkeypatch.setattr(torch.cuda, "init", init)

    return fails


class TestUnusable:
    @pytest.mark.parametrize(("words", "reason"), UNUSABLE.items())
    def test_the_named_device_is_refused_with_the_reason(self, gpu, words, reason):
        gpu(words)
        with pytest.raises(ConfigError) as caught:
            devices.choose("cuda")
        problem = caught.value.problems["device"]
        assert problem.startswith("--device cuda can't be used: ")
        assert reason in problem
        assert problem.endswith(", or choose auto or cpu")
        assert "\n" not in problem

    @pytest.mark.parametrize(("words", "reason"), UNUSABLE.items())
    def test_auto_takes_the_cpu_and_says_why(self, gpu, words, reason):
        gpu(words)
        device = devices.choose("auto")
        assert device.kind == "cpu"
        assert device.note.startswith("training on the CPU, because the GPU can't be used: ")
        assert reason in device.note
        assert devices.choose("cpu").note == ""

    def test_a_gpu_that_fails_at_its_first_kernel_is_named(self, gpu, monkeypatch):
        def fail(kind):
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

        monkeypatch.setattr(torch.cuda, "init", lambda: None)
        properties = type("Properties", (), {"name": "Tesla K80", "total_memory": 12 << 30})
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
        monkeypatch.setattr(devices, "_try_out", fail)
        gpu = devices.found()[0]
        assert (gpu.kind, gpu.name, gpu.memory) == ("cuda", "Tesla K80", 12 << 30)
        assert "Tesla K80 can't be used: this torch has no code for this GPU" in devices.choose("auto").note

    def test_a_gpu_that_works_is_chosen(self, gpu, monkeypatch):
        tried = []
        monkeypatch.setattr(torch.cuda, "init", lambda: None)
        properties = type("Properties", (), {"name": "A GPU", "total_memory": 1 << 30})
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
        monkeypatch.setattr(devices, "_try_out", tried.append)
        assert devices.choose("auto") == devices.choose("cuda") == devices.Device("cuda", "A GPU", 1 << 30)
        assert tried == ["cuda", "cuda"]

    def test_an_index_that_no_gpu_has(self, gpu, monkeypatch):
        gpu("No CUDA GPUs are available")
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
        assert "CUDA_VISIBLE_DEVICES is '7', which names no GPU of this machine" in devices.choose("auto").note


class TestAbsent:
    @pytest.mark.parametrize(("words", "reason"), ABSENT.items())
    def test_the_named_device_is_refused_with_the_reason(self, gpu, words, reason):
        gpu(words)
        with pytest.raises(ConfigError) as caught:
            devices.choose("cuda")
        assert caught.value.problems["device"].startswith(f"--device cuda is not available here, since {reason}")
        assert caught.value.problems["device"].endswith(": choose auto or cpu")

    @pytest.mark.parametrize("words", ABSENT)
    def test_auto_has_nothing_to_say(self, gpu, words):
        gpu(words)
        assert devices.choose("auto").note == ""
        assert [device.kind for device in devices.found()] == ["cpu"]

    @pytest.mark.parametrize("hidden", ["", "-1"])
    def test_hidden_on_purpose(self, gpu, monkeypatch, hidden):
        gpu("No CUDA GPUs are available")
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert devices.choose("auto").note == ""
        with pytest.raises(ConfigError, match=f"since CUDA_VISIBLE_DEVICES is '{hidden}'"):
            devices.choose("cuda")

    def test_a_torch_without_cuda(self, monkeypatch):
        monkeypatch.setattr(torch.version, "cuda", None)
        with pytest.raises(ConfigError, match="since this torch is built without CUDA"):
            devices.choose("cuda")
        assert devices.choose("auto").note == ""

    def test_no_warning_is_printed(self, gpu, recwarn):
        gpu(OLD_DRIVER)
        devices.choose("auto")
        assert not recwarn.list


@pytest.mark.usefixtures("bundled_data")
class TestRun:
    def test_the_run_states_it_once_and_its_log_too(self, gpu, tmp_path):
        gpu(OLD_DRIVER)
        events, run = run_session(tmp_path, replace(BRIEF, device="auto"))
        (started,) = of_kind(events, RunStarted)
        assert "too old for this torch" in started.device_note
        assert started.notes == [started.device_note]
        assert of_kind(run.events(), RunStarted) == [started]
        log = (run.path / "log.txt").read_text(encoding="utf-8")
        assert log.count(started.device_note) == 1

    def test_a_resume_on_a_machine_in_order_says_nothing_of_it(self, gpu, tmp_path):
        gpu(OLD_DRIVER)
        _, run = run_session(tmp_path, replace(BRIEF, device="auto", epochs=1))
        gpu(NO_DRIVER)
        assert of_kind(resume(run, epochs=2), RunStarted)[0].notes == []

    def test_both_notes(self):
        started = RunStarted("a", {}, "digits", "cpu", 1, 1, 1, 1, 0.1, 0.1, 0.0, note="one", device_note="two")
        assert started.notes == ["one", "two"]

"""A GPU that can't be used: why the CPU is used is shown in the form, beside the result, on stdout and in JSON."""

from __future__ import annotations

import json

import pytest
import torch
from textual.widgets import Static

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.hardware.devices import Device
from mnist_tui.tui.messages import DevicesFound
from mnist_tui.tui.widgets.fields import Choice
from tests.helpers import command
from tests.tui.conftest import screen_text, until

TRAIN = ("train", "--dataset", "digits", "--hidden", "16", "--epochs", "1", "--threads", "1")
REASON = "the GPU driver (CUDA 11.4) is too old for this torch (CUDA 13.0): update the driver"
NOTE = f"training on the CPU, because the GPU can't be used: {REASON}"


@pytest.fixture
def old_driver(monkeypatch, tmp_path):
    """Run in a folder of its own on a machine whose driver is too old for torch."""

    def fail():
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040). Please update …")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", fail)


@pytest.mark.usefixtures("old_driver")
class TestCommand:
    def test_lines(self):
        outcome = command(*TRAIN)
        assert outcome.status == 0
        (line,) = [line for line in outcome.out.splitlines() if "driver" in line]
        assert line.startswith(f"note: {NOTE}")
        assert "driver" not in outcome.err

    def test_json(self):
        outcome = command(*TRAIN, "--json")
        started = next(event for event in map(json.loads, outcome.out.splitlines()) if event["event"] == "run_started")
        assert started["device_note"].startswith(NOTE)
        assert outcome.out.count("too old") == 1
        assert outcome.err.splitlines().count(started["device_note"]) == 1

    def test_the_named_device(self):
        outcome = command(*TRAIN, "--device", "cuda")
        assert outcome.status == 2
        assert f"--device cuda can't be used: {REASON}" in outcome.err

    def test_the_cpu_by_name_needs_no_reason(self):
        assert "driver" not in command(*TRAIN, "--device", "cpu").out


CPU = Device("cpu", "a processor", 0)
GPU = Device("cuda", "A GPU", 1 << 33)


@pytest.mark.parametrize(
    ("devices", "notes"),
    [
        ([CPU], {"auto": "cpu", "cpu": "✓", "cuda": "✕ not available"}),
        ([GPU, CPU], {"auto": "cuda", "cpu": "✓", "cuda": "✓"}),
        (
            [Device("cuda", "A GPU", 1 << 33, REASON), CPU],
            {"auto": "cpu, not cuda", "cpu": "✓", "cuda": "✕ not usable"},
        ),
    ],
)
async def test_the_form_names_what_can_not_be_used_and_why(console, devices, notes) -> None:
    app = console(RunConfig(dataset="digits"))
    async with app.run_test(size=(132, 44)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        for kind, note in notes.items():
            app.screen.query_one("#device", Choice).value = kind
            app.post_message(found := DevicesFound(devices, 4))
            await until(pilot, lambda found=found: app.devices.found is found)
            (row,) = [row for row in screen_text(app).splitlines() if row.startswith("│ Device ")]
            assert row.split("›")[1].split("│")[0].strip() == note
        assert (f"can't be used: {REASON}" in summary_text(app)) == any(device.problem for device in devices)


def summary_text(app) -> str:
    """Return the summary beside the form, without its line breaks."""
    return " ".join(str(app.screen.query_one("#summary", Static).content).split())


async def test_why_torch_is_not_usable_is_shown(console) -> None:
    app = console(RunConfig(dataset="digits"))
    async with app.run_test(size=(132, 44)) as pilot:
        await until(pilot, lambda: app.devices.found is not None)
        app.post_message(DevicesFound([], 1, "libcudart.so.13: cannot open shared object file"))
        await until(pilot, lambda: "torch is not usable: libcudart.so.13: cannot open" in summary_text(app))


async def test_the_reason_stands_beside_the_training(console, old_driver) -> None:
    app = console(RunConfig(dataset="digits", hidden=(16,), epochs=1, threads=1))
    async with app.run_test(size=(132, 44)) as pilot:
        await pilot.pause()
        app.training.start(app.config)
        await app.action_view("training")
        await until(pilot, lambda: app.training.history.finished is not None)
        assert app.training.history.started.device_note.startswith(NOTE)
        await until(pilot, lambda: "install an older torch" in screen_text(app))
        assert [note.message for note in app._notifications if "too old" in note.message] == [
            app.training.history.started.device_note
        ]

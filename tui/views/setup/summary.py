"""Summary of the configuration, for the right half of the New run view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from mnist_tui.engine.config import CLASSES, PIXELS, SETTINGS, RunConfig
from mnist_tui.engine.data.catalog import CATALOG, DIGITS
from mnist_tui.engine.data.folder import Availability
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.tui.render.texts import bytes_label

if TYPE_CHECKING:
    from mnist_tui.engine.hardware.devices import Device
    from mnist_tui.tui.messages import DevicesFound


def summary(
    config: RunConfig | None,
    problems: dict[str, str],
    availability: dict[str, Availability],
    devices: DevicesFound | None,
    colours: dict[str, str],
    *,
    compact: bool = False,
) -> Text:
    """Return the network, the recipe, the data set, the work and the machine as text, or the problems.

    Args:
        config: the form's configuration; None if it is invalid.
        problems: what is wrong, by the field's label.
        compact: whether to omit empty lines.
    """
    strong, dim, accent = f"bold {colours['foreground']}", colours["secondary"], colours["accent"]
    text = Text()

    def paragraph(heading: str, *lines: str) -> None:
        text.append(heading + "\n", f"bold {colours['primary']}")
        for line in lines:
            text.append(line + "\n")
        if not compact:
            text.append("\n")

    if config is None:
        text.append("Invalid settings\n", f"bold {colours['error']}")
        for label, problem in problems.items():
            text.append(f"\n{label}\n", f"bold {colours['primary']}")
            text.append(f"{problem}\n")
        return text
    text.append(f"{config.parameters:,}", f"bold {accent}")
    text.append(" parameters\n", strong)
    text.append(" → ".join(map(str, (PIXELS, *config.hidden, CLASSES))) + ("\n" if compact else "\n\n"), dim)
    paragraph(RECIPES[config.recipe].title, *_recipe_lines(config))
    paragraph("Data", *_data_lines(config, availability))
    paragraph("Work", *_work_lines(config))
    paragraph("Machine", *_machine_lines(devices))
    return text


def _recipe_lines(config: RunConfig) -> list[str]:
    """Return the explanation of the recipe, and the changed settings."""
    changed = ", ".join(SETTINGS[name].label for name in config.changed)
    return [RECIPES[config.recipe].explanation, *([f"changed: {changed}"] if changed else [])]


def _data_lines(config: RunConfig, availability: dict[str, Availability]) -> list[str]:
    name = "mnist" if config.dataset == "auto" else config.dataset
    found = availability.get(name)
    if found is None:
        return []
    if found.state == "missing":
        return [f"{found.title}: {bytes_label(found.bytes)} to download"]
    if found.state == "damaged":
        return [f"{found.title} is damaged: {found.detail}"]
    train, valid, test = split_sizes(config)
    return [f"{found.title}, {found.detail}", f"{train:,} train · {valid:,} validation · {test:,} test"]


def split_sizes(config: RunConfig) -> tuple[int, int, int]:
    """Return the numbers of training, validation and test images of the configuration's data set."""
    name = "mnist" if config.dataset == "auto" else config.dataset
    if name == DIGITS.name:
        images, test = DIGITS.train_items, DIGITS.test_items
    else:
        images, test = CATALOG[name].train_images.items, CATALOG[name].test_images.items
    valid = max(1, round(images * config.valid_fraction))
    return images - valid, valid, test


def _work_lines(config: RunConfig) -> list[str]:
    train, _, _ = split_sizes(config)
    steps = -(-train // config.batch_size)
    weights = 4 * config.parameters
    return [
        f"{steps:,} steps per epoch, {steps * config.epochs:,} in total",
        f"{bytes_label(weights)} per checkpoint, {bytes_label(weights * config.epochs)} in total",
    ]


def _machine_lines(devices: DevicesFound | None) -> list[str]:
    if devices is None:
        return ["detecting devices …"]
    if not devices.devices:
        return [f"torch is not usable: {devices.problem}", "see the log (L)"]
    lines = []
    for device in devices.devices:
        memory = f", {bytes_label(device.memory)}" if device.memory else ""
        cores = f", {devices.cores} core{'s' if devices.cores > 1 else ''}" if device.kind == "cpu" else ""
        problem = f", can't be used: {device.problem}" if device.problem else ""
        lines.append(f"{device.kind}: {device.name}{memory}{cores}{problem}")
    return lines


def device_note(kind: str, devices: list[Device]) -> str:
    """Return the note beside the form's device: what `auto` selects, or whether the device can be used."""
    usable = [device.kind for device in devices if not device.problem]
    if kind == "auto":
        unusable = [device.kind for device in devices if device.problem]
        return usable[0] + (f", not {' or '.join(unusable)}" if unusable else "")
    if kind in usable:
        return "✓"
    return "✕ not usable" if kind in [device.kind for device in devices] else "✕ not available"

"""Texts of the Weights view."""

from __future__ import annotations

import math

import numpy as np
from rich.text import Text

from mnist_tui.engine.analysis.layers import Layers, UnitDetail
from mnist_tui.engine.analysis.orders import Order
from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.weights import LayerMatrix
from mnist_tui.tui.render.signed_cells import largest

EIGHTHS = " ▏▎▍▌▋▊▉█"
SPLIT_LABELS = {"test": "test", "valid": "validation", "train": "training"}


def signed(value: float) -> str:
    """Format a number with its sign: `+0.312`, `−1.25`; a dash if it is not finite."""
    if not math.isfinite(value):
        return "–"
    digits = 2 if abs(value) >= 1 else 3
    return f"{value:+.{digits}f}".replace("-", "−")


def number(value: float) -> str:
    """Format a number in at most five characters if it is below 10,000: `0.312`, `12.35`, `−3.10`."""
    if not math.isfinite(value):
        return "–"
    digits = 3 if abs(value) < 1 and value >= 0 else (2 if abs(value) < 100 else (1 if abs(value) < 1000 else 0))
    return f"{value:.{digits}f}".replace("-", "−")


def unit_name(layers: Layers, unit: int) -> str:
    """Return `unit 17`, or `class 7` if the layer is the output layer."""
    return f"class {layers.classes[unit]}" if layers.is_output else f"unit {unit}"


def caption(layers: Layers, unit: int, by: Order, width: int) -> str:
    """Return the caption of a unit's picture: its index or class, and its sort key."""
    name = layers.classes[unit] if layers.is_output else str(unit)
    if by == "index":
        return name[:width]
    value = number(layers.key(unit, by))
    return f"{name[: width - len(value) - 2]}  {value}"


def position_label(layers: Layers, unit: int, rank: int, by: Order, *, reverse: bool) -> str:
    """Return the position of a unit in the sort order, such as `unit 17, 3 of 250 by structure`."""
    directions = {"index": "descending", "norm": "ascending", "structure": "ascending"}
    direction = f", {directions[by]}" if reverse else ""
    return f"{unit_name(layers, unit)}, {rank + 1} of {layers.units:,} by {by}{direction}"


def bar(share: float, width: int, *, plain: bool) -> str:
    """Return a bar that fills a fraction of `width` cells; `plain` uses ASCII only."""
    if plain:
        return "#" * round(share * width)
    eighths = round(share * width * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


def facts_text(
    layers: Layers,
    unit: int,
    detail: UnitDetail | None,
    width: int,
    colours: dict[str, str],
    *,
    plain: bool,
    pointer: str = "",
) -> Text:
    """Return a unit's mean activation per class as bars, followed by its statistics; 14 lines.

    Args:
        detail: details of this unit; None until they are computed.
        plain: whether to draw the bars in ASCII.
        pointer: text between the bars and the statistics.
    """
    dim, ink, accent = colours["secondary"], colours["foreground"], colours["accent"]
    quantity = "score" if layers.is_output else "activation"
    heading = f"mean {quantity} by class" if width >= 24 else f"mean {quantity}"
    lines = [Text(heading[:width], f"bold {ink}")]
    if detail is None:
        return lines[0]
    means = detail.neuron.class_means
    top = float(np.nanmax(np.abs(means))) if np.isfinite(means).any() else 0.0
    highest = int(np.nanargmax(means)) if top > 0 else -1
    label = min(max(map(len, layers.classes)), max(1, width // 3))
    room = max(1, width - label - 8)
    for i, (name, value) in enumerate(zip(layers.classes, means.tolist(), strict=True)):
        share = abs(value) / top if top > 0 and math.isfinite(value) else 0.0
        line = Text(name[:label].rjust(label), f"bold {accent}" if i == highest else dim)
        line.append(" ")
        line.append(bar(share, room, plain=plain).ljust(room), colours["train" if value < 0 else "valid"])
        line.append(f" {number(value):>6}", ink)
        lines.append(line)
    state = "above 0" if layers.is_output else "active"
    lines.append(Text(pointer, dim))
    share = percent(detail.neuron.active, 1)
    lines.append(Text(f"{state} on {share} of the images" if width >= 31 else f"{state} {share}", ink))
    norm, structure, bias = layers.first.norms[unit], layers.first.morans_i[unit], layers.bias[unit]
    parts = [f"norm {number(norm)}", f"I {number(structure)}", f"bias {signed(float(bias))}"]
    while len(parts) > 1 and len("  ".join(parts)) > width:
        parts.pop()
    lines.append(Text("  ".join(parts), dim))
    return Text("\n", no_wrap=True, overflow="crop").join(lines)


def images_heading(layers: Layers, detail: UnitDetail, width: int) -> str:
    """Return the heading of the images that activate a unit most."""
    split, name = SPLIT_LABELS[detail.split], unit_name(layers, detail.unit)
    if not len(detail.images):
        return f"no {split} image activates it"[:width]
    choices = (f"{split} images that activate {name} most", f"most activating {split} images", "most activating")
    return next((heading for heading in choices if len(heading) <= width), "top images")


def image_captions(layers: Layers, detail: UnitDetail, width: int) -> list[str]:
    """Return a caption for each image: label, index in the file (if it fits) and activation."""
    captions = []
    for label, index, activation in zip(detail.labels, detail.indices, detail.activations, strict=True):
        name, value = layers.classes[label], number(float(activation))
        line = f"{name} #{index} {value}"
        captions.append(line if len(line) <= width else f"{name[: width - len(value) - 1]} {value}")
    return captions


def outgoing_heading(layers: Layers, detail: UnitDetail, step: int, width: int) -> str:
    """Return the heading of the outgoing weights."""
    weights = detail.neuron.outgoing
    title = f"outgoing to {layers.deeper[0].name}"
    span = f", {signed(float(weights.min()))} … {signed(float(weights.max()))}"
    mean = f", means of {step}" if step > 1 else ""
    choices = (title + span + mean, title + mean, title)
    return next((heading for heading in choices if len(heading) <= width), "outgoing"[:width])


def outgoing_text(
    layers: Layers, detail: UnitDetail, rows: int, width: int, colours: dict[str, str], *, plain: bool
) -> Text:
    """Return the outgoing weights as bars: all of them if they fit into `rows`, else those of largest magnitude."""
    weights = detail.neuron.outgoing
    output = len(layers.deeper) == 1
    indices = np.arange(len(weights))
    if len(weights) > rows:
        indices = np.argsort(-np.abs(weights), kind="stable")[:rows]
    names = [layers.classes[index] if output else f"unit {index}" for index in indices]
    label = min(max(map(len, names), default=1), max(1, width // 3))
    top = largest(weights)
    room = max(1, width - label - 9)
    lines = []
    for name, value in zip(names, weights[indices].tolist(), strict=True):
        share = abs(value) / top if top > 0 and math.isfinite(value) else 0.0
        line = Text(name[:label].rjust(label) + " ", colours["secondary"])
        line.append(bar(share, room, plain=plain).ljust(room), colours["train" if value < 0 else "valid"])
        line.append(f" {signed(value):>7}", colours["foreground"])
        lines.append(line)
    return Text("\n", no_wrap=True, overflow="crop").join(lines)


def matrix_label(matrix: LayerMatrix) -> str:
    """Return the name, shape and range of a layer."""
    weights = matrix.weights
    span = f"{signed(float(weights.min()))} … {signed(float(weights.max()))}"
    return f"{matrix.name} {weights.shape[0]:,} × {weights.shape[1]:,}, {span}"


def matrix_footer(matrix: LayerMatrix, before: str, block: tuple[int, int]) -> str:
    """Return the footer of a layer: the meaning of rows and columns, and the size of the averaged blocks."""
    height, width = block
    mean = f", means of {height}×{width}" if block != (1, 1) else ""
    return f"rows {matrix.name}, columns {before}{mean}"

"""The words of the Weights view."""

from __future__ import annotations

import math

import numpy as np
from rich.text import Text

from mnist_tui.engine.analysis.layers import Detail, Layers
from mnist_tui.engine.analysis.orders import Order
from mnist_tui.engine.analysis.weights import LayerMatrix
from mnist_tui.tui.render.signed_cells import largest
from mnist_tui.tui.render.words import percent

EIGHTHS = " ▏▎▍▌▋▊▉█"
SPLIT_WORDS = {"test": "test", "valid": "validation", "train": "training"}


def signed(value: float) -> str:
    """A number with its sign: `+0.312`, `−1.25`; a dash where it is none."""
    if not math.isfinite(value):
        return "–"
    digits = 2 if abs(value) >= 1 else 3
    return f"{value:+.{digits}f}".replace("-", "−")


def number(value: float) -> str:
    """A number in at most five characters where it is below 10,000: `0.312`, `12.35`, `−3.10`."""
    if not math.isfinite(value):
        return "–"
    digits = 3 if abs(value) < 1 and value >= 0 else (2 if abs(value) < 100 else (1 if abs(value) < 1000 else 0))
    return f"{value:.{digits}f}".replace("-", "−")


def unit_name(layers: Layers, unit: int) -> str:
    """`unit 17`, or `class 7` where the units are the classes."""
    return f"class {layers.classes[unit]}" if layers.is_output else f"unit {unit}"


def caption(layers: Layers, unit: int, by: Order, width: int) -> str:
    """What stands under a unit's picture: its number or class, and what it is ordered by."""
    name = layers.classes[unit] if layers.is_output else str(unit)
    if by == "index":
        return name[:width]
    value = number(layers.key(unit, by))
    return f"{name[: width - len(value) - 2]}  {value}"


def position(layers: Layers, unit: int, place: int, by: Order, *, turned: bool) -> str:
    """`unit 17, 3 of 250 by structure`."""
    ends = {"index": "last", "norm": "least", "structure": "least"}
    turn = f", {ends[by]} first" if turned else ""
    return f"{unit_name(layers, unit)}, {place + 1} of {layers.units:,} by {by}{turn}"


def bar(share: float, width: int, *, plain: bool) -> str:
    """A bar for a share of `width` cells; `plain` keeps to ASCII."""
    if plain:
        return "#" * round(share * width)
    eighths = round(share * width * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


def facts_text(
    layers: Layers,
    unit: int,
    detail: Detail | None,
    width: int,
    colours: dict[str, str],
    *,
    plain: bool,
    pointer: str = "",
) -> Text:
    """A unit's mean activation per class as bars, and its numbers under them; 14 lines.

    Args:
        detail: of this unit; without it there are no bars yet.
        plain: whether the bars keep to ASCII.
        pointer: words in the line between the bars and the numbers.
    """
    dim, ink, accent = colours["secondary"], colours["foreground"], colours["accent"]
    what = "score" if layers.is_output else "activation"
    heading = f"mean {what} by class" if width >= 24 else f"mean {what}"
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
    where = "above 0" if layers.is_output else "active"
    lines.append(Text(pointer, dim))
    share = percent(detail.neuron.active, 1)
    lines.append(Text(f"{where} on {share} of the images" if width >= 31 else f"{where} {share}", ink))
    norm, structure, bias = layers.first.norms[unit], layers.first.morans_i[unit], layers.bias[unit]
    parts = [f"norm {number(norm)}", f"I {number(structure)}", f"bias {signed(float(bias))}"]
    while len(parts) > 1 and len("  ".join(parts)) > width:
        parts.pop()
    lines.append(Text("  ".join(parts), dim))
    return Text("\n", no_wrap=True, overflow="crop").join(lines)


def images_heading(layers: Layers, detail: Detail, width: int) -> str:
    """What stands over the images that excite a unit."""
    split, name = SPLIT_WORDS[detail.split], unit_name(layers, detail.unit)
    if not len(detail.images):
        return f"no {split} image excites it"[:width]
    choices = (f"{split} images that excite {name} most", f"most exciting {split} images", "most exciting images")
    return next((words for words in choices if len(words) <= width), "most exciting")


def image_captions(layers: Layers, detail: Detail, width: int) -> list[str]:
    """Label, place in the file and activation under each exciting image, as far as they fit."""
    captions = []
    for label, index, activation in zip(detail.labels, detail.indices, detail.activations, strict=True):
        name, value = layers.classes[label], number(float(activation))
        line = f"{name} #{index} {value}"
        captions.append(line if len(line) <= width else f"{name[: width - len(value) - 1]} {value}")
    return captions


def outgoing_heading(layers: Layers, detail: Detail, step: int, width: int) -> str:
    """What stands over the outgoing weights."""
    weights = detail.neuron.outgoing
    words = f"outgoing to {layers.deeper[0].name}"
    span = f", {signed(float(weights.min()))} … {signed(float(weights.max()))}"
    mean = f", means of {step}" if step > 1 else ""
    return next((w for w in (words + span + mean, words + mean, words) if len(w) <= width), "outgoing"[:width])


def outgoing_text(
    layers: Layers, detail: Detail, rows: int, width: int, colours: dict[str, str], *, plain: bool
) -> Text:
    """The outgoing weights as bars: all of them where they fit into `rows`, else the strongest first."""
    weights = detail.neuron.outgoing
    output = len(layers.deeper) == 1
    places = np.arange(len(weights))
    if len(weights) > rows:
        places = np.argsort(-np.abs(weights), kind="stable")[:rows]
    names = [layers.classes[place] if output else f"unit {place}" for place in places]
    label = min(max(map(len, names), default=1), max(1, width // 3))
    top = largest(weights)
    room = max(1, width - label - 9)
    lines = []
    for name, value in zip(names, weights[places].tolist(), strict=True):
        share = abs(value) / top if top > 0 and math.isfinite(value) else 0.0
        line = Text(name[:label].rjust(label) + " ", colours["secondary"])
        line.append(bar(share, room, plain=plain).ljust(room), colours["train" if value < 0 else "valid"])
        line.append(f" {signed(value):>7}", colours["foreground"])
        lines.append(line)
    return Text("\n", no_wrap=True, overflow="crop").join(lines)


def matrix_words(matrix: LayerMatrix) -> str:
    """Name, shape and range of a layer."""
    weights = matrix.weights
    span = f"{signed(float(weights.min()))} … {signed(float(weights.max()))}"
    return f"{matrix.name} {weights.shape[0]:,} × {weights.shape[1]:,}, {span}"


def matrix_foot(matrix: LayerMatrix, before: str, block: tuple[int, int]) -> str:
    """What stands under a layer: what its rows and columns are, and how many weights a cell stands for."""
    height, width = block
    mean = f", means of {height}×{width}" if block != (1, 1) else ""
    return f"rows {matrix.name}, columns {before}{mean}"

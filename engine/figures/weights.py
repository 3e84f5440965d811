"""The weights: the first layer as pictures, one of its units in detail, or a deeper layer as a matrix."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from mnist_tui.engine.analysis.layers import Layers, WeightsData, weights_data
from mnist_tui.engine.analysis.percentages import percent
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import blocks
from mnist_tui.engine.figures.colours import FAINT, TRAIN, VALID
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Record, Table
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import Page, Size

COLOUR_MAP = "RdBu_r"
"""Blue below 0, white at 0, red above."""
MAX_IMAGES = 10


def compute(context: Context, subject: Subject, settings: Settings) -> WeightsData:
    """The weights, and the unit that the settings name."""
    data = weights_data(context.analyst, subject, settings.unit)
    deeper, units = len(data.layers.deeper), data.layers.units
    if settings.layer > deeper:
        raise ConfigError({"layer": f"--layer {settings.layer}: behind the first layer the run has {deeper}"})
    if settings.unit is not None and settings.unit >= units:
        raise ConfigError({"unit": f"--unit {settings.unit}: the first layer's units are 0 to {units - 1}"})
    return data


def _units(layers: Layers, settings: Settings) -> np.ndarray:
    order = layers.order(settings.order, reverse=settings.reverse)
    return order[settings.first - 1 : settings.first - 1 + settings.count]


def _captions(layers: Layers, settings: Settings) -> list[tuple[str, ...]]:
    captions: list[tuple[str, ...]] = []
    for unit in _units(layers, settings):
        name = f"{layers.classes[unit]}" if layers.is_output else f"unit {unit}"
        if settings.order == "index":
            captions.append((name,))
        else:
            sign = "norm" if settings.order == "norm" else "I"
            captions.append((name, f"{sign} = {layers.key(int(unit), settings.order):.2f}"))
    return captions


def natural(data: WeightsData, settings: Settings) -> Size:
    """Return the natural width and height."""
    if settings.layer:
        return Size(8.0, 5.4)
    if settings.unit is not None:
        return Size(9.0, 6.2)
    size = blocks.layout(_captions(data.layers, settings)).size
    return Size(max(6.0, size.width + 1.2), max(3.0, size.height + 1.2))


def draw(page: Page, data: WeightsData, settings: Settings) -> None:
    """Draw the first layer, a unit or a deeper layer, depending on the settings."""
    if settings.layer:
        _matrix(page, data.layers, settings)
    elif settings.unit is not None:
        _unit(page, data)
    else:
        _grid(page, data.layers, settings)


def _grid(page: Page, layers: Layers, settings: Settings) -> None:
    units, captions = _units(layers, settings), _captions(layers, settings)
    order = {"index": "by index", "norm": "by norm", "structure": "by structure (Moran's I)"}[settings.order]
    facts = f"{len(units)} of {layers.units} units, {order}{', reversed' if settings.reverse else ''}"
    page.add_heading(
        "Weights of the first layer", facts + ("; each picture has its own scale" if settings.each else "")
    )
    axes = page.figure.subplots()
    if not len(units):
        page.add_placeholder(axes, "no units at this position")
        return
    pictures = layers.first.pictures[units]
    largest = float(np.abs(pictures).max()) or 1.0
    limits = None if settings.each else (-largest, largest)
    shown = blocks.draw(page, axes, blocks.layout(captions), pictures, captions, cmap=COLOUR_MAP, limits=limits)
    if not settings.each and shown is not None:
        _bar(page, axes, shown, "weight (per normalised pixel)")


def _bar(page: Page, axes: Axes, shown: AxesImage, label: str = "weight") -> None:
    bar = page.figure.colorbar(shown, ax=axes, shrink=0.6, pad=0.02)
    bar.set_label(label)
    bar.outline.set_visible(False)


def _matrix(page: Page, layers: Layers, settings: Settings) -> None:
    matrix = layers.deeper[settings.layer - 1]
    before = layers.deeper[settings.layer - 2].name if settings.layer > 1 else layers.name
    rows, columns = matrix.weights.shape
    page.add_heading(f"Weights of the layer {matrix.name}", f"{rows}×{columns}, from the units of {before}")
    axes = page.figure.subplots()
    largest = float(np.abs(matrix.weights).max()) or 1.0
    axes.set_xlabel(f"unit of {before}")
    output = settings.layer == len(layers.deeper)
    axes.set_ylabel("class" if output else f"unit of {matrix.name}")
    shown = axes.imshow(matrix.weights, cmap=COLOUR_MAP, vmin=-largest, vmax=largest, aspect="auto")
    if output:
        axes.set_yticks(range(rows), layers.classes)
    _bar(page, axes, shown)


def _unit(page: Page, data: WeightsData) -> None:
    layers, detail = data.layers, data.detail
    assert detail is not None
    unit, activity = detail.unit, detail.neuron
    name = f"class {layers.classes[unit]}" if layers.is_output else f"unit {unit}"
    facts = f"active (above 0) for {percent(activity.active, 1)} of the images; bias {layers.bias[unit]:+.3f}; "
    facts += f"norm {layers.first.norms[unit]:.2f}; Moran's I {layers.first.morans_i[unit]:.2f}"
    page.add_heading(f"The first layer's {name}", facts)
    grid = page.figure.add_gridspec(3, 2, height_ratios=(2.6, 1.8, 1.6), width_ratios=(1, 1.5))
    picture = page.figure.add_subplot(grid[0, 0])
    weights = layers.first.pictures[unit]
    largest = float(np.abs(weights).max()) or 1.0
    shown = picture.imshow(weights, cmap=COLOUR_MAP, vmin=-largest, vmax=largest)
    picture.set_xticks([])
    picture.set_yticks([])
    picture.set_title("weights")
    _bar(page, picture, shown)
    means = page.figure.add_subplot(grid[0, 1])
    places = np.arange(len(layers.classes))
    means.barh(places, np.nan_to_num(activity.class_means), color=TRAIN, height=0.7)
    for place in places[np.isnan(activity.class_means)]:  # a class without images
        means.text(0, place, " –", va="center", color=FAINT)
    means.set_yticks(places, layers.classes)
    means.invert_yaxis()
    means.set_xlabel("mean activation")
    means.set_ylabel("class")
    means.set_title("mean activation by class")
    out = page.figure.add_subplot(grid[1, :])
    if len(activity.outgoing):
        colours = [VALID if weight > 0 else TRAIN for weight in activity.outgoing]
        out.bar(np.arange(len(activity.outgoing)), activity.outgoing, color=colours, width=0.8)
        out.set_xlabel(f"unit of {layers.deeper[0].name}")
        out.set_ylabel("weight")
        out.xaxis.set_major_locator(MaxNLocator(12, integer=True))
        out.set_title("outgoing weights")
    else:
        page.add_placeholder(out, "an output unit has no outgoing weights")
    near = page.figure.add_subplot(grid[2, :])
    near.set_title("images with the highest activations, with their labels and activations")
    captions = [
        (layers.classes[label], f"{activation:.2f}")
        for label, activation in zip(detail.labels[:MAX_IMAGES], detail.activations[:MAX_IMAGES], strict=True)
    ]
    if captions:
        blocks.draw(page, near, blocks.layout(captions, columns=MAX_IMAGES), detail.images[:MAX_IMAGES], captions)
    else:
        page.add_placeholder(near, "no image activates this unit")


def numbers(data: WeightsData, settings: Settings) -> Table | Record:
    """Return one row per drawn unit with its weights, or else all values shown."""
    layers = data.layers
    if settings.layer:
        matrix = layers.deeper[settings.layer - 1]
        return Record({"layer": matrix.name, "weights": matrix.weights, "bias": matrix.bias})
    if settings.unit is not None and data.detail is not None:
        detail, unit = data.detail, data.detail.unit
        return Record(
            {
                "unit": unit,
                "weights": layers.first.pictures[unit],
                "bias": layers.bias[unit],
                "norm": layers.first.norms[unit],
                "morans_i": layers.first.morans_i[unit],
                "active": detail.neuron.active,
                "class_means": detail.neuron.class_means,
                "outgoing": detail.neuron.outgoing,
                "exciting": [
                    {"index": int(i), "label": int(label), "activation": float(a)}
                    for i, label, a in zip(detail.indices, detail.labels, detail.activations, strict=True)
                ],
            }
        )
    units = _units(layers, settings)
    pixels = layers.first.pictures[units].reshape(len(units), -1)
    columns = {"unit": units, "bias": layers.bias[units]}
    columns |= {"norm": layers.first.norms[units], "morans_i": layers.first.morans_i[units]}
    columns |= {f"w{i}": pixels[:, i] for i in range(pixels.shape[1])}
    return Table({name: column.tolist() for name, column in columns.items()})

"""Texts of the Mistakes view: captions, status, probability bars and histories."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from mnist_tui.engine.analysis.image_details import ImageDetails
from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.engine.analysis.mistakes import EpochPrediction, ImageScores
from mnist_tui.engine.analysis.percentages import percent, percent_number
from mnist_tui.engine.analysis.training_images import Neighbour

LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = "▏▎▍▌▋▊▉█"
SHORT_NAME = 3
"""Longest class name with which a caption fits into one line under a small picture."""
FILES = {"test": "test", "valid": "training", "train": "training"}
"""The file of the data set that contains the images of a split."""


def percent_label(probability: float) -> str:
    """Format 0.983 as `98%`; a dash for NaN."""
    return "–" if math.isnan(probability) else f"{percent_number(probability, 0)}%"


def caption_lines(classes: Sequence[str], width: int) -> int:
    """Return the number of lines of a caption: 2 if two class names do not fit into `width` columns, else 1."""
    longest = max(map(len, classes))
    return 1 if longest <= SHORT_NAME or 2 * longest + len(" 99% →  99%") <= width else 2


def caption(scores: ImageScores, position: int, classes: Sequence[str], width: int) -> str:
    """Return true and predicted label with probabilities, such as `5 1% → 3 98%`; for a correct image only one."""
    true, predicted = classes[scores.labels[position]], classes[scores.predictions[position]]
    if scores.correct[position]:
        return f"{_cut(true, percent_label(float(scores.confidence[position])), width - 2)} ✓"
    low, high = (
        percent_label(float(scores.true_probability[position])),
        percent_label(float(scores.confidence[position])),
    )
    if caption_lines(classes, width) == 1:
        spaced = f"{true} {low} → {predicted} {high}"
        return spaced if len(spaced) <= width else f"{true} {low}→{predicted} {high}"
    return f"{_cut(true, low, width)}\n→{_cut(predicted, high, width - 1)}"


def _cut(name: str, number: str, width: int) -> str:
    """Truncate a name so that it fits into `width` columns together with the number."""
    return f"{name[: width - len(number) - 1]} {number}"


def status_text(data: MistakesData, index: int, colours: dict[str, str], *, short: bool) -> Text:
    """Return the position of the cursor, the number of images and their order."""
    which, total, listed = data.spec.which, len(data.scores), len(data.positions)
    nouns = "images" if which == "all" else which
    dim = colours["secondary"]
    text = Text(no_wrap=True, overflow="ellipsis", end="")
    if listed:
        text.append(f"{index + 1:,} of {listed:,}", f"bold {colours['accent']}")
        text.append("  ")
    if data.spec.filter.strip():
        text.append(f"{listed:,} of {data.unfiltered_count:,} {nouns}", colours["foreground"])
    elif which == "all":
        text.append(f"{total:,} images", colours["foreground"])
    else:
        text.append(f"{data.unfiltered_count:,} of {total:,} {nouns}", colours["foreground"])
    if not short:
        text.append(f"  by {data.spec.sort} {data.direction}".rstrip(), dim)
    return text


def empty_label(data: MistakesData) -> str:
    """Explain why the list is empty and how to change that."""
    total, which = len(data.scores), data.spec.which
    if data.unfiltered_count == 0 and which == "wrong":
        return f"all {total:,} images are correct – w shows the least confident ones"
    if data.unfiltered_count == 0:
        return f"none of the {total:,} images is {which} – w shows the others"
    nouns = "images" if which == "all" else f"{which} images"
    return f"none of the {data.unfiltered_count:,} {nouns} matches {data.spec.filter.strip()} – esc clears the filter"


def facts_text(data: MistakesData, position: int, colours: dict[str, str], size: tuple[int, int]) -> Text:
    """Return labels, index, loss and margin of an image.

    Args:
        size: columns and rows, one or three; in one row the labels are left out if they do not fit, because the bars
            show them too.
    """
    scores, classes = data.scores, data.classes
    width, rows = size
    true, predicted = classes[scores.labels[position]], classes[scores.predictions[position]]
    colour = f"bold {colours['success' if scores.correct[position] else 'error']}"
    index, strong, dim = int(scores.indices[position]), colours["foreground"], colours["secondary"]
    numbers = (f"{scores.loss[position]:.2f}", percent(float(scores.margin[position]), 1))
    loss = Text.assemble(("loss ", dim), (numbers[0], strong), ("  margin ", dim), (numbers[1], strong))
    image = Text.assemble(("image ", dim), (f"{index}", strong))
    if rows == 1:
        line = Text.assemble(image, "  ", loss)
        pair = Text(f"  {true} → {predicted}", colour)
        return line.append_text(pair) if line.cell_len + pair.cell_len <= width else line
    file = FILES[data.subject.split]
    long, short = f" of the {file} file", f", {file} file"
    image.append(long if image.cell_len + len(long) <= width else short, dim)
    labels = f"predicted {predicted}, true {true}"
    if len(labels) > width:
        labels = f"pred {predicted}, true {true}"
    return Text("\n").join([Text(labels, colour), image, loss])


def bars_text(
    probabilities: NDArray[np.float64],
    true: int,
    predicted: int,
    classes: Sequence[str],
    colours: dict[str, str],
    size: tuple[int, int],
) -> Text:
    """Return all probabilities as bars, in as many columns as needed to fit into the rows.

    ✓ marks the true class, ✗ a wrong prediction.

    Args:
        size: columns and rows.
    """
    width, rows = size
    columns = math.ceil(len(classes) / max(1, rows))
    width = (width - 2 * (columns - 1)) // columns
    number = len("100.0 %")
    name = max(1, min(max(map(len, classes)), width - number - 8))
    room = max(1, width - number - name - 4)
    lines = []
    for row in range(min(rows, len(classes))):
        line = Text(no_wrap=True)
        for i in range(row, len(classes), rows):
            wrong = i == predicted != true
            mark = "✓" if i == true else "✗" if wrong else " "
            colour = colours["success" if i == true else "error" if wrong else "primary"]
            line.append("  " if i > row else "")
            line.append(f"{mark} {classes[i][:name]:<{name}} ", colour)
            line.append(bar(float(probabilities[i]), room), colour)
            emphasis = "foreground" if i in (true, predicted) else "secondary"
            line.append(percent(float(probabilities[i]), 1).rjust(number + 1), colours[emphasis])
        lines.append(line)
    return Text("\n").join(lines)


def bar(value: float, width: int) -> str:
    """Return a bar for a value from 0 to 1, padded to `width` columns, with a resolution of ⅛ column."""
    if math.isnan(value):
        return " " * width
    whole, rest = divmod(round(value * width * 8), 8)
    return ("█" * whole + (EIGHTHS[rest - 1] if rest else "")).ljust(width)


def history_text(
    predictions: Sequence[EpochPrediction],
    current: int,
    classes: Sequence[str],
    colours: dict[str, str],
    size: tuple[int, int],
) -> Text:
    """Return the prediction and confidence after each epoch; the current epoch in reverse video.

    Args:
        current: the epoch that the view shows.
        size: columns and rows; epoch numbers need three rows.
    """
    if not predictions:
        return Text("loading the history …", colours["secondary"])
    width, rows = size
    dim = colours["secondary"]
    span = f"{predictions[0].epoch}–{predictions[-1].epoch}"
    label = max(len("epoch "), len(span) + 1)
    cell = max(3, len(str(predictions[-1].epoch)) + 1)
    if label + cell * len(predictions) > width:
        cell = 1
    numbered = cell > 1 and rows >= 3
    names = cell > 1 and max(map(len, classes)) == 1
    heading = "pred" if names else "right"
    epochs = Text("epoch".ljust(label), dim, no_wrap=True)
    marks = Text((heading if rows >= 3 else span).ljust(label), dim, no_wrap=True)
    confidences = Text("conf".ljust(label), dim, no_wrap=True)
    if rows >= 3 and not numbered:
        epochs.append(span)
    for prediction in predictions:
        colour = colours["success" if prediction.correct else "error"]
        style = f"{colour} reverse" if prediction.epoch == current else colour
        if numbered:
            emphasis = f"bold {colours['accent']}" if prediction.epoch == current else dim
            epochs.append(str(prediction.epoch).rjust(cell - 1) + " ", emphasis)
        mark = ("✓" if prediction.correct else "✗") + (classes[prediction.prediction] if names else "")
        marks.append(mark.rjust(cell - 1) if cell > 1 else mark, style)
        marks.append(" " * (cell > 1))
        height = LEVELS[round(prediction.confidence * 7)] if not math.isnan(prediction.confidence) else " "
        confidences.append((height * min(2, cell - 1)).rjust(cell - 1) if cell > 1 else height, colour)
        confidences.append(" " * (cell > 1))
    return Text("\n").join([epochs, marks, confidences] if rows >= 3 else [marks, confidences])


def nearest_text(
    details: ImageDetails | None, classes: Sequence[str], colours: dict[str, str], width: int, *, pictures: bool
) -> Text:
    """Describe the nearest training images; list their labels unless `pictures` show them."""
    dim, strong = colours["secondary"], colours["foreground"]
    text = Text(no_wrap=True, overflow="ellipsis")
    space = details.space if details is not None else "the hidden layer"
    if details is None or details.neighbours is None:
        waiting = "computing nearest neighbours …"
        return text.append(waiting if len(waiting) <= width else "computing …", dim)
    if details.failure:
        return text.append(f"no neighbours: {details.failure}", dim)
    near = details.neighbours
    if not pictures:
        labels = [classes[neighbour.label] for neighbour in near]
        text.append("nearest: ", dim)
        return text.append((" " if max(map(len, classes)) == 1 else ", ").join(labels), strong)
    distances = f", distance {near[0].distance:.2f}–{near[-1].distance:.2f}"
    headings = (f"nearest training images in {space}", f"nearest in {space}")
    choices = (headings[0] + distances, headings[1] + distances, headings[1])
    return text.append(next((heading for heading in choices if len(heading) <= width), headings[1]), dim)


def neighbour_caption(neighbour: Neighbour, classes: Sequence[str], width: int) -> str:
    """Return the label and the index in the training file."""
    return _cut(classes[neighbour.label], f"#{neighbour.index}", width)

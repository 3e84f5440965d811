"""What the Mistakes view says: captions, bars, histories, as Rich texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from mnist_tui.engine.analysis.listing import MistakesData
from mnist_tui.engine.analysis.mistakes import EpochVerdict, Judged
from mnist_tui.engine.analysis.research import Findings, Neighbour
from mnist_tui.tui.render.words import percent

LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = "▏▎▍▌▋▊▉█"
SHORT_NAME = 3
"""The longest class name with which a caption fits into one line under a small picture."""
FILES = {"test": "test", "valid": "training", "train": "training"}
"""The data set's file that a split's images lie in."""


def share(probability: float) -> str:
    """0.983 as `98%`; a dash where it is not a number."""
    return "–" if math.isnan(probability) else f"{probability * 100:.0f}%"


def caption_lines(classes: Sequence[str], width: int) -> int:
    """Lines that a caption takes: two where a line of `width` columns can't hold two of the names."""
    longest = max(map(len, classes))
    return 1 if longest <= SHORT_NAME or 2 * longest + len(" 99% →  99%") <= width else 2


def caption(judged: Judged, position: int, classes: Sequence[str], width: int) -> str:
    """True and predicted label, each with its probability, such as `5 1% → 3 98%`; a right image's only once."""
    true, predicted = classes[judged.labels[position]], classes[judged.predictions[position]]
    if judged.correct[position]:
        return f"{_cut(true, share(float(judged.confidence[position])), width - 2)} ✓"
    low, high = share(float(judged.true_probability[position])), share(float(judged.confidence[position]))
    if caption_lines(classes, width) == 1:
        spaced = f"{true} {low} → {predicted} {high}"
        return spaced if len(spaced) <= width else f"{true} {low}→{predicted} {high}"
    return f"{_cut(true, low, width)}\n→{_cut(predicted, high, width - 1)}"


def _cut(name: str, number: str, width: int) -> str:
    """A name, shortened so that the number behind it is whole."""
    return f"{name[: width - len(number) - 1]} {number}"


def status(data: MistakesData, place: int, colours: dict[str, str], *, short: bool) -> Text:
    """Where the cursor is, how many images there are, how they are sorted."""
    which, total, listed = data.wanted.which, len(data.judged), len(data.positions)
    nouns = "images" if which == "all" else which
    dim = colours["secondary"]
    text = Text(no_wrap=True, overflow="ellipsis", end="")
    if listed:
        text.append(f"{place + 1:,} of {listed:,}", f"bold {colours['accent']}")
        text.append("  ")
    if data.wanted.words.strip():
        text.append(f"{listed:,} of {data.counted:,} {nouns}", colours["foreground"])
    elif which == "all":
        text.append(f"{total:,} images", colours["foreground"])
    else:
        text.append(f"{data.counted:,} of {total:,} {nouns}", colours["foreground"])
    if not short:
        text.append(f"  by {data.wanted.sort} {data.direction}".rstrip(), dim)
    return text


def nothing_words(data: MistakesData) -> str:
    """Why there is no image to see, and the way out."""
    total, which = len(data.judged), data.wanted.which
    if data.counted == 0 and which == "wrong":
        return f"every one of the {total:,} images is right – w shows the least sure ones"
    if data.counted == 0:
        return f"not one of the {total:,} images is {which} – w shows the others"
    nouns = "images" if which == "all" else f"{which} images"
    return f"none of the {data.counted:,} {nouns} matches {data.wanted.words.strip()} – esc empties the filter"


def facts_text(data: MistakesData, position: int, colours: dict[str, str], size: tuple[int, int]) -> Text:
    """What is known of an image.

    Args:
        size: columns and rows, one or three; what does not fit into one is left out, for the bars say it too.
    """
    judged, classes = data.judged, data.classes
    width, rows = size
    true, said = classes[judged.labels[position]], classes[judged.predictions[position]]
    colour = f"bold {colours['success' if judged.correct[position] else 'error']}"
    index, strong, dim = int(judged.indices[position]), colours["foreground"], colours["secondary"]
    numbers = (f"{judged.loss[position]:.2f}", percent(float(judged.margin[position]), 1))
    loss = Text.assemble(("loss ", dim), (numbers[0], strong), ("  margin ", dim), (numbers[1], strong))
    image = Text.assemble(("image ", dim), (f"{index}", strong))
    if rows == 1:
        line = Text.assemble(image, "  ", loss)
        pair = Text(f"  {true} → {said}", colour)
        return line.append_text(pair) if line.cell_len + pair.cell_len <= width else line
    file = FILES[data.subject.split]
    long, short = f" of the {file} file", f", {file} file"
    image.append(long if image.cell_len + len(long) <= width else short, dim)
    return Text("\n").join([Text(f"true {true}, said {said}", colour), image, loss])


def bars_text(
    probabilities: NDArray[np.float64],
    true: int,
    predicted: int,
    classes: Sequence[str],
    colours: dict[str, str],
    size: tuple[int, int],
) -> Text:
    """All probabilities as bars, in as many columns as the rows ask for.

    A ✓ marks the true class, a ✗ a wrong prediction.

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
            strong = i in (true, predicted)
            line.append(
                percent(float(probabilities[i]), 1).rjust(number + 1), colours["foreground" if strong else "secondary"]
            )
        lines.append(line)
    return Text("\n").join(lines)


def bar(value: float, width: int) -> str:
    """A bar of `width` columns that stands for 1, to the eighth of a column; blanks fill it up."""
    if math.isnan(value):
        return " " * width
    whole, rest = divmod(round(value * width * 8), 8)
    return ("█" * whole + (EIGHTHS[rest - 1] if rest else "")).ljust(width)


def history_text(
    verdicts: Sequence[EpochVerdict],
    current: int,
    classes: Sequence[str],
    colours: dict[str, str],
    size: tuple[int, int],
) -> Text:
    """Right or wrong and how sure after each epoch; the current one reversed.

    Args:
        current: the epoch that is looked at.
        size: columns and rows; with less than three rows the epochs' numbers are left out.
    """
    if not verdicts:
        return Text("reading its history …", colours["secondary"])
    width, rows = size
    dim = colours["secondary"]
    span = f"{verdicts[0].epoch}–{verdicts[-1].epoch}"
    label = max(len("epoch "), len(span) + 1)
    cell = max(3, len(str(verdicts[-1].epoch)) + 1)
    if label + cell * len(verdicts) > width:
        cell = 1
    numbered = cell > 1 and rows >= 3
    names = cell > 1 and max(map(len, classes)) == 1
    word = "said" if names else "right"
    first = Text("epoch".ljust(label), dim, no_wrap=True)
    right = Text((word if rows >= 3 else span).ljust(label), dim, no_wrap=True)
    sure = Text("sure".ljust(label), dim, no_wrap=True)
    if rows >= 3 and not numbered:
        first.append(span)
    for verdict in verdicts:
        colour = colours["success" if verdict.correct else "error"]
        style = f"{colour} reverse" if verdict.epoch == current else colour
        if numbered:
            here = f"bold {colours['accent']}" if verdict.epoch == current else dim
            first.append(str(verdict.epoch).rjust(cell - 1) + " ", here)
        mark = ("✓" if verdict.correct else "✗") + (classes[verdict.prediction] if names else "")
        right.append(mark.rjust(cell - 1) if cell > 1 else mark, style)
        right.append(" " * (cell > 1))
        height = LEVELS[round(verdict.confidence * 7)] if not math.isnan(verdict.confidence) else " "
        sure.append((height * min(2, cell - 1)).rjust(cell - 1) if cell > 1 else height, colour)
        sure.append(" " * (cell > 1))
    return Text("\n").join([first, right, sure] if rows >= 3 else [right, sure])


def nearest_text(
    findings: Findings | None, classes: Sequence[str], colours: dict[str, str], width: int, *, pictures: bool
) -> Text:
    """What the nearest training images are; without their labels where `pictures` under it say them."""
    dim, strong = colours["secondary"], colours["foreground"]
    text = Text(no_wrap=True, overflow="ellipsis")
    space = findings.space if findings is not None else "the hidden layer"
    if findings is None or findings.neighbours is None:
        return text.append("looking for its nearest …", dim)
    if findings.trouble:
        return text.append(f"no nearest: {findings.trouble}", dim)
    near = findings.neighbours
    if not pictures:
        labels = [classes[neighbour.label] for neighbour in near]
        text.append("nearest: ", dim)
        return text.append((" " if max(map(len, classes)) == 1 else ", ").join(labels), strong)
    away = f", {near[0].distance:.2f}–{near[-1].distance:.2f} away"
    for words in (f"nearest training images in {space}{away}", f"nearest in {space}{away}", f"nearest in {space}"):
        if len(words) <= width:
            break
    return text.append(words, dim)


def neighbour_caption(neighbour: Neighbour, classes: Sequence[str], width: int) -> str:
    """Label and place in the training file."""
    return _cut(classes[neighbour.label], f"#{neighbour.index}", width)

"""One image in detail: predicted probabilities, predictions by epoch and nearest training images."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mnist_tui.engine.analysis import listing
from mnist_tui.engine.analysis.image_details import ImageData, image_data
from mnist_tui.engine.analysis.percentages import fraction_label
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import blocks
from mnist_tui.engine.figures.colours import FAINT, TRAIN, VALID
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Record
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.figures.style import BASE, Page, Size
from mnist_tui.engine.runs.folder import RunFolder

PROBABILITIES_TITLE = "predicted probabilities (blue: true class, orange: predicted class)"
MAX_MARKED_EPOCHS = 40
"""Maximum number of epochs that are marked individually."""
MAX_NEIGHBOURS = 10


def compute(context: Context, subject: Subject, settings: Settings) -> ImageData:
    """The image that the settings name, else the mistake of the highest confidence."""
    scores = context.analyst.scores(subject)
    if settings.index is None:
        first = listing.compute(context.analyst, subject, listing.ListSpec()).positions
        found = first[:1] if len(first) else np.arange(min(1, len(scores)))
    else:
        found = np.flatnonzero(scores.indices == settings.index)
    if not len(found):
        raise ConfigError({"index": f"--index {settings.index}: no {subject.split} image is at this place"})
    return image_data(context.analyst, subject, int(found[0]), RunFolder(subject.folder).epochs())


def natural(data: ImageData, settings: Settings) -> Size:
    """Return the natural width and height."""
    return Size(9.0, 6.6)


def draw(page: Page, data: ImageData, settings: Settings) -> None:
    """Draw the image, the probabilities of all classes, the predictions by epoch and the nearest training images."""
    scores, i = data.scores, data.position
    true, predicted = (data.classes[int(labels[i])] for labels in (scores.labels, scores.predictions))
    verdict = "correctly" if scores.correct[i] else f"true label {true} ({fraction_label(scores.true_probability[i])}),"
    facts = f"{verdict} predicted {predicted} ({fraction_label(scores.confidence[i])}); loss {scores.loss[i]:.3f} nats"
    page.add_heading(
        f"Image #{scores.indices[i]} of the {'test' if data.subject.split == 'test' else 'training'} file", facts
    )
    grid = page.figure.add_gridspec(3, 2, height_ratios=(3, 2, 2), width_ratios=(1, 1.9))
    picture = page.figure.add_subplot(grid[0, 0])
    picture.imshow(data.image, cmap="gray_r", vmin=0, vmax=255)
    picture.set_xticks([])
    picture.set_yticks([])
    picture.spines[:].set_visible(True)
    picture.set_title(f"true label: {true}")
    _bars(page, page.figure.add_subplot(grid[0, 1]), data)
    _history(page, page.figure.add_subplot(grid[1, :]), data)
    _near(page, page.figure.add_subplot(grid[2, :]), data)


def _bars(page: Page, axes: Axes, data: ImageData) -> None:
    values = data.scores.probabilities[data.position]
    true, predicted = int(data.scores.labels[data.position]), int(data.scores.predictions[data.position])
    colours = [TRAIN if i == true else VALID if i == predicted else FAINT for i in range(len(values))]
    places = range(len(values))
    axes.barh(places, values, color=colours, height=0.7)
    for place, value in zip(places, values, strict=True):
        # Excluded from the layout: the last digits depend on the number of threads and must not move the axes.
        label = axes.text(value, place, f" {fraction_label(value)}", va="center", size=BASE * 0.85 * page.scale)
        label.set_in_layout(False)
    axes.set_yticks(places, data.classes)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, 0, symbol=""))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("probability (%)")
    axes.set_ylabel("class")
    axes.set_title("predicted probabilities (blue: true class)" if true == predicted else PROBABILITIES_TITLE)


def _history(page: Page, axes: Axes, data: ImageData) -> None:
    predictions = data.details.predictions
    epochs = [prediction.epoch for prediction in predictions]
    mark = "o" if len(epochs) <= MAX_MARKED_EPOCHS else ""
    size = 3.5 * page.scale
    true = [prediction.true_probability for prediction in predictions]
    axes.plot(epochs, true, marker=mark, markersize=size, color=TRAIN)
    confidence = [prediction.confidence for prediction in predictions]
    axes.plot(epochs, confidence, "--", marker=mark, markersize=size, color=VALID)
    if len(epochs) <= MAX_MARKED_EPOCHS:
        for prediction in predictions:
            name = data.classes[prediction.prediction]
            place = (prediction.epoch, 1.06)
            colour = TRAIN if prediction.correct else VALID
            max_chars = max(2, 90 // max(len(epochs), 1))
            axes.text(*place, name[:max_chars], ha="center", size=BASE * 0.8 * page.scale, color=colour)
    axes.axvline(data.subject.epoch, color=FAINT, linewidth=0.8 * page.scale, linestyle=":")
    axes.set_ylim(-0.04, 1.2)
    axes.set_yticks([0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol=""))
    axes.set_xlabel("epoch; above, the predicted class" if len(epochs) <= MAX_MARKED_EPOCHS else "epoch")
    axes.set_ylabel("probability (%)")
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    axes.grid(True, axis="y")
    axes.set_title("predictions by epoch (blue: probability of the true class, orange: of the predicted class)")


def _near(page: Page, axes: Axes, data: ImageData) -> None:
    near = (data.details.neighbours or ())[:MAX_NEIGHBOURS]
    axes.set_title(f"nearest training images in {data.details.space}, with their labels and distances")
    if not near:
        page.add_placeholder(axes, data.details.failure or "none")
        return
    captions = [(data.classes[each.label], f"{each.distance:.2f}") for each in near]
    images = np.stack([each.image for each in near])
    blocks.draw(page, axes, blocks.layout(captions, columns=MAX_NEIGHBOURS), images, captions)


def numbers(data: ImageData, settings: Settings) -> Record:
    """Return the image with all values shown."""
    scores, i = data.scores, data.position
    return Record(
        {
            "index": scores.indices[i],
            "classes": data.classes,
            "true": scores.labels[i],
            "predicted": scores.predictions[i],
            "probabilities": scores.probabilities[i],
            "loss": scores.loss[i],
            "pixels": data.image,
            "history": [
                {
                    "epoch": v.epoch,
                    "predicted": v.prediction,
                    "p_true": v.true_probability,
                    "p_predicted": v.confidence,
                }
                for v in data.details.predictions
            ],
            "neighbours_in": data.details.space,
            "neighbours": [
                {"index": n.index, "label": n.label, "distance": n.distance, "pixels": n.image}
                for n in data.details.neighbours or ()
            ],
        }
    )

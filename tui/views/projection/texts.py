"""What the Projection view says about a picture and about the point under its cursor."""

from __future__ import annotations

import math

from rich.text import Text

from mnist_tui.engine.analysis.projection import METHOD_WORDS, Numbers, Projection
from mnist_tui.engine.analysis.tsne import PERPLEXITY, largest_perplexity
from mnist_tui.tui.render.words import percent
from mnist_tui.tui.widgets.subject_bar import SPLIT_WORDS

Colours = dict[str, str]
BAR = "█"
STORED = "stored"
"""What a t-SNE that is on the disk says."""


def title_words(picture: Projection, width: int) -> str:
    """Which picture it is, in at most `width` columns."""
    method, count = METHOD_WORDS[picture.wanted.method], len(picture.labels)
    of = f" of {picture.available:,}" if count < picture.available else ""
    choices = (
        f"{method} of the {picture.layer}: {count:,}{of} {SPLIT_WORDS[picture.subject.split]}",
        f"{method} of the {picture.layer}: {count:,} images",
        f"{method}, {picture.layer}, {count:,}",
        f"{method}, {picture.layer}",
    )
    return next((words for words in choices if len(words) <= width), method)


def state_words(picture: Projection, running: bool, note: str) -> str:
    """How far it is, or how much it explains."""
    if picture.variance is not None:
        across, up = picture.variance.tolist()
        return f"variance {percent(across, 1)} across, {percent(up, 1)} up"
    embedding = picture.embedding
    if embedding is None:
        return note
    if embedding.phase == "neighbours":
        return "finding neighbours …"
    so_far = f"{embedding.iteration:,} of {embedding.iterations:,}"
    kl = "" if math.isnan(embedding.kl_divergence) else f"  KL {embedding.kl_divergence:.3f}"
    if running:
        return f"iteration {so_far}{kl}  r stops"
    ended = "finished" if embedding.phase == "done" else f"stopped at {so_far}"
    return f"{ended}{kl}" + (f"  {note}" if note else "")


def start_words(picture: Projection) -> str:
    """What there is to know about a t-SNE that begins."""
    perplexity = largest_perplexity(len(picture.labels))
    why = "the stored one was damaged; " if picture.damaged else ""
    few = f"perplexity {perplexity:.3g}: so few points allow no more; " if perplexity < PERPLEXITY else ""
    return f"{why}{few}measured when it is finished"


def end_words(picture: Projection, note: str) -> str:
    """What there is to say about a t-SNE that ended, besides how far it came."""
    return f"{note} anew: it was damaged" if picture.damaged and note == STORED else note


def which_words(picture: Projection) -> str:
    """Which t-SNE it is, when another picture is shown."""
    return f"t-SNE of the {picture.layer.split(',')[0]} at epoch {picture.subject.epoch}"


def elsewhere_words(picture: Projection) -> str:
    """That a t-SNE of another picture forms meanwhile."""
    return f"{which_words(picture)} forms"


def empty_words(picture: Projection, running: bool, note: str) -> str:
    """What stands where a picture will be."""
    if running:
        return "t-SNE begins …"
    if note:
        return note
    return f"no t-SNE of these {len(picture.labels):,} points yet\n\nr makes one and shows it forming"


def point_title(picture: Projection, point: int) -> str:
    """Which image it is."""
    return f"image {picture.indices[point]:,}"


def point_words(picture: Projection, point: int, colours: Colours, width: int, rows: int) -> Text:
    """A point's labels, and its probabilities as bars: all ten where there are rows enough, else the largest."""
    label, prediction = int(picture.labels[point]), int(picture.predictions[point])
    right = label == prediction
    verdict = colours["success"] if right else colours["error"]
    probabilities = picture.probabilities[point]
    room = rows - 2
    text = Text(no_wrap=True, overflow="ellipsis")
    for word, which, style in (("true", label, colours["foreground"]), ("pred", prediction, verdict)):
        share = f"{percent(float(probabilities[which]), 1):>8}" if room < 1 else ""
        name = picture.classes[which][: max(1, width - 5 - len(share))]
        text.append(f"{word} ", colours["secondary"])
        text.append(name.ljust(width - 5 - len(share)) if share else name, f"bold {style}")
        text.append(f"{share}\n", colours["foreground"])
    if room < 1:
        return text
    order = range(len(probabilities))
    if room < len(probabilities):
        order = sorted(order, key=lambda i: -float(probabilities[i]))[:room]  # type: ignore[assignment]
    else:
        text.append("\n" if room > len(probabilities) else "")
    bar = max(0, width - 9)
    lines = []
    for i in order:
        probability = float(probabilities[i])
        style = colours["foreground"] if probability >= 0.005 else colours["secondary"]
        line = Text.assemble((f"{i % 10} ", colours["accent"]), (f"{percent(probability, 1):>7}", style))
        if bar >= 3:
            line.append(f" {BAR * round(probability * (bar - 1))}", verdict if i == prediction else colours["primary"])
        lines.append(line)
    text.append_text(Text("\n").join(lines))
    return text


def numbers_table(numbers: Numbers | None, note: str, colours: Colours, width: int, rows: int) -> Text:
    """The numbers beside a picture, one a line."""
    if numbers is None:
        return Text(note or "measuring …", colours["secondary"])
    measured = numbers.separation
    lines = (
        (f"{measured.k}-NN accuracy on the picture", percent(measured.knn_picture, 1)),
        (f"{measured.k}-NN accuracy on what it depicts", percent(measured.knn_full, 1)),
        ("silhouette", _number(measured.silhouette)),
        ("trustworthiness", _number(measured.trustworthiness)),
        (f"{numbers.below} PCA explains output, {numbers.degrees:+.0f}°", percent(numbers.match, 1)),
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    for label, value in lines:
        text.append(label.ljust(width - len(value))[: width - len(value)], colours["secondary"])
        text.append(f"{value}\n", f"bold {colours['foreground']}")
    text.append(_samples(numbers), colours["secondary"])
    return text


def numbers_lines(numbers: Numbers | None, note: str, colours: Colours, width: int, rows: int) -> Text:
    """The same in two lines."""
    if numbers is None:
        return Text(note or "measuring …", colours["secondary"])
    measured, wide = numbers.separation, width >= 76
    of, trust = ("in full", "trustworthiness") if wide else ("of", "trust")
    silhouette = "silhouette" if wide else "silh."
    parts = (
        (f"{measured.k}-NN ", f"{percent(measured.knn_picture, 1)}"),
        (f", {of} ", f"{percent(measured.knn_full, 1)}"),
        (f"  {silhouette} ", _number(measured.silhouette)),
        (f"  {trust} ", _number(measured.trustworthiness)),
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    for label, value in parts:
        text.append(label, colours["secondary"])
        text.append(value, f"bold {colours['foreground']}")
    match = "PCA explains output " if wide else "≈ output PCA "
    text.append(f"\n{numbers.below} {match}", colours["secondary"])
    text.append(percent(numbers.match, 1), f"bold {colours['foreground']}")
    samples = f"k-NN {measured.queries:,}, rest {measured.sample:,} points"
    text.append(f"  {_samples(numbers) if wide else samples}", colours["secondary"])
    return text


def _samples(numbers: Numbers) -> str:
    measured = numbers.separation
    return f"k-NN on {measured.queries:,}, the rest on {measured.sample:,} points"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"

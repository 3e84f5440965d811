"""Texts of the Projection view."""

from __future__ import annotations

import math

from rich.text import Text

from mnist_tui.engine.analysis.projection import METHOD_WORDS, Numbers, Projection
from mnist_tui.engine.analysis.tsne import PERPLEXITY, largest_perplexity
from mnist_tui.tui.render.texts import percent
from mnist_tui.tui.widgets.subject_bar import SPLIT_LABELS

Colours = dict[str, str]
BAR = "█"
STORED = "stored"
"""Note for a t-SNE that has been saved."""


def title_label(picture: Projection, width: int) -> str:
    """Return a title for the projection, in at most `width` columns if possible."""
    method, count = METHOD_WORDS[picture.wanted.method], len(picture.labels)
    of = f" of {picture.available:,}" if count < picture.available else ""
    choices = (
        f"{method} of the {picture.layer}: {count:,}{of} {SPLIT_LABELS[picture.subject.split]}",
        f"{method} of the {picture.layer}: {count:,} images",
        f"{method}, {picture.layer}, {count:,}",
        f"{method}, {picture.layer}",
    )
    return next((title for title in choices if len(title) <= width), method)


def state_label(picture: Projection, running: bool, note: str) -> str:
    """Describe the explained variance of a PCA or the progress of a t-SNE."""
    if picture.variance is not None:
        first, second = picture.variance.tolist()
        return f"variance PC1 {percent(first, 1)}, PC2 {percent(second, 1)}"
    embedding = picture.embedding
    if embedding is None:
        return note
    if embedding.phase == "neighbours":
        return "computing nearest neighbours …"
    so_far = f"{embedding.iteration:,} of {embedding.iterations:,}"
    kl = "" if math.isnan(embedding.kl_divergence) else f"  KL {embedding.kl_divergence:.3f}"
    if running:
        return f"iteration {so_far}{kl}  r to stop"
    ended = "finished" if embedding.phase == "done" else f"stopped at {so_far}"
    return f"{ended}{kl}" + (f"  {note}" if note else "")


def start_label(picture: Projection) -> str:
    """Return a note for a t-SNE that starts."""
    perplexity = largest_perplexity(len(picture.labels))
    damaged = "replaces a damaged file; " if picture.damaged else ""
    few = f"perplexity limited to {perplexity:.3g} by the number of points; " if perplexity < PERPLEXITY else ""
    return f"{damaged}{few}metrics follow when it finishes"


def end_label(picture: Projection, note: str) -> str:
    """Return a note for a t-SNE that ended."""
    return f"{note}, replacing a damaged file" if picture.damaged and note == STORED else note


def tsne_label(picture: Projection) -> str:
    """Identify a t-SNE that is not the projection shown."""
    return f"t-SNE of the {picture.layer.split(',')[0]} at epoch {picture.subject.epoch}"


def background_label(picture: Projection) -> str:
    """Return a note about a t-SNE that runs in the background."""
    return f"{tsne_label(picture)} running"


def empty_label(picture: Projection, running: bool, note: str) -> str:
    """Return the text to show while there are no points."""
    if running:
        return "starting t-SNE …"
    if note:
        return note
    return f"no t-SNE of these {len(picture.labels):,} points yet\n\npress r to run it"


def point_title(picture: Projection, point: int) -> str:
    """Identify the image of a point."""
    return f"image {picture.indices[point]:,}"


def point_text(picture: Projection, point: int, colours: Colours, width: int, rows: int) -> Text:
    """Return a point's labels and, as bars, its probabilities: all of them if there are enough rows, else the top."""
    label, prediction = int(picture.labels[point]), int(picture.predictions[point])
    verdict = colours["success"] if label == prediction else colours["error"]
    probabilities = picture.probabilities[point]
    room = rows - 2
    text = Text(no_wrap=True, overflow="ellipsis")
    for role, number, style in (("true", label, colours["foreground"]), ("pred", prediction, verdict)):
        probability = f"{percent(float(probabilities[number]), 1):>8}" if room < 1 else ""
        name = picture.classes[number][: max(1, width - 5 - len(probability))]
        text.append(f"{role} ", colours["secondary"])
        text.append(name.ljust(width - 5 - len(probability)) if probability else name, f"bold {style}")
        text.append(f"{probability}\n", colours["foreground"])
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
        value = float(probabilities[i])
        style = colours["foreground"] if value >= 0.005 else colours["secondary"]
        line = Text.assemble((f"{i % 10} ", colours["accent"]), (f"{percent(value, 1):>7}", style))
        if bar >= 3:
            line.append(f" {BAR * round(value * (bar - 1))}", verdict if i == prediction else colours["primary"])
        lines.append(line)
    text.append_text(Text("\n").join(lines))
    return text


def numbers_table_text(numbers: Numbers | None, note: str, colours: Colours, width: int, rows: int) -> Text:
    """Return the metrics of a projection as a table."""
    if numbers is None:
        return Text(note or "computing metrics …", colours["secondary"])
    measured = numbers.separation
    lines = (
        (f"{measured.k}-NN accuracy in the plane", percent(measured.knn_picture, 1)),
        (f"{measured.k}-NN accuracy in the full space", percent(measured.knn_full, 1)),
        ("silhouette", _number(measured.silhouette)),
        ("trustworthiness", _number(measured.trustworthiness)),
        (f"Procrustes R² {numbers.below}→output, {numbers.degrees:+.0f}°", percent(numbers.match, 1)),
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    for label, value in lines:
        text.append(label.ljust(width - len(value))[: width - len(value)], colours["secondary"])
        text.append(f"{value}\n", f"bold {colours['foreground']}")
    text.append(_samples(numbers), colours["secondary"])
    return text


def numbers_lines_text(numbers: Numbers | None, note: str, colours: Colours, width: int, rows: int) -> Text:
    """Return the metrics of a projection in two lines."""
    if numbers is None:
        return Text(note or "computing metrics …", colours["secondary"])
    measured, wide = numbers.separation, width >= 76
    full, trust = ("full space", "trustworthiness") if wide else ("full", "trust")
    silhouette = "silhouette" if wide else "silh."
    parts = (
        (f"{measured.k}-NN ", f"{percent(measured.knn_picture, 1)}"),
        (f", {full} ", f"{percent(measured.knn_full, 1)}"),
        (f"  {silhouette} ", _number(measured.silhouette)),
        (f"  {trust} ", _number(measured.trustworthiness)),
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    for label, value in parts:
        text.append(label, colours["secondary"])
        text.append(value, f"bold {colours['foreground']}")
    pair = f"{numbers.below}→output " if wide else ""
    text.append(f"\nProcrustes R² {pair}", colours["secondary"])
    text.append(percent(numbers.match, 1), f"bold {colours['foreground']}")
    samples = f"k-NN {measured.queries:,}, others {measured.sample:,} points"
    text.append(f"  {_samples(numbers) if wide else samples}", colours["secondary"])
    return text


def _samples(numbers: Numbers) -> str:
    measured = numbers.separation
    return f"k-NN: {measured.queries:,} points; others: {measured.sample:,}"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"

"""Texts of the Projection view."""

from __future__ import annotations

import math

from rich.text import Text

from mnist_tui.engine.analysis.percentages import fraction_label, percent
from mnist_tui.engine.analysis.projection import METHOD_LABELS, Projection, ProjectionMetrics
from mnist_tui.engine.analysis.tsne import PERPLEXITY, largest_perplexity
from mnist_tui.tui.render.explanations import EXPLANATIONS
from mnist_tui.tui.widgets.subject_bar import SPLIT_LABELS

Colours = dict[str, str]
BAR = "█"
MAX_OTHERS = 4
"""Maximum number of stored t-SNEs that are listed in place of a missing one."""
STORED = "stored"
"""Note for a t-SNE that has been saved."""


def title_label(projection: Projection, width: int) -> str:
    """Return a title for the projection, in at most `width` columns if possible."""
    method, count = METHOD_LABELS[projection.spec.method], len(projection.labels)
    of = f" of {projection.available:,}" if count < projection.available else ""
    choices = (
        f"{method} of the {projection.layer}: {count:,}{of} {SPLIT_LABELS[projection.subject.split]}",
        f"{method} of the {projection.layer}: {count:,} images",
        f"{method}, {projection.layer}, {count:,}",
        f"{method}, {projection.layer}",
    )
    return next((title for title in choices if len(title) <= width), method)


def state_label(projection: Projection, running: bool, note: str) -> str:
    """Describe the explained variance of a PCA or the progress of a t-SNE."""
    if projection.variance is not None:
        first, second = projection.variance.tolist()
        return f"variance PC1 {percent(first, 1)}, PC2 {percent(second, 1)}"
    embedding = projection.embedding
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


def fitted(state: str, room: int) -> str:
    """Shorten the state to `room` columns by words that the numbers do not need."""
    for words in ("variance ", "iteration ", "  r to stop"):
        if len(state) > room:
            state = state.replace(words, "")
    return state


def start_label(projection: Projection) -> str:
    """Return a note for a t-SNE that starts."""
    perplexity = largest_perplexity(len(projection.labels))
    damaged = "replaces a damaged file; " if projection.damaged else ""
    few = f"perplexity limited to {perplexity:.3g} by the number of points; " if perplexity < PERPLEXITY else ""
    return f"{damaged}{few}metrics follow when it finishes"


def end_label(projection: Projection, note: str) -> str:
    """Return a note for a t-SNE that ended."""
    return f"{note}, replacing a damaged file" if projection.damaged and note == STORED else note


def tsne_label(projection: Projection) -> str:
    """Identify a t-SNE that is not the projection shown."""
    return f"t-SNE of the {projection.layer.split(',')[0]} at epoch {projection.subject.epoch}"


def background_label(projection: Projection) -> str:
    """Return a note about a t-SNE that runs in the background."""
    return f"{tsne_label(projection)} running"


def empty_label(projection: Projection, running: bool, note: str) -> str:
    """Return the text to show while there are no points: why, and what they will be."""
    about = EXPLANATIONS["projection"].about
    if running:
        return f"starting t-SNE …\n\n{about}"
    if note:
        return f"{note}\n\npress r to run it again\n\n{about}"
    epoch = projection.subject.epoch
    missing = f"no t-SNE of these {len(projection.labels):,} points at epoch {epoch} yet\n\npress r to run it"
    others = [f"epoch {epoch}, {count:,} points" for epoch, count in projection.others[-MAX_OTHERS:]]
    return "\n".join([missing, "", *(["stored:", *others, ""] if others else []), about])


def point_title(projection: Projection, point: int) -> str:
    """Identify the image of a point."""
    return f"image {projection.indices[point]:,}"


def point_text(projection: Projection, point: int, colours: Colours, width: int, rows: int) -> Text:
    """Return a point's labels and, as bars, its probabilities: all of them if there are enough rows, else the top."""
    label, prediction = int(projection.labels[point]), int(projection.predictions[point])
    verdict = colours["success"] if label == prediction else colours["error"]
    probabilities = projection.probabilities[point]
    room = rows - 2
    text = Text(no_wrap=True, overflow="ellipsis")
    for role, number, style in (("true", label, colours["foreground"]), ("pred", prediction, verdict)):
        probability = f"{percent(float(probabilities[number]), 1):>8}" if room < 1 else ""
        name = projection.classes[number][: max(1, width - 5 - len(probability))]
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


def metrics_table_text(metrics: ProjectionMetrics | None, note: str, colours: Colours, width: int, rows: int) -> Text:
    """Return the metrics of a projection as a table."""
    if metrics is None:
        return Text(note or "computing metrics …", colours["secondary"])
    measured = metrics.separation
    lines = (
        (f"{measured.k}-NN accuracy in the plane", percent(measured.knn_plane, 1)),
        (f"{measured.k}-NN accuracy in the full space", percent(measured.knn_full, 1)),
        ("silhouette", _number(measured.silhouette)),
        ("trustworthiness", fraction_label(measured.trustworthiness)),
        (f"Procrustes R² {metrics.lower_layer}→output", percent(metrics.procrustes_r2, 1)),
        ("mirrored, then rotated" if metrics.is_mirrored else "rotated", _angle(metrics.rotation_degrees)),
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    for label, value in lines:
        text.append(label.ljust(width - len(value))[: width - len(value)], colours["secondary"])
        text.append(f"{value}\n", f"bold {colours['foreground']}")
    text.append(_samples(metrics), colours["secondary"])
    return text


def metrics_lines_text(metrics: ProjectionMetrics | None, note: str, colours: Colours, width: int, rows: int) -> Text:
    """Return the metrics of a projection in two lines."""
    if metrics is None:
        return Text(note or "computing metrics …", colours["secondary"])
    measured, wide = metrics.separation, width >= 76
    full, trust = ("full space", "trustworthiness") if wide else ("full", "trust")
    silhouette = "silhouette" if wide else "silh."
    parts = (
        (f"{measured.k}-NN ", f"{percent(measured.knn_plane, 1)}"),
        (f", {full} ", f"{percent(measured.knn_full, 1)}"),
        (f"  {silhouette} ", _number(measured.silhouette)),
        (f"  {trust} ", fraction_label(measured.trustworthiness)),
    )
    text = Text(no_wrap=True, overflow="ellipsis")
    for label, value in parts:
        text.append(label, colours["secondary"])
        text.append(value, f"bold {colours['foreground']}")
    pair = f"{metrics.lower_layer}→output " if wide else ""
    text.append(f"\nProcrustes R² {pair}", colours["secondary"])
    text.append(percent(metrics.procrustes_r2, 1), f"bold {colours['foreground']}")
    text.append(f"  {_samples(metrics)}", colours["secondary"])
    return text


def _samples(metrics: ProjectionMetrics) -> str:
    sample, count = metrics.separation.sample, metrics.count
    return f"all {count:,} points" if sample == count else f"random {sample:,} of {count:,} points"


def _angle(degrees: float) -> str:
    return "–" if math.isnan(degrees) else f"{degrees:+.0f}°".replace("-", "−")


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"

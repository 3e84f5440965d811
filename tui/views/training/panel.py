"""Texts of the Training view: state, progress and result of the run."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from rich.text import Text

from mnist_tui.engine.analysis.intervals import wilson_interval
from mnist_tui.engine.analysis.percentages import percent, percent_range
from mnist_tui.engine.analysis.seed_spread import SOURCE, seed_spread
from mnist_tui.engine.runs.history import History, epoch_label
from mnist_tui.tui.render.texts import bytes_label, phase_label, seconds

NARROW = 30
"""Widths below this have shorter lines, one for each value."""
MAX_NOTE_LINES = 5
"""Maximum height of a fact or a note, which leaves room for the epochs below the panel."""


@dataclass(frozen=True, slots=True)
class PanelState:
    """State shown in the panel in addition to the history."""

    training: bool
    paused: bool
    stored: str
    """Name of the shown run if it is not this console's own; otherwise empty."""
    failure: str
    elapsed: float
    """Seconds since the start of the training."""
    is_missing: bool = False
    """Whether the folder of the shown run no longer exists."""


def panel_text(history: History, state: PanelState, width: int, colours: dict[str, str], *, brief: bool) -> Text:
    """Return the contents of the panel for `width` columns; `brief` omits the run's properties."""
    text = Text(no_wrap=True, overflow="ellipsis")
    dim = colours["secondary"]
    headline = _headline_text(history, state, colours, narrow=width < NARROW)
    if not state.failure:  # which the panel itself wraps
        headline = Text("\n".join(wrap(headline.plain, max(width, 10))), headline.style)
    text.append_text(headline)
    text.append("\n")
    if state.training or (state.stored and not history.finished):
        text.append_text(progress_text(history, state, width, colours))
    elif history.test is not None:
        text.append_text(_result_text(history, colours, narrow=width < NARROW))
        if spread := seed_spread(history):
            text.append(f"{spread.label}" + (f" ({SOURCE})\n" if width >= 46 else "\n"), colours["secondary"])
    if not brief:
        text.append_text(_facts_text(history, state, width, dim))
    elif state.stored and title_label(state, width) != state.stored:
        text.append("\n".join(chunked(state.stored, width)), dim)
    text.rstrip()
    return text


def title_label(state: PanelState, width: int) -> str:
    """Return the run's name if it fits above `width` columns."""
    return state.stored if state.stored and len(state.stored) <= width - 2 else "this run"


def chunked(text: str, width: int) -> list[str]:
    """Return a text without spaces, such as a name, in lines of `width`."""
    width = max(width, 1)
    return [text[start : start + width] for start in range(0, len(text), width)]


def _headline_text(history: History, state: PanelState, colours: dict[str, str], *, narrow: bool) -> Text:
    if state.failure:
        return Text(f"✕ {state.failure}", colours["error"])
    phase, finished = history.phase, history.finished
    if state.training:
        if state.paused:
            return Text("‖ paused – press space to resume", f"bold {colours['warning']}")
        if phase is not None and phase.name == "train":
            where = f"● epoch {history.current_epoch} of {history.planned_epochs}"
            return Text(where, f"bold {colours['accent']}")
        return Text(f"● {phase_label(phase) if phase else 'starting'}", f"bold {colours['accent']}")
    if finished is None:
        if not state.stored:
            return Text("no run is open", colours["secondary"])
        if state.is_missing:
            return Text("✕ the run's folder no longer exists", f"bold {colours['error']}")
        return Text("✕ the run died – press g to resume", f"bold {colours['error']}")
    status = {"completed": "✓ completed", "stopped": "■ stopped", "failed": "✕ failed"}[finished.status]
    colour = {"completed": "success", "stopped": "warning", "failed": "error"}[finished.status]
    reason = f": {finished.reason}" if finished.reason else ""
    return Text(f"{status} {'' if narrow else 'in '}{seconds(finished.seconds)}{reason}", f"bold {colours[colour]}")


def progress_text(history: History, state: PanelState, width: int, colours: dict[str, str]) -> Text:
    """Return progress bars for the epoch and the run, the speed and the remaining time."""
    text = Text(no_wrap=True)
    progress, started = history.progress, history.started
    if progress is None or started is None:
        phase = history.phase
        if phase is not None and phase.total:
            text.append_text(progress_bar_text("", phase.done / phase.total, width, colours))
            text.append("\n")
        return text
    epochs = history.planned_epochs
    done_epochs = history.epochs[-1].epoch if history.epochs else 0
    within = progress.batch / max(progress.batches, 1) if progress.epoch > done_epochs else 0.0
    whole = min(1.0, (done_epochs + within) / max(epochs, 1))
    text.append_text(progress_bar_text("epoch", within, width, colours))
    text.append("\n")
    text.append_text(progress_bar_text("run", whole, width, colours))
    text.append("\n")
    left = seconds_left(history, epochs)
    text.append(f"{progress.examples_per_second:,.0f}", f"bold {colours['foreground']}")
    text.append(" images/s" + ("\n" if width < NARROW else "   "), colours["secondary"])
    text.append(seconds(left) if state.elapsed > 1.0 else "…", f"bold {colours['foreground']}")
    text.append(" left\n", colours["secondary"])
    return text


def seconds_left(history: History, epochs: int) -> float:
    """Estimate the remaining seconds from the median duration of an epoch, or from the speed in the first one."""
    progress, started = history.progress, history.started
    if progress is None or started is None:
        return float("nan")
    done = history.epochs[-1].epoch if history.epochs else 0
    within = progress.batch / max(progress.batches, 1) if progress.epoch > done else 0.0
    per_epoch = history.seconds_per_epoch
    if not history.epochs:
        per_epoch = started.train_examples / max(progress.examples_per_second, 1e-9)
    return max(0.0, (epochs - done - within) * per_epoch)


def progress_bar_text(label: str, share: float, width: int, colours: dict[str, str]) -> Text:
    """Return a label, a progress bar and a percentage in `width` columns."""
    label_width = 6 if label else 0
    room = max(4, width - label_width - 6)
    filled = round(room * max(0.0, min(1.0, share)))
    return Text.assemble(
        (label.ljust(label_width), colours["secondary"]),
        ("━" * filled, colours["accent"]),
        ("─" * (room - filled), colours["border"]),
        (f"{percent(share, 0):>6}", colours["foreground"]),
    )


def _result_text(history: History, colours: dict[str, str], *, narrow: bool) -> Text:
    test = history.test
    assert test is not None
    interval = wilson_interval(test.correct, test.total)
    separator = "\n" if narrow else ", "
    return Text.assemble(
        ("test ", colours["secondary"]),
        (percent(test.acc), f"bold {colours['success']}"),
        ("\n" if narrow else "  ", ""),
        (f"95 % CI {percent_range(*interval)}\n", colours["secondary"]),
        (
            f"loss {test.loss:.4f}{separator}epoch {epoch_label(test.epoch, complete=test.complete)}\n",
            colours["foreground"],
        ),
        (f"{test.correct:,} of {test.total:,}\n", colours["foreground"]),
    )


def _facts_text(history: History, state: PanelState, width: int, dim: str) -> Text:
    started = history.started
    text = Text(style=dim)
    if started is None:
        return text
    elapsed = "" if history.finished or state.stored else f"{seconds(state.elapsed)} elapsed, "
    memory = history.progress.memory if history.progress else 0
    used = f", {bytes_label(memory)} used" if memory else ""
    hidden = "-".join(map(str, [784, *started.config.get("hidden", []), 10]))
    facts = [f"{elapsed}{started.device}{used}", f"{started.dataset}, {hidden}, {started.parameters:,} parameters"]
    facts.append(state.stored or started.run)
    for line in (*facts, *started.notes):
        lines = wrap(line, max(width, 10), break_on_hyphens=False, max_lines=MAX_NOTE_LINES, placeholder=" …")
        text.append("\n".join(lines) + "\n")
    return text


def keys_label(history: History, state: PanelState, width: int) -> str:
    """Return the most useful keys, for the border of the panel."""
    if state.training or width < 24:
        return ""
    if state.is_missing:
        return "9 runs   n new run"
    if state.stored:
        return "g resume   9 runs   n new run" if width >= 36 else "g resume   9 runs"
    return "n new run   g resume   9 runs" if history.finished else "n new run   9 stored runs"

"""What the Training view says in words: the run's state, its progress and its result."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from mnist_tui.engine.analysis.intervals import wilson_interval
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.render.texts import bytes_label, percent, phase_label, seconds


@dataclass(frozen=True, slots=True)
class PanelState:
    """What the panel is made of, besides the history."""

    training: bool
    paused: bool
    stored: str
    """The stored run's name, where one is shown instead of the console's own."""
    failure: str
    elapsed: float
    """Seconds since the start."""
    is_gone: bool = False
    """Whether the stored run's folder is not there any more."""


def panel_text(history: History, state: PanelState, width: int, colours: dict[str, str], *, brief: bool) -> Text:
    """The panel's lines for `width` columns; `brief` leaves out what a small terminal has no room for."""
    text = Text(no_wrap=True, overflow="ellipsis")
    dim = colours["secondary"]
    text.append_text(_headline(history, state, colours))
    text.append("\n")
    if state.training or (state.stored and not history.finished):
        text.append_text(progress_lines(history, state, width, colours))
    elif history.test is not None:
        text.append_text(_result(history, colours, narrow=width < 30))
    if not brief:
        text.append_text(_facts(history, state, dim))
    text.rstrip()
    return text


def _headline(history: History, state: PanelState, colours: dict[str, str]) -> Text:
    if state.failure:
        return Text(f"✕ {state.failure}", colours["error"])
    started, phase, finished = history.started, history.phase, history.finished
    epochs = started.config.get("epochs", 0) if started else 0
    if state.training:
        if state.paused:
            return Text("‖ paused – space goes on", f"bold {colours['warning']}")
        if phase is not None and phase.name == "train":
            epoch = history.progress.epoch if history.progress else (started.epoch if started else 1)
            if history.epochs and history.epochs[-1].epoch == epoch:
                epoch = min(epoch + 1, epochs)
            return Text(f"● epoch {epoch} of {epochs}", f"bold {colours['accent']}")
        return Text(f"● {phase_label(phase) if phase else 'starting'}", f"bold {colours['accent']}")
    if finished is None:
        if not state.stored:
            return Text("no run yet – press n to set one up, enter to start it", colours["secondary"])
        if state.is_gone:
            return Text("✕ this run's folder is gone", f"bold {colours['error']}")
        return Text("✕ this run died – g goes on with it", f"bold {colours['error']}")
    words = {"completed": "✓ completed", "stopped": "■ stopped", "failed": "✕ failed"}[finished.status]
    colour = {"completed": "success", "stopped": "warning", "failed": "error"}[finished.status]
    reason = f": {finished.reason}" if finished.reason else ""
    return Text(f"{words} in {seconds(finished.seconds)}{reason}", f"bold {colours[colour]}")


def progress_lines(history: History, state: PanelState, width: int, colours: dict[str, str]) -> Text:
    """Bars for the epoch and the whole run, the speed and the time that is left."""
    text = Text(no_wrap=True)
    progress, started = history.progress, history.started
    if progress is None or started is None:
        phase = history.phase
        if phase is not None and phase.total:
            text.append_text(bar("", phase.done / phase.total, width, colours))
            text.append("\n")
        return text
    epochs = started.config.get("epochs", 1)
    done_epochs = history.epochs[-1].epoch if history.epochs else 0
    within = progress.batch / max(progress.batches, 1) if progress.epoch > done_epochs else 0.0
    whole = min(1.0, (done_epochs + within) / max(epochs, 1))
    text.append_text(bar("epoch", within, width, colours))
    text.append("\n")
    text.append_text(bar("run", whole, width, colours))
    text.append("\n")
    left = time_left(history, epochs)
    text.append(f"{progress.examples_per_second:,.0f}", f"bold {colours['foreground']}")
    text.append(" images/s" + ("\n" if width < 30 else "   "), colours["secondary"])
    text.append(seconds(left) if state.elapsed > 1.0 else "…", f"bold {colours['foreground']}")
    text.append(" left\n", colours["secondary"])
    return text


def time_left(history: History, epochs: int) -> float:
    """Seconds until the last epoch is over, from the median epoch or, in the first one, from its speed so far."""
    progress, started = history.progress, history.started
    if progress is None or started is None:
        return float("nan")
    done = history.epochs[-1].epoch if history.epochs else 0
    within = progress.batch / max(progress.batches, 1) if progress.epoch > done else 0.0
    per_epoch = history.seconds_per_epoch
    if not history.epochs:
        per_epoch = started.train_examples / max(progress.examples_per_second, 1e-9)
    return max(0.0, (epochs - done - within) * per_epoch)


def bar(label: str, share: float, width: int, colours: dict[str, str]) -> Text:
    """A label, a bar and the share in per cent, `width` columns in all."""
    label_width = 6 if label else 0
    room = max(4, width - label_width - 6)
    filled = round(room * max(0.0, min(1.0, share)))
    return Text.assemble(
        (label.ljust(label_width), colours["secondary"]),
        ("━" * filled, colours["accent"]),
        ("─" * (room - filled), colours["border"]),
        (f"{share * 100:4.0f} %", colours["foreground"]),
    )


def _result(history: History, colours: dict[str, str], *, narrow: bool) -> Text:
    test = history.test
    assert test is not None
    low, high = wilson_interval(test.correct, test.total)
    return Text.assemble(
        ("test ", colours["secondary"]),
        (percent(test.acc), f"bold {colours['success']}"),
        ("\n" if narrow else "  ", ""),
        (f"95 %: {low * 100:.2f}–{high * 100:.2f}\n", colours["secondary"]),
        (f"loss {test.loss:.4f}, epoch {test.epoch}\n", colours["foreground"]),
        (f"{test.correct:,} of {test.total:,}\n", colours["foreground"]),
    )


def _facts(history: History, state: PanelState, dim: str) -> Text:
    started = history.started
    text = Text(style=dim)
    if started is None:
        return text
    took = "" if history.finished or state.stored else f"{seconds(state.elapsed)} elapsed, "
    memory = history.progress.memory if history.progress else 0
    held = f", {bytes_label(memory)} held" if memory else ""
    hidden = "-".join(map(str, [784, *started.config.get("hidden", []), 10]))
    text.append(f"{took}{started.device}{held}\n")
    text.append(f"{started.dataset}, {hidden}, {started.parameters:,} parameters\n")
    text.append(f"{state.stored or started.run}\n")
    if started.note:
        text.append(f"{started.note}\n")
    return text


def next_keys(history: History, state: PanelState, width: int) -> str:
    """What somebody could press next, for the panel's border."""
    if state.training or width < 24:
        return ""
    if state.is_gone:
        return "9 runs   n new run"
    if state.stored:
        return "g go on   9 runs   n new run" if width >= 36 else "g go on   9 runs"
    return "n new run   g go on   9 runs" if history.finished else "n new run"

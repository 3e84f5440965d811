"""Which overrides are on: all of them, unless `MNIST_TUI_PLAIN_TEXTUAL` says otherwise.

`MNIST_TUI_PLAIN_TEXTUAL=1` leaves Textual, plotext and Python as they are. A list such as `repaint,garbage` switches
off these alone, which is how `python -m bench.tricks` measures what each of them gains.
"""

from __future__ import annotations

import os

from mnist_tui.engine.errors import ConfigError

VARIABLE = "MNIST_TUI_PLAIN_TEXTUAL"
OVERRIDES = {
    "repaint": "write only the cells that changed (repaint)",
    "prepare": "make every view before its first visit (app)",
    "styles": "reuse the styles of a new view and of one that is shown again (app, screen)",
    "resume": "draw a view that is shown again once (screen)",
    "start": "find styles and draw once for the first frame (app, screen)",
    "delay": "show a prepared view without Textual's delay of 50 ms (app)",
    "dialog": "lay out and draw a new dialog once (dialog)",
    "dimmed": "mix each colour behind a dialog once (dialog)",
    "garbage": "collect garbage between keys only (garbage)",
    "priority": "computations give way to the screen and the training (priority)",
    "turns": "threads that compute in Python give way to the screen sooner (priority)",
    "libraries": "import what views need before their first visit (app)",
    "chart": "draw the lines of charts with numpy, and their frame only when it changes (chart)",
}
"""Each override with what it does and the module here that holds it; its docstring there gives the measured gain."""


def switched_off(value: str) -> frozenset[str]:
    """Return the overrides that a value of the variable switches off; raise ConfigError for a name that is none."""
    if value in ("", "0"):
        return frozenset()
    if value == "1":
        return frozenset(OVERRIDES)
    names = frozenset(name.strip() for name in value.split(","))
    if unknown := sorted(names - OVERRIDES.keys()):
        known = ", ".join(OVERRIDES)
        raise ConfigError({VARIABLE: f"{VARIABLE} must be 1 or some of {known}, not {unknown[0]!r}"})
    return names


OFF = switched_off(os.environ.get(VARIABLE, ""))
"""What is switched off in this process."""


def enabled(name: str) -> bool:
    """Whether an override is on."""
    assert name in OVERRIDES
    return name not in OFF

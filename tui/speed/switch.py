"""Switch of the overrides, which are all enabled unless `MNIST_TUI_PLAIN_TEXTUAL` is set.

`MNIST_TUI_PLAIN_TEXTUAL=1` disables all of them. A list such as `repaint,garbage` disables only these, which
`python -m bench.tricks` uses to measure the gain of each.
"""

from __future__ import annotations

import os

from mnist_tui.engine.errors import ConfigError

VARIABLE = "MNIST_TUI_PLAIN_TEXTUAL"
OVERRIDES = {
    "repaint": "write only cells that have changed (repaint)",
    "prepare": "create every view before its first visit (app)",
    "styles": "reuse the styles of new and resumed views (app, screen)",
    "resume": "repaint a resumed view only once (screen)",
    "start": "compute the styles and draw only once for the first frame (app, screen)",
    "delay": "show a prepared view without Textual's delay of 50 ms (app)",
    "dialog": "lay out and draw a new dialog only once (dialog)",
    "dimmed": "cache the dimmed colours behind a dialog (dialog)",
    "garbage": "collect garbage only while no keys are pressed (garbage)",
    "priority": "lower the priority of computations (priority)",
    "turns": "shorten the GIL switch interval (priority)",
    "libraries": "import the libraries of views before their first visit (app)",
    "chart": "draw the lines of charts with numpy and cache their frame (chart)",
}
"""Description of each override, with its modules in this package."""


def switched_off(value: str) -> frozenset[str]:
    """Return the overrides disabled by a value of the variable; raise `ConfigError` for an unknown name."""
    if value in ("", "0"):
        return frozenset()
    if value == "1":
        return frozenset(OVERRIDES)
    names = frozenset(name.strip() for name in value.split(","))
    if unknown := sorted(names - OVERRIDES.keys()):
        known = ", ".join(OVERRIDES)
        raise ConfigError({VARIABLE: f"{VARIABLE} must be 1 or a list of {known}, not {unknown[0]!r}"})
    return names


OFF = switched_off(os.environ.get(VARIABLE, ""))
"""Overrides disabled in this process."""


def enabled(name: str) -> bool:
    """Return whether an override is enabled."""
    assert name in OVERRIDES
    return name not in OFF

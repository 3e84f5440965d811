"""App that creates its views in advance and writes only cells that have changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.events import Event, InputEvent
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import AwaitMount

from mnist_tui.tui.render.palette import has_few_colours
from mnist_tui.tui.render.themes import CURVE_COLOURS, THEMES, with_few_colours
from mnist_tui.tui.speed import garbage
from mnist_tui.tui.speed.faults import RobustApp
from mnist_tui.tui.speed.repaint import Painted
from mnist_tui.tui.speed.screen import QuickScreen
from mnist_tui.tui.speed.switch import enabled

PREPARE_SECONDS = 0.05
"""Pause between the creation of two views, in which keys are processed."""

LIBRARIES = ("sklearn.neighbors", "sklearn.metrics", "sklearn.manifold", "openTSNE")
"""Libraries that the analysis imports on first use."""


class QuickApp(RobustApp):
    """App with a mode for every view in `MODES`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name  # set here and not in on_mount, so that the styles are parsed only once
        if enabled("styles"):
            for mode, make in self.MODES.items():
                assert callable(make)
                self._modes[mode] = partial(self._make, make)
        self._painted = Painted()
        self._view_is_there = False
        self._sweeper = garbage.Sweeper()

    @property
    def current_theme(self) -> Theme:
        """The chosen theme; in a terminal with 16 colours with colours that remain different there."""
        theme = super().current_theme
        console = getattr(self, "console", None)  # which Textual creates after it has first asked for the theme
        return with_few_colours(theme) if console is not None and has_few_colours(console) else theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CURVE_COLOURS

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda app: self.action_repaint())
        if enabled("garbage"):
            self.set_interval(garbage.IDLE_SECONDS, self._sweeper.sweep)

    def action_repaint(self) -> None:
        """Write every cell again, because another program has written to the terminal."""
        self._painted.forget()
        self.refresh(layout=True)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._sweeper.touch()
        await super().on_event(event)

    # -- views -------------------------------------------------------------------------------------------------

    def prepare_views(self, load: Callable[[str], object], ready: Callable[[], object]) -> None:
        """Create the views after the first frame (override `prepare`).

        Textual creates the screen of a mode when it is first opened, so that the key press waits for its import, its
        styles and its layout. Gain: 70 % of the time until the first frame of a view.

        Args:
            load: imports the view of a mode; called in a thread.
            ready: called when all views have been created.
        """
        # After the first frame, because this takes longer than the rest of the start-up.
        self.call_after_refresh(lambda: self.run_worker(self._prepare(load, ready)))

    async def _prepare(self, load: Callable[[str], object], ready: Callable[[], object]) -> None:
        garbage.collect_from_now()
        if enabled("styles"):
            self.screen._css_update_count = self._css_update_count  # its styles are current
        for mode in self.MODES if enabled("prepare") else ():
            await asyncio.sleep(PREPARE_SECONDS)
            if mode not in self._screen_stacks:
                await asyncio.to_thread(load, mode)
            if not self.is_running:
                return
            if mode not in self._screen_stacks:  # not opened by a key in the meantime
                await self._init_mode(mode)
        ready()

    def _make(self, make: Callable[[], Screen[Any]]) -> Screen[Any]:
        """Create a view and mark its styles as current (override `styles`).

        Textual computes the styles of a new screen twice, when it is mounted and when it is shown, because it does not
        check whether they have changed in between. Gain: see `QuickScreen._on_screen_resume`.
        """
        view = make()
        view._css_update_count = self._css_update_count
        if isinstance(view, QuickScreen):
            view.styled_for = self.theme
        return view

    def refresh_css(self, animate: bool = True) -> None:
        """Set the variables of the first theme without parsing the styles again (override `start`).

        Textual parses every style sheet again and computes the styles of all widgets when the theme is set, even before
        the first screen exists. Gain: see `QuickScreen.compose`.
        """
        if not enabled("start") or self._screen_stacks[self.DEFAULT_MODE]:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())
            self.stylesheet.apply(self)

    def switch_mode(self, mode: str) -> AwaitMount:
        self._view_is_there = mode in self._screen_stacks
        try:
            return super().switch_mode(mode)
        finally:
            self._view_is_there = False

    def delay_update(self, delay: float = 0.05) -> None:
        """Delay screen updates only if the view has yet to be created (override `delay`).

        Textual delays them by 50 ms whenever the mode changes. Gain: 77 % of the time until the next frame.
        """
        if not (self._view_is_there and enabled("delay")):
            super().delay_update(delay)

    # -- in the background -------------------------------------------------------------------------------------

    def import_libraries(self, wanted: Callable[[], bool]) -> None:
        """Import the libraries of the analysis in advance, as long as `wanted()`; called in a thread (override
        `libraries`).

        An import holds the GIL for long periods, which would be more disturbing later, during a training. Gain: 53 % of
        the time until the first projection.
        """
        for name in LIBRARIES if enabled("libraries") else ():
            if wanted():
                with contextlib.suppress(Exception):  # reported by the view that needs it
                    import_module(name)
        garbage.freeze()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write only cells that have changed (override `repaint`).

        Textual writes a whole widget when any part of it changes, and the whole screen when a layout changes.
        Gain: 68 % of the bytes written during training.
        """
        if enabled("repaint") and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, self._painted.changes(renderable, self.size))  # type: ignore[arg-type]
        else:
            super()._display(screen, renderable)

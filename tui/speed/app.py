"""An app whose views are there before they are opened, and which writes no byte that changes nothing."""

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
from textual.widget import AwaitMount

from mnist_tui.tui.render.themes import CURVE_COLOURS, THEMES
from mnist_tui.tui.speed import garbage
from mnist_tui.tui.speed.faults import RobustApp
from mnist_tui.tui.speed.repaint import Painted
from mnist_tui.tui.speed.screen import QuickScreen
from mnist_tui.tui.speed.switch import enabled

PREPARE_SECONDS = 0.05
"""Between making two views, so that keys are answered meanwhile."""

LIBRARIES = ("sklearn.neighbors", "sklearn.metrics", "sklearn.manifold", "openTSNE")
"""What the analysis imports when it first needs it."""


class QuickApp(RobustApp):
    """An app with a mode for every view, `MODES`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name  # here and not when it is mounted, so that the styles are read once
        if enabled("styles"):
            for mode, make in self.MODES.items():
                assert callable(make)
                self._modes[mode] = partial(self._make, make)
        self._painted = Painted()
        self._view_is_there = False
        self._sweeper = garbage.Sweeper()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CURVE_COLOURS

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda app: self._painted.forget())
        if enabled("garbage"):
            self.set_interval(garbage.QUIET, self._sweeper.sweep)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._sweeper.touch()
        await super().on_event(event)

    # -- views -------------------------------------------------------------------------------------------------

    def prepare_views(self, load: Callable[[str], object], ready: Callable[[], object]) -> None:
        """Make the views after the first frame (override `prepare`).

        Textual makes a mode's screen when it is first switched to, and the key waits for its import, its styles and
        its layout. Gain: 70 % of the time until the frame of a first visit.

        Args:
            load: imports what the view of a mode needs; called in a thread.
            ready: called when all are there.
        """
        # What is not in the first frame takes longer than everything else at the start.
        self.call_after_refresh(lambda: self.run_worker(self._prepare(load, ready)))

    async def _prepare(self, load: Callable[[str], object], ready: Callable[[], object]) -> None:
        garbage.collect_from_now()
        if enabled("styles"):
            self.screen._css_update_count = self._css_update_count  # it has the styles of now
        for mode in self.MODES if enabled("prepare") else ():
            await asyncio.sleep(PREPARE_SECONDS)
            if mode not in self._screen_stacks:
                await asyncio.to_thread(load, mode)
            if not self.is_running:
                return
            if mode not in self._screen_stacks:  # it was not opened meanwhile
                await self._init_mode(mode)
        ready()

    def _make(self, make: Callable[[], Screen[Any]]) -> Screen[Any]:
        """Make a view and note that it has the styles of now (override `styles`).

        Textual finds the styles of every widget of a new screen twice: when it is mounted, and when it is shown,
        because it does not know that none has changed since. Gain: see `QuickScreen._on_screen_resume`.
        """
        view = make()
        view._css_update_count = self._css_update_count
        if isinstance(view, QuickScreen):
            view.styled_for = self.theme
        return view

    def refresh_css(self, animate: bool = True) -> None:
        """Set the variables of the first theme without reading the styles again (override `start`).

        Textual reads every style sheet again and finds the styles of all widgets when the theme is set, also before
        the first screen is there. Gain: see `QuickScreen.compose`.
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
        """Hold the screen while a view is made, but not for one that is there already (override `delay`).

        Textual holds it for 50 ms with every switch of modes. Gain: 60 % of the time until the frame is there.
        """
        if not (self._view_is_there and enabled("delay")):
            super().delay_update(delay)

    # -- beside the screen -------------------------------------------------------------------------------------

    def import_libraries(self, wanted: Callable[[], bool]) -> None:
        """Import what views need at their first visit, as long as it is `wanted`; runs in a thread (override
        `libraries`).

        An import keeps Python to itself for long stretches, and later there would be a training beside it. Gain: 48 %
        of the time until the first projection.
        """
        for name in LIBRARIES if enabled("libraries") else ():
            if wanted():
                with contextlib.suppress(Exception):  # the view that needs it reports that
                    import_module(name)
        garbage.keep()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write only the cells that changed (override `repaint`).

        Textual writes a widget as a whole when anything in it changes, and the screen as a whole when a layout does.
        Gain: 83 % of the bytes that are written while it trains.
        """
        if enabled("repaint") and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, self._painted.changes(renderable, self.size))  # type: ignore[arg-type]
        else:
            super()._display(screen, renderable)

"""What makes the console quick: views that are there before anybody opens them, and no byte that changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module

from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.events import Event, InputEvent, MouseEvent
from textual.screen import Screen
from textual.widget import AwaitMount

from mnist_tui.tui.render.themes import CURVE_COLOURS, THEMES
from mnist_tui.tui.speed import garbage
from mnist_tui.tui.speed.repaint import Painted
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.registry import CLASSES, import_view, make_view

PREPARE_SECONDS = 0.05
"""Between making two views, so that keys are answered meanwhile."""

LIBRARIES = ("sklearn.neighbors", "sklearn.metrics", "sklearn.manifold", "openTSNE")
"""What the analysis imports when it first needs it."""


class QuickApp(App[int]):
    """An app with a mode for every view."""

    DEFAULT_MODE = "setup"

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name  # here and not when it is mounted, so that the styles are read once
        self._modes = {mode: partial(self._make, mode) for mode in CLASSES}
        self._painted = Painted()
        self._view_is_there = False
        self._is_leaving = False
        self._sweeper = garbage.Sweeper()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CURVE_COLOURS

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda app: self._painted.forget())
        # After the first frame: what is not in it takes longer than everything else at the start.
        self.call_after_refresh(lambda: self.run_worker(self._prepare()))
        self.set_interval(garbage.QUIET, self._sweeper.sweep)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._sweeper.touch()
        try:
            await super().on_event(event)
        except Exception:
            if not isinstance(event, MouseEvent):
                raise
            # Of a widget that was just taken away. What a click does in a view comes later, in the widget's own turn.
            logging.getLogger(__name__).info("the mouse met nothing", exc_info=True)

    def prepared(self) -> None:
        """Called when every view is there."""

    async def _prepare(self) -> None:
        """Make the views that nobody has seen yet, so that their first visit is quick."""
        garbage.collect_from_now()
        self.screen._css_update_count = self._css_update_count  # it has the styles of now
        for mode in CLASSES:
            await asyncio.sleep(PREPARE_SECONDS)
            if mode not in self._screen_stacks:
                await asyncio.to_thread(import_view, mode)
            if not self.is_running:
                return
            if mode not in self._screen_stacks:  # nobody went there meanwhile
                await self._init_mode(mode)
        self.prepared()

    def _make(self, mode: str) -> View:
        view = make_view(mode)
        # Made with the styles of now: its first visit need not read them all again.
        view._css_update_count = self._css_update_count
        view.styled_for = self.theme
        return view

    def mounted_views(self) -> list[View]:
        """The views that were opened so far; none once they are being taken down, piece by piece."""
        if self._exit or not self.is_running:
            return []
        screens = (screen for stack in self._screen_stacks.values() for screen in stack)
        return [screen for screen in screens if isinstance(screen, View) and screen.is_mounted]

    @property
    def view_on_top(self) -> View | None:
        """The view that is shown and that no dialog covers; before the first and after the last frame there is none."""
        screen = next(reversed(self.screen_stack), None)
        return screen if isinstance(screen, View) and not self._exit else None

    def refresh_css(self, animate: bool = True) -> None:
        if self._screen_stacks[self.DEFAULT_MODE]:
            super().refresh_css(animate)
        else:  # the theme of the start: nobody has any style yet
            self.stylesheet.set_variables(self.get_css_variables())
            self.stylesheet.apply(self)

    def import_libraries(self, wanted: Callable[[], bool]) -> None:
        """Import what views need at their first visit, as long as it is `wanted`; runs in a thread.

        An import keeps Python to itself for long stretches, and later there would be a training beside it.
        """
        for name in LIBRARIES:
            if wanted():
                with contextlib.suppress(Exception):  # the view that needs it will say so
                    import_module(name)
        garbage.keep()

    def switch_mode(self, mode: str) -> AwaitMount:
        self._view_is_there = mode in self._screen_stacks
        try:
            return super().switch_mode(mode)
        finally:
            self._view_is_there = False

    def delay_update(self, delay: float = 0.05) -> None:
        """Hold the screen while a view is made; one that is there already needs no such wait."""
        if not self._view_is_there:
            super().delay_update(delay)

    async def _shutdown(self) -> None:
        self._is_leaving = True
        await super()._shutdown()

    def _handle_exception(self, error: Exception) -> None:
        """What a view meets that is taken down, or was just being made, is no fault when everything goes."""
        if self._exit or self._is_leaving:
            logging.getLogger(__name__).info("while leaving", exc_info=error)
        else:
            super()._handle_exception(error)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's way to the terminal: only what changed is written."""
        if isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, self._painted.changes(renderable, self.size))  # type: ignore[arg-type]
        else:
            super()._display(screen, renderable)

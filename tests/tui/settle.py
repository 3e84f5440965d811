"""Wait until an app has handled its messages.

Textual's `Pilot` guesses this from processor time: at least 40 ms for every key, a whole second while a training is
running, and too little on a machine that is busy with something else. Here the messages are counted instead.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen

from tests.helpers import HANG

ROUNDS = 40
"""Messages that lead to one another and are waited for: a training that is running never stops sending some."""
SPINS = 20
"""Turns of the event loop after which a handler is taken to wait for something outside of it, such as a thread."""
TICK = 0.005
"""Seconds between two checks of what is not a message, such as a batch of updates."""


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every `Pilot` wait by `settle`."""

    async def wait_for_idle(*_: float) -> None:
        await settle(active_app.get())

    async def wait_for_screen(pilot: Pilot[Any], timeout: float = 0) -> bool:
        return await settle(pilot.app)

    monkeypatch.setattr(textual.app, "wait_for_idle", wait_for_idle)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", wait_for_idle)
    monkeypatch.setattr(Pilot, "_wait_for_screen", wait_for_screen)


async def settle(app: App[Any]) -> bool:
    """Wait until all messages, and those that they caused, are handled and drawn.

    False where the app ended or failed instead.
    """
    limit = time.monotonic() + HANG
    for _ in range(4):  # a key that was just pressed reaches the app by way of the event loop
        await asyncio.sleep(0)
    for _ in range(ROUNDS):
        if not _is_alive(app):
            return False
        screen = app.screen
        busy = [pump for pump in (app, *screen.walk_children(with_self=True)) if _is_busy(pump)]
        unpainted = _is_unpainted(app, screen)
        if not busy and not unpainted:
            return True
        await _handled(app, busy, limit)
        while _is_alive(app) and (app._batch_count or app._resize_event):
            assert time.monotonic() < limit, "updates are held back for ever"
            await asyncio.sleep(TICK)
        if _is_alive(app):
            app.screen._on_timer_update()
    return True


async def _handled(app: App[Any], pumps: list[MessagePump], limit: float) -> None:
    """Wait until each of the pumps has handled what is in its queue now."""
    pending = {pump for pump in pumps if pump._running}

    def handled(pump: MessagePump) -> None:
        pending.discard(pump)

    for pump in tuple(pending):
        if not pump.call_later(handled, pump):
            pending.discard(pump)
    looks = 0
    while pending and _is_alive(app):
        assert time.monotonic() < limit, f"messages are not handled by {pending}"
        looks += 1
        await asyncio.sleep(0 if looks < SPINS else TICK)
        pending.difference_update({pump for pump in pending if pump._closed})


def _is_alive(app: App[Any]) -> bool:
    return bool(app._running and not app._exit and not app._exception and app._screen_stack)


def _is_busy(pump: MessagePump) -> bool:
    """Whether the pump does more than wait for its next message."""
    ready = pump._message_queue.ready_event
    return ready.is_set() or not ready._waiters  # type: ignore[attr-defined]


def _is_unpainted(app: App[Any], screen: Screen[Any]) -> bool:
    return bool(
        app._batch_count
        or app._resize_event
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )

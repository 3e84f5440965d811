"""The overrides of Textual, which make the console fast, draw the same as Textual."""

import gc
import os
import threading

import numpy as np
import plotext as plt
import pytest
from rich.color import Color as RichColor
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual._compositor import Compositor
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.strip import Strip

from mnist_tui.tui.render import ansi
from mnist_tui.tui.speed import garbage, priority
from mnist_tui.tui.speed.dialog import Dimmed
from tests.tui.conftest import needs, screen_text, until


def characters(segments):
    return [(character, style or Style.null()) for text, style, *_ in segments for character in text]


class TestAnsi:
    @pytest.mark.parametrize("size", [(40, 10), (97, 23)])
    def test_a_plotext_drawing_has_the_characters_and_styles_that_rich_finds(self, size):
        plt.clear_figure()
        plt.limit_size(False, False)
        random = np.random.default_rng(0)
        for colour in ((200, 30, 40), (20, 200, 220), 7, "red"):
            plt.plot(random.random(50).tolist(), random.random(50).tolist(), color=colour, marker="braille")
        plt.canvas_color((10, 20, 30))
        plt.axes_color((10, 20, 30))
        plt.plotsize(*size)
        drawing = plt.build()
        console = Console(width=200)
        wanted = [list(line.render(console)) for line in Text.from_ansi(drawing).split("\n")]
        drawn = ansi.strips(drawing)
        assert len(drawn) == len(wanted) >= size[1]
        for strip, line in zip(drawn, wanted, strict=True):
            assert characters(strip) == characters(segment for segment in line if segment.text != "\n")

    def test_text_without_sequences(self):
        (strip,) = ansi.strips("plain")
        assert strip.text == "plain"


class Behind:
    """As much of a screen as a dialog needs."""

    def __init__(self, segments):
        self._compositor = self
        self._segments = segments

    def __rich_console__(self, console, options):
        yield from self._segments

    def render_strips(self):
        return [Strip(self._segments)]


class TestDimmed:
    def test_the_colours_are_those_that_textual_mixes(self):
        red, blue = RichColor.parse("#ff0000"), RichColor.parse("#0000ff")
        styles = [None, Style(color=red), Style(bgcolor=blue, bold=True), Style(color=red, bgcolor=blue, link="x")]
        segments = [Segment(f"text {i}", style) for i, style in enumerate(styles)]
        console = Console(color_system="truecolor")
        behind = BackgroundScreen(Behind(segments), Color(10, 10, 10, a=0.6))
        (strip,) = Dimmed(behind).render_strips(80, 1, None, None)
        dimmed = list(strip)
        assert dimmed == list(console.render(behind))
        assert dimmed[1].style.color.triplet != red.triplet


@needs("garbage")
class TestGarbage:
    @pytest.fixture(autouse=True)
    def as_before(self):
        callbacks, thresholds = list(gc.callbacks), gc.get_threshold()
        yield
        gc.callbacks[:] = callbacks
        gc.set_threshold(*thresholds)
        gc.unfreeze()

    def test_objects_that_survive_a_long_collection_are_frozen(self, monkeypatch):
        garbage.collect_from_now()
        monkeypatch.setattr(garbage, "LONG_SECONDS", 1e9)
        new = [[i] for i in range(1000)]
        kept = gc.get_freeze_count()
        gc.collect()
        assert gc.get_freeze_count() <= kept
        monkeypatch.setattr(garbage, "LONG_SECONDS", -1.0)
        gc.collect()
        assert gc.get_freeze_count() >= kept + len(new)

    def test_garbage_is_still_collected(self):
        garbage.collect_from_now()
        cycle = Cycle()
        gone = cycle.gone
        del cycle
        gc.collect()
        assert gone.is_set()

    def test_there_is_one_callback_however_often_it_is_started(self):
        garbage.collect_from_now()
        garbage.collect_from_now()
        assert sum(isinstance(callback, garbage.FreezeSurvivors) for callback in gc.callbacks) == 1

    def test_a_full_collection_waits_while_keys_are_pressed(self, monkeypatch):
        garbage.collect_from_now()
        monkeypatch.setattr(gc, "get_count", lambda: (0, 0, garbage.FULL_EVERY))
        sweeper, cycle = garbage.Sweeper(), Cycle()
        gone = cycle.gone
        gc.collect()  # the cycle is of the oldest generation now, which only a full collection visits
        del cycle
        sweeper.touch()
        sweeper.sweep()
        assert not gone.is_set()
        monkeypatch.setattr(garbage, "IDLE_SECONDS", 0.0)
        sweeper.sweep()
        assert gone.is_set()

    def test_a_full_collection_runs_only_when_it_is_due(self, monkeypatch):
        garbage.collect_from_now()
        monkeypatch.setattr(gc, "get_count", lambda: (700, 9, garbage.FULL_EVERY - 1))
        cycle = Cycle()
        gone = cycle.gone
        del cycle
        garbage.Sweeper().sweep()
        assert not gone.is_set()

    async def test_keys_delay_a_full_collection(self, console):
        app = console()
        async with app.run_test() as pilot:
            before = app._sweeper._touched
            await pilot.press("x")
            assert app._sweeper._touched > before


class Cycle:
    """Refers to itself, so that only the collector finds it."""

    def __init__(self):
        self.itself = self
        self.gone = threading.Event()

    def __del__(self):
        self.gone.set()


@needs("priority")
@pytest.mark.skipif(not hasattr(os, "setpriority") or not os.path.exists("/proc/self/task"), reason="threads of Linux")
def test_computations_have_a_lower_priority_than_the_screen():
    def nice():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with priority.pool() as pool:
        computing = pool.submit(nice).result()
    assert computing == min(19, nice() + priority.NICE)


class TestShownAgain:
    """A view that is shown again skips some work of Textual: check that the result is the same."""

    @needs("styles", "resume", "delay")
    async def test_it_is_drawn_whole_once(self, console, monkeypatch):
        whole = []
        render = Compositor.render_full_update

        def counted(compositor, simplify=False):
            whole.append(compositor)
            return render(compositor, simplify)

        monkeypatch.setattr(Compositor, "render_full_update", counted)
        app = console()
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.devices.found is not None)
            for mode in ("confusion", "projection", "confusion", "projection"):
                await app.action_view(mode)
                await pilot.pause()
            whole.clear()
            await app.action_view("confusion")
            await pilot.pause()
            assert whole == [app.screen._compositor]

    async def test_after_a_resize_it_is_laid_out_for_the_new_size(self, console):
        app = console()
        async with app.run_test(size=(120, 40)) as pilot:
            await app.action_view("training")
            await app.action_view("runs")
            await pilot.resize_terminal(70, 24)
            await app.action_view("training")
            await pilot.pause()
            assert app.screen.has_class("-narrow")
            bar = app.screen.query_one("KeyBar")
            assert (bar.region.y, bar.region.width) == (23, 70)

    async def test_in_another_theme_it_has_that_theme_s_colours(self, console):
        app = console()
        async with app.run_test(size=(120, 40)) as pilot:
            await app.action_view("training")
            await app.action_view("runs")
            app.theme = next(name for name in app.available_themes if name.endswith("light"))
            await pilot.pause()
            await app.action_view("training")
            await pilot.pause()
            assert app.screen.query_one("TopBar").styles.background == Color.parse(app.theme_variables["panel"])
            assert app.screen.query_one("#panel").background_colors[1].brightness > 0.5

    async def test_a_dialog_is_drawn_for_the_new_size(self, console):
        app = console()
        async with app.run_test(size=(120, 40)) as pilot:
            await app.action_view("training")
            await pilot.press("question_mark")
            await pilot.resize_terminal(66, 22)
            await pilot.pause()
            dialog = app.screen.query_one("#dialog").region
            assert dialog.right <= 66
            assert dialog.bottom <= 22
            assert "help" in screen_text(app)

"""Imagined digits: what the network takes for a digit."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import TypeAlias

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import (
    METHODS,
    Imagined,
    ImagineData,
    Method,
    NearestImage,
    grey,
    imagine,
    probability_words,
)
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import DataError, RunError
from mnist_tui.engine.figures.settings import Settings, Standing
from mnist_tui.engine.runs.folder import Version
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.grey_cells import cell_size
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.widgets.image import ImageGrid, Picture

BUDGETS = (100_000, 400_000, 1_600_000, 6_400_000)
"""Images that the noise search tries; the notebook's 50,000 × 32 is the third."""
WORDS = {"noise": "noise search", "ascent": "gradient ascent", "smooth": "smooth ascent"}
UNITS = {"noise": "images", "ascent": "steps", "smooth": "steps"}


Network: TypeAlias = tuple[Path, int, Version]
"""The run, the epoch, and which of its weights."""


class Found(Message):
    """A search found something better, or is done."""

    def __init__(self, key: Network, imagined: Imagined | None, error: str = "") -> None:
        super().__init__()
        self.key = key
        """Whose network imagined it."""
        self.imagined = imagined
        """The best yet; None when the search is over."""
        self.error = error
        """What went wrong, or empty."""


class ImagineView(AnalysisView):
    """Three ways to a digit side by side, and the probabilities of all ten below."""

    MODE = "imagine"
    TITLE_WORDS = "Imagine"
    BINDINGS = bindings("imagine")
    CSS_PATH = "imagine.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.digit = 3
        """The class whose pictures are shown; the notebook asks for a three."""
        self.method: Method = "smooth"
        """The way whose pictures of all classes are shown where there is room."""
        self._budget = 2
        self._pictures: dict[Network, dict[tuple[Method, int], Imagined]] = {}
        self._stop = False
        self._searching = False
        self._drawn_at = 0.0

    def content(self) -> ComposeResult:
        with Vertical(id="imagine"):
            with Horizontal(id="methods"):
                for method in METHODS:
                    with Vertical(classes="method", id=f"method-{method}"):
                        yield ImageGrid()
                        yield Static(classes="words")
            with Vertical(id="all"):
                yield Static(id="digits")
                yield ImageGrid(id="gallery")

    def on_mount(self) -> None:
        for grid in self.query(ImageGrid):
            grid.style = best_image_style(self.app.console)

    def compute(self, subject: Subject) -> ImagineData:
        _, dataset = self.console.analyst.run(subject.folder)
        key = self._network(subject)
        if key not in self._pictures:
            self._pictures[key] = imagined_store.load(subject.folder, subject.epoch, len(dataset.classes))
        return ImagineData(dataset.classes, self._pictures[key])

    def _network(self, subject: Subject) -> Network:
        return subject.folder, subject.epoch, self.console.analyst.version(subject.folder, subject.epoch)

    # -- drawing -----------------------------------------------------------------------------------------------

    def draw(self, data: ImagineData) -> None:
        small = not self.has_class("-tall") or self.size.width < 100
        for method in METHODS:
            panel = self.query_one(f"#method-{method}")
            panel.border_title = WORDS[method] if self.size.width >= 80 else WORDS[method].split()[0]
            grid, words = panel.query_one(ImageGrid), panel.query_one(".words", Static)
            found = data.pictures.get((method, self.digit))
            grid.small = small
            # Where there are few rows, the panel's title has to do as a caption.
            grid.styles.height = cell_size(grid.style, small=small)[1] + (not self.has_class("-short"))
            # What doesn't fit beside the picture is left out by the grid.
            grid.show([] if found is None else _pictures(found, data.classes))
            words.update(self._words(method, found, data))
        panel = self.query_one("#all")
        panel.border_title = f"all classes, {'searching' if self._searching else 'r runs this one, a all of them'}"
        panel.border_subtitle = f"noise: {BUDGETS[self._budget]:,} images (+ −)"
        self.query_one("#digits", Static).update(self._table(data))
        row = {digit: picture for (method, digit), picture in data.pictures.items() if method == self.method}
        gallery = self.query_one("#gallery", ImageGrid)
        gallery.small = True
        gallery.show([Picture(grey(row[digit].image), data.classes[digit]) for digit in sorted(row)])

    def _words(self, method: Method, found: Imagined | None, data: ImagineData) -> Text:
        colours = self.console.colours
        dim = colours["secondary"]
        if found is None:
            return Text(f"{data.classes[self.digit]}: nothing yet\nr imagines it", dim)
        return Text.assemble(
            (f"{data.classes[self.digit]} ", f"bold {colours['accent']}"),
            (probability_words(found.probability), f"bold {colours['foreground']}"),
            (f"\n{found.tried:,} {UNITS[method]}" + ("" if found.done else " …"), dim),
            (_nearest_words(found.nearest, data.classes, short=self.has_class("-short")), dim),
        )

    def _table(self, data: ImagineData) -> Table:
        colours = self.console.colours
        table = Table.grid(padding=(0, 1), expand=False)
        table.add_column(no_wrap=True)
        narrow = self.size.width < 80
        for _ in data.classes:
            table.add_column(justify="right", no_wrap=True, min_width=3 if narrow else 5)
        names = [
            Text(name[: 3 if narrow else 5], f"bold {colours['accent']} reverse" if i == self.digit else "bold")
            for i, name in enumerate(data.classes)
        ]
        table.add_row("", *names)
        for method in METHODS:
            cells = []
            for i in range(len(data.classes)):
                found = data.pictures.get((method, i))
                cells.append(Text(short_probability(found.probability, narrow) if found else "·"))
            style = f"bold {colours['accent']}" if method == self.method else colours["secondary"]
            table.add_row(Text(WORDS[method].split()[0], style), *cells)
        return table

    # -- searching ---------------------------------------------------------------------------------------------

    def _run(self, digits: tuple[int, ...]) -> None:
        subject = self.console.scrubber.subject
        if subject is None:
            return
        if self.console.training.is_running:  # else the next epoch would take the pictures from the screen
            self.console.scrubber.choose(subject.epoch)
        self._stop, self._searching = False, True
        job = partial(self._search, subject, digits, BUDGETS[self._budget])
        self.run_worker(job, thread=True, group="search", exit_on_error=False)
        self.redraw()

    def _search(self, subject: Subject, digits: tuple[int, ...], budget: int) -> None:
        analyst, key = self.console.analyst, self._network(subject)
        try:
            for found in imagine(analyst, subject, digits, images=budget, stopping=self._is_stopping):
                # Where the network was trained anew meanwhile, this belongs to none that is stored.
                keeps = found.done and self._network(subject) == key
                self.post_message(Found(key, found, self._keep(subject, found) if keeps else ""))
            self.post_message(Found(key, None))
        except (RunError, DataError, ValueError) as error:
            self.post_message(Found(key, None, str(error)))
        except Exception as error:
            logging.getLogger(__name__).exception("a search failed")
            words = f"the search failed ({type(error).__name__}: {error}); L shows the log"
            self.post_message(Found(key, None, words))

    def _keep(self, subject: Subject, found: Imagined) -> str:
        """Store it with its run; gives why that could not be, or nothing."""
        try:
            imagined_store.save(subject.folder, subject.epoch, found)
        except OSError as error:
            return f"not stored ({(error.strerror or str(error)).lower()})"
        return ""

    def _is_stopping(self) -> bool:
        return self._stop or not self.is_running

    def on_found(self, message: Found) -> None:
        found = message.imagined
        if message.error:
            self.notify(message.error, severity="error", markup=False)
        if found is None:
            self._searching = False
        else:
            self._pictures.setdefault(message.key, {})[found.method, found.digit] = found
        # A search may find better pictures faster than anybody can look.
        now = time.monotonic()
        if self.data is not None and (found is None or found.done or now - self._drawn_at > 0.1):
            self._drawn_at = now
            if self.is_current:
                self.draw(self.data)
            self.refresh_bindings()

    def standings(self) -> list[Standing]:
        if self.data is None:
            return []
        pictures = dict(self.data.pictures)  # a search goes on adding to it
        digits = tuple(sorted({digit for _, digit in pictures}))
        if not digits:
            return [Standing("imagine", self.subject, Settings(digits=(self.digit,)))]
        settings = Settings(digits=() if len(digits) == len(self.data.classes) else digits)
        return [Standing("imagine", self.subject, settings, ImagineData(self.data.classes, pictures))]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("digit", "method", "search", "search_all", "budget"):
            return self.data is not None
        return super().check_action(action, parameters)

    def action_digit(self, by: int) -> None:
        self.digit = max(0, min(len(self.data.classes) - 1, self.digit + by))
        self.draw(self.data)

    def action_method(self, by: int) -> None:
        self.method = METHODS[max(0, min(len(METHODS) - 1, METHODS.index(self.method) + by))]
        self.draw(self.data)

    def action_search(self) -> None:
        """Search for the digit in all three ways; while a search runs, stop it and keep the best."""
        if self._searching:
            self._stop = True
        else:
            self._run((self.digit,))

    def action_search_all(self) -> None:
        if not self._searching:
            self._run(tuple(range(len(self.data.classes))))

    def action_budget(self, by: int) -> None:
        self._budget = max(0, min(len(BUDGETS) - 1, self._budget + by))
        self.draw(self.data)

    def action_style(self) -> None:
        for grid in self.query(ImageGrid):
            grid.next_style()
        self.redraw()

    def back(self) -> None:
        """Stop a search first; then as everywhere."""
        if self._searching:
            self._stop = True
        else:
            super().back()


def _pictures(found: Imagined, classes: tuple[str, ...]) -> list[Picture]:
    imagined = Picture(grey(found.image), "imagined")
    if found.nearest is None:
        return [imagined]
    return [imagined, Picture(found.nearest.image, f"nearest: {classes[found.nearest.label]}")]


def _nearest_words(nearest: NearestImage | None, classes: tuple[str, ...], *, short: bool) -> str:
    if nearest is None:
        return ""
    if short:
        return f"\nnear {classes[nearest.label]} #{nearest.index} {nearest.distance:.1f}"
    return f"\nnearest {classes[nearest.label]} #{nearest.index}\nat distance {nearest.distance:.1f}"


def short_probability(probability: float, narrow: bool) -> str:
    """Per cent in 5 columns, 3 where it is narrow; certainty only where nothing is missing to it."""
    per_cent = probability * 100
    if narrow:
        return f"{min(per_cent, 99):.0f}" if probability < 1 else "100"
    return f"{min(per_cent, 99.99):.2f}" if probability < 1 else "100"

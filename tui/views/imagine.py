"""Imagine view: images that the network classifies as a digit with high probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis.imagined import METHODS, Imagined, ImagineData, Method, NearestImage, grey
from mnist_tui.engine.analysis.percentages import probability_label
from mnist_tui.engine.analysis.stored_answers import imagined_digits, search_digits
from mnist_tui.engine.analysis.subject import Analyst, Network, Subject
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.folder import Version
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.grey_cells import cell_size
from mnist_tui.tui.state.jobs import Job
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.image import ImageGrid, Picture

BUDGETS = (100_000, 400_000, 1_600_000, 6_400_000)
"""Selectable numbers of images of the noise search; the third one is the notebook's 50,000 × 32."""
METHOD_LABELS = {"noise": "noise search", "ascent": "gradient ascent", "smooth": "smooth ascent"}
EMPTY = "no-images"
UNITS = {"noise": "images", "ascent": "steps", "smooth": "steps"}


Pictures: TypeAlias = dict[tuple[Method, int], Imagined]
Weights: TypeAlias = tuple[Network, Version]
"""A network and the version of its weights, which a resumed training may replace."""


@dataclass(frozen=True, slots=True)
class SearchResults:
    """Results of a search so far."""

    about: Weights
    pictures: Pictures
    problems: tuple[str, ...] = ()
    """Why some results could not be stored."""


class ImagineView(AnalysisView):
    """Imagined images of a digit by three methods, and the probabilities of all classes."""

    MODE = "imagine"
    HELP_TITLE = "Imagine"
    BINDINGS = bindings("imagine")
    CSS_PATH = "imagine.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.digit = 3
        """Class shown; 3 initially, as in the notebook."""
        self.method: Method = "smooth"
        """Method whose images of all classes are shown if there is space."""
        self._budget = 2
        self._results: SearchResults | None = None
        """Results of the current or the last search."""

    def content(self) -> ComposeResult:
        with Vertical(id="imagine"):
            yield Empty(self.MODE, id=EMPTY)
            with Horizontal(id="methods"):
                for method in METHODS:
                    with Vertical(classes="method", id=f"method-{method}"):
                        yield ImageGrid()
                        yield Static(classes="caption")
            with Vertical(id="all"):
                yield Static(id="digits")
                yield ImageGrid(id="gallery")

    def on_mount(self) -> None:
        for grid in self.query(ImageGrid):
            grid.style = best_image_style(self.app.console)

    def compute(self, subject: Subject) -> ImagineData:
        analyst = self.console.analyst
        _, dataset = analyst.run(subject.folder)
        return ImagineData(dataset.classes, imagined_digits(analyst, subject.network))

    def receive(self, data: ImagineData) -> ImagineData:
        """Add the results of a running search, which are stored only at its end."""
        return self._with_results(data, self._requested_subject)

    def _with_results(self, data: ImagineData, subject: Subject | None) -> ImagineData:
        results = self._results
        if results is None or subject is None or results.about != self._weights(subject):
            return data
        return ImagineData(data.classes, data.pictures | results.pictures)

    def _weights(self, subject: Subject) -> Weights:
        return subject.network, self.console.analyst.version(subject.folder, subject.epoch)

    @property
    def is_searching(self) -> bool:
        """Whether a search is running."""
        return self.jobs.is_active("search")

    # -- drawing -----------------------------------------------------------------------------------------------

    def draw(self, data: ImagineData) -> None:
        small = not self.has_class("-tall") or self.size.width < 100
        for method in METHODS:
            panel = self.query_one(f"#method-{method}")
            panel.border_title = METHOD_LABELS[method] if self.size.width >= 80 else METHOD_LABELS[method].split()[0]
            grid, caption = panel.query_one(ImageGrid), panel.query_one(".caption", Static)
            found = data.pictures.get((method, self.digit))
            grid.small = small
            # With few rows, the title of the panel replaces the caption.
            grid.styles.height = cell_size(grid.style, small=small)[1] + (not self.has_class("-short"))
            # The grid omits images that do not fit.
            grid.show([] if found is None else _pictures(found, data.classes))
            caption.update(self._caption_text(method, found, data))
        panel = self.query_one("#all")
        panel.border_title = f"all classes, {'searching' if self.is_searching else 'press r for this one, a for all'}"
        panel.border_subtitle = f"{BUDGETS[self._budget]:,} noise images (+ −)"
        self.query_one("#digits", Static).update(self._table(data))
        is_empty = not data.pictures and not self.is_searching
        state = f"{data.classes[self.digit]}: no image yet" if is_empty else ""
        self.query_one(f"#{EMPTY}", Empty).show(state, (("r", "imagine this class"), ("a", "imagine all classes")))
        self.query_one("#methods").display = not is_empty
        row = {digit: picture for (method, digit), picture in data.pictures.items() if method == self.method}
        gallery = self.query_one("#gallery", ImageGrid)
        gallery.small = True
        gallery.show([Picture(grey(row[digit].image), data.classes[digit]) for digit in sorted(row)])

    def _caption_text(self, method: Method, found: Imagined | None, data: ImagineData) -> Text:
        colours = self.console.colours
        dim = colours["secondary"]
        if found is None:
            return Text(f"{data.classes[self.digit]}: no image yet\npress r to run", dim)
        return Text.assemble(
            (f"{data.classes[self.digit]} ", f"bold {colours['accent']}"),
            (probability_label(found.probability), f"bold {colours['foreground']}"),
            (f"\n{found.tried:,} {UNITS[method]}" + ("" if found.done else " …"), dim),
            (_nearest_label(found.nearest, data.classes, short=self.has_class("-short")), dim),
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
            table.add_row(Text(METHOD_LABELS[method].split()[0], style), *cells)
        return table

    # -- searching ---------------------------------------------------------------------------------------------

    def _run(self, digits: tuple[int, ...]) -> None:
        subject = self.console.scrubber.subject
        if subject is None:
            return
        if self.console.training.is_running:  # otherwise the next epoch would replace the images
            self.console.scrubber.choose(subject.epoch)
        analyst, about, budget = self.console.analyst, self._weights(subject), BUDGETS[self._budget]
        self.jobs.start(
            "search",
            lambda job: search(job, analyst, subject, about, digits, budget),
            on_result=self._found,
            on_progress=self._found_more,
            on_failure=self._search_failed,
            failure="the search failed",
        )
        self.redraw()

    def _found_more(self, results: SearchResults) -> None:
        self._results = results
        if self.data is not None:
            self.data = self._with_results(self.data, self.subject)
            if self.is_current:
                self.draw(self.data)
        self.refresh_bindings()

    def _found(self, results: SearchResults) -> None:
        for problem in results.problems:
            self.notify(problem, severity="error", markup=False)
        self._found_more(results)

    def _search_failed(self, line: str) -> None:
        self.notify(line, severity="error", markup=False)
        if self.data is not None and self.is_current:
            self.draw(self.data)
        self.refresh_bindings()

    def export_states(self) -> list[ViewState]:
        if self.data is None:
            return []
        digits = tuple(sorted({digit for _, digit in self.data.pictures}))
        if not digits:
            return [ViewState("imagine", self.subject, Settings(digits=(self.digit,)))]
        settings = Settings(digits=() if len(digits) == len(self.data.classes) else digits)
        return [ViewState("imagine", self.subject, settings, self.data)]

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open_nearest":
            return self._nearest is not None
        if action in ("digit", "method", "search", "search_all", "budget", "style"):
            return self.data is not None
        return super().check_action(action, parameters)

    def action_digit(self, by: int) -> None:
        self.digit = max(0, min(len(self.data.classes) - 1, self.digit + by))
        self.redraw()
        self.refresh_bindings()

    def action_method(self, by: int) -> None:
        self.method = METHODS[max(0, min(len(METHODS) - 1, METHODS.index(self.method) + by))]
        self.redraw()
        self.refresh_bindings()

    @property
    def _nearest(self) -> NearestImage | None:
        """The training image nearest to the digit that the selected method has imagined."""
        found = self.data.pictures.get((self.method, self.digit)) if self.data is not None else None
        return found.nearest if found is not None else None

    async def action_open_nearest(self) -> None:
        nearest = self._nearest
        if nearest is not None:
            await self.console.open_images(f"index:{nearest.index}")
            self.console.scrubber.choose_split("train")

    def action_search(self) -> None:
        """Search for the digit by all methods; stop a running search, keeping its results."""
        if self.is_searching:
            self.jobs.stop("search")
        else:
            self._run((self.digit,))

    def action_search_all(self) -> None:
        if not self.is_searching:
            self._run(tuple(range(len(self.data.classes))))

    def action_budget(self, by: int) -> None:
        self._budget = max(0, min(len(BUDGETS) - 1, self._budget + by))
        self.draw(self.data)

    def action_style(self) -> None:
        for grid in self.query(ImageGrid):
            grid.next_style()
        self.redraw()

    def back(self) -> None:
        """Stop a running search; otherwise go back as usual."""
        if self.is_searching:
            self.jobs.stop("search")
        else:
            super().back()


def search(
    job: Job, analyst: Analyst, subject: Subject, about: Weights, digits: tuple[int, ...], budget: int
) -> SearchResults:
    """Imagine digits by all methods, report intermediate results, and return the stored ones.

    Raises `RunError` or `DataError` if the run or its data can't be read, or the weights are not finite.
    """
    pictures: Pictures = {}
    problems: dict[str, None] = {}
    try:
        for step in search_digits(analyst, subject, digits, images=budget, stopping=lambda: job.stopping):
            found = step.imagined
            pictures[found.method, found.digit] = found
            if step.stored is not None and step.stored.problem:
                problems[f"not stored ({step.stored.problem})"] = None
            job.report(SearchResults(about, dict(pictures)))
    except ValueError as error:
        raise RunError(str(error)) from error
    return SearchResults(about, pictures, tuple(problems))


def _pictures(found: Imagined, classes: tuple[str, ...]) -> list[Picture]:
    imagined = Picture(grey(found.image), "imagined")
    if found.nearest is None:
        return [imagined]
    return [imagined, Picture(found.nearest.image, f"nearest: {classes[found.nearest.label]}")]


def _nearest_label(nearest: NearestImage | None, classes: tuple[str, ...], *, short: bool) -> str:
    if nearest is None:
        return ""
    if short:
        return f"\nnear {classes[nearest.label]} #{nearest.index} {nearest.distance:.1f}"
    return f"\nnearest {classes[nearest.label]} #{nearest.index}\nat distance {nearest.distance:.1f}"


def short_probability(probability: float, narrow: bool) -> str:
    """Format a percentage in 5 columns, or 3 if `narrow`; 100 only for a probability of exactly 1."""
    per_cent = probability * 100
    if narrow:
        return f"{min(per_cent, 99):.0f}" if probability < 1 else "100"
    return f"{min(per_cent, 99.99):.2f}" if probability < 1 else "100"

"""Imagine view: images that the network classifies as a digit with high probability."""

from __future__ import annotations

from dataclasses import replace

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import METHODS, Imagined, ImagineData, Method, grey
from mnist_tui.engine.analysis.percentages import probability_label
from mnist_tui.engine.analysis.stored_answers import imagined_digits
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.analysis.training_images import Neighbour, space_label
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.grey_cells import cell_size
from mnist_tui.tui.terminal.capabilities import best_image_style
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.imagine_layout import (
    Layout,
    layout,
    nearest_label,
    other_methods_label,
    tried_label,
    window,
)
from mnist_tui.tui.views.imagine_search import SearchResults, Weights, search
from mnist_tui.tui.widgets.empty import Empty
from mnist_tui.tui.widgets.image import ImageGrid, Picture

BUDGETS = (100_000, 400_000, 1_600_000, 6_400_000)
"""Selectable numbers of images of the noise search; the third one is the notebook's 50,000 × 32."""
METHOD_LABELS: dict[Method, str] = {"noise": "noise search", "ascent": "gradient ascent", "smooth": "smooth ascent"}
EMPTY = "no-images"


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
                        with Horizontal(classes="pictures"):
                            yield ImageGrid(id=f"imagined-{method}")
                            yield ImageGrid(id=f"nearest-{method}")
                        yield Static(classes="caption")
                with Vertical(classes="method", id="nearest"):
                    with Horizontal(classes="pictures"):
                        yield ImageGrid(id="nearest-one")
                    yield Static(classes="caption")
            with Vertical(id="all"):
                yield Static(id="digits")
                yield ImageGrid(id="gallery")

    def on_mount(self) -> None:
        for grid in self.query(ImageGrid):
            grid.style = best_image_style(self.app.console)

    def compute(self, subject: Subject) -> ImagineData:
        analyst = self.console.analyst
        config, dataset = analyst.run(subject.folder)
        return ImagineData(dataset.classes, imagined_digits(analyst, subject.network), space_label(config))

    def stored_version(self, subject: Subject) -> object:
        return imagined_store.version(subject.folder)

    def receive(self, data: ImagineData) -> ImagineData:
        """Add the results of a running search, which are stored only at its end."""
        return self._with_results(data, self._requested_subject)

    def _with_results(self, data: ImagineData, subject: Subject | None) -> ImagineData:
        results = self._results
        if results is None or subject is None or results.about != self._weights(subject):
            return data
        return replace(data, pictures=data.pictures | results.pictures)

    def _weights(self, subject: Subject) -> Weights:
        return subject.network, self.console.analyst.version(subject.folder, subject.epoch)

    @property
    def is_searching(self) -> bool:
        """Whether a search is running."""
        return self.jobs.is_active("search")

    # -- drawing -----------------------------------------------------------------------------------------------

    def draw(self, data: ImagineData) -> None:
        style = self.query_one("#gallery", ImageGrid).style
        plan = layout(*self.size, style, len(data.classes))
        for method in METHODS:
            self._draw_method(method, data, plan)
        panel = self.query_one("#nearest")
        panel.display = plan.nearest == "panel"
        panel.border_title = "nearest"
        found = data.pictures.get((self.method, self.digit))
        self._draw_picture("#nearest-one", plan, _nearest_pictures(found, data.classes), large=False)
        text = other_methods_label(self.method, METHOD_LABELS, self.size.width)
        panel.query_one(".caption", Static).update(Text(text, self.console.colours["secondary"]))
        self.query_one("#digits", Static).update(self._table(data))
        self._draw_all(data, plan)

    def _draw_method(self, method: Method, data: ImagineData, plan: Layout) -> None:
        panel = self.query_one(f"#method-{method}")
        panel.border_title = METHOD_LABELS[method] if plan.nearest != "panel" else METHOD_LABELS[method].split()[0]
        found = data.pictures.get((method, self.digit))
        imagined = [] if found is None else [Picture(grey(found.image), "imagined")]
        self._draw_picture(f"#imagined-{method}", plan, imagined, large=plan.large)
        beside = [] if plan.nearest == "panel" else _nearest_pictures(found, data.classes)
        self._draw_picture(f"#nearest-{method}", plan, beside, large=plan.nearest == "large")
        self.query_one(f"#nearest-{method}").display = plan.nearest != "panel"
        panel.query_one(".caption", Static).update(self._caption_text(method, found, data))

    def _draw_picture(self, name: str, plan: Layout, pictures: list[Picture], *, large: bool) -> None:
        grid = self.query_one(name, ImageGrid)
        grid.small = not large
        width, height = cell_size(grid.style, small=grid.small)
        grid.styles.width = width + 1
        # The grid omits captions for which there is no row; the title of the panel then replaces them.
        grid.styles.height = height + plan.captions
        grid.show(pictures)

    def _draw_all(self, data: ImagineData, plan: Layout) -> None:
        panel = self.query_one("#all")
        panel.border_title = f"all classes, {'searching' if self.is_searching else 'press r for this one, a for all'}"
        is_empty = not data.pictures and not self.is_searching
        state = f"{data.classes[self.digit]}: no image yet" if is_empty else ""
        self.query_one(f"#{EMPTY}", Empty).show(state, (("r", "imagine this class"), ("a", "imagine all classes")))
        self.query_one("#methods").display = not is_empty
        row = {digit: picture for (method, digit), picture in data.pictures.items() if method == self.method}
        digits = sorted(row)
        current = sum(digit < self.digit for digit in digits)
        shown = [digits[i] for i in window(len(digits), plan.capacity, current)]
        remark = ""
        if 0 < len(shown) < len(digits):
            remark = f"pictures {len(shown)} of {len(digits)}, ← → for the others   "
        panel.border_subtitle = f"{remark}{BUDGETS[self._budget]:,} noise images (+ −)"
        gallery = self.query_one("#gallery", ImageGrid)
        gallery.small = True
        gallery.display = plan.rows > 0
        gallery.show([Picture(grey(row[digit].image), data.classes[digit]) for digit in shown])

    def _caption_text(self, method: Method, found: Imagined | None, data: ImagineData) -> Text:
        colours = self.console.colours
        dim = colours["secondary"]
        if found is None:
            return Text(f"{data.classes[self.digit]}: no image yet\npress r to run", dim)
        return Text.assemble(
            (f"{data.classes[self.digit]} ", f"bold {colours['accent']}"),
            (probability_label(found.probability), f"bold {colours['foreground']}"),
            (f"\n{tried_label(found, self.size.width)}", dim),
            (f"\n{nearest_label(found, data, *self.size)}", dim),
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
    def _nearest(self) -> Neighbour | None:
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


def _nearest_pictures(found: Imagined | None, classes: tuple[str, ...]) -> list[Picture]:
    if found is None or found.nearest is None:
        return []
    return [Picture(found.nearest.image, f"nearest: {classes[found.nearest.label]}")]


def short_probability(probability: float, narrow: bool) -> str:
    """Format a softmax probability as a percentage in 5 columns, or 3 if `narrow`; never 100 %."""
    per_cent = probability * 100
    if narrow:
        return f"{min(per_cent, 99):.0f}" if probability < 1 else ">99"
    return f"{min(per_cent, 99.99):.2f}" if probability < 1 else ">99.9"

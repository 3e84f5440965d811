"""Projection view: PCA or t-SNE of the representations."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from mnist_tui.engine.analysis.projection import (
    Projection,
    ProjectionSpec,
    first_point,
    project,
    store_version,
    stored_variants,
)
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.analysis.tsne import Embedding
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render import grey_cells
from mnist_tui.tui.terminal.capabilities import best_image_style, supports_utf8
from mnist_tui.tui.views.analysis_base import AnalysisView
from mnist_tui.tui.views.projection import texts
from mnist_tui.tui.views.projection.figures import export_states
from mnist_tui.tui.views.projection.jobs import TsneResult, TsneRun, compute_tsne
from mnist_tui.tui.views.projection.legend import Legend
from mnist_tui.tui.views.projection.metrics import MetricsDisplay
from mnist_tui.tui.widgets.fitted_text import FittedText
from mnist_tui.tui.widgets.image import ImageGrid, Picture
from mnist_tui.tui.widgets.scatter import EMPTY_CLOUD, PAN, ZOOM, Cloud, Scatter, best_point_style


class ProjectionView(AnalysisView):
    """Scatter plot with a cursor, a legend, the image under the cursor, and quality metrics."""

    MODE = "projection"
    HELP_TITLE = "Projection"
    BINDINGS = bindings("projection")
    MORE_SCOPES = ("legend", "subject")
    CSS_PATH = "view.tcss"
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.spec = ProjectionSpec()
        self.metrics = MetricsDisplay(self)
        self._tsne: TsneRun | None = None
        """Running t-SNE, of the current or of an earlier projection."""
        self._is_requested = False
        """Whether a t-SNE was requested before its projection was loaded."""
        self._note = ""
        self._highlight = False

    def content(self) -> ComposeResult:
        with Container(id="projection"):
            with Container(id="projection-main"):
                yield Scatter(id="scatter")
                with Vertical(id="projection-side"):
                    yield Legend(id="legend")
                    with Container(id="point"):
                        yield ImageGrid(id="point-image")
                        yield FittedText(id="point-text")
                    yield FittedText(id="metrics")
            yield FittedText(id="metrics-lines")

    def on_mount(self) -> None:
        self.query_one(Scatter).style = best_point_style(self.app.console)
        self.query_one(ImageGrid).style = best_image_style(self.app.console)

    # -- projection --------------------------------------------------------------------------------------------

    def settings(self) -> ProjectionSpec:
        return self.spec

    def compute(self, subject: Subject) -> Projection:
        return project(self.console.analyst, subject, self.spec)

    def stored_version(self, subject: Subject) -> object:
        return store_version(subject.folder) if self.spec.method == "tsne" else None

    def receive(self, data: Projection) -> Projection:
        """Start the computations for a new projection."""
        projection = data
        self._note = ""
        tsne = self._tsne
        if tsne is not None and tsne.is_of(projection):
            projection = tsne.with_state(projection)
        self.metrics.update(projection)
        if self._current_cursor(projection) is None:
            self.query_one(Scatter).cursor = first_point(projection)
        self.data = projection
        if self._current_tsne is None and (projection.damaged or (self._is_requested and projection.points is None)):
            self._start_tsne()
        self._is_requested = False
        shown: Projection = self.data  # has no points if a t-SNE was started
        return shown

    def _current_cursor(self, projection: Projection) -> int | None:
        cursor = self.query_one(Scatter).cursor
        return cursor if cursor is not None and cursor < len(projection.labels) else None

    @property
    def _current_tsne(self) -> TsneRun | None:
        """Running t-SNE of the current projection, if any."""
        tsne = self._tsne
        return tsne if tsne is not None and self.data is not None and tsne.is_of(self.data) else None

    def draw(self, data: Projection) -> None:
        legend, scatter = self.query_one(Legend), self.query_one(Scatter)
        legend.border_title = "classes"
        legend.set_entries(data.classes, tuple(np.bincount(data.labels, minlength=len(data.classes)).tolist()))
        self._show_cloud()
        scatter.border_title = texts.title_label(data, scatter.size.width - 4)
        self._show_point()
        self.metrics.draw()

    def _show_cloud(self) -> None:
        data, scatter = self.data, self.query_one(Scatter)
        if data.points is None:
            scatter.show(EMPTY_CLOUD, texts.empty_label(data, self._current_tsne is not None, self._note))
        else:
            visible = np.array(self.query_one(Legend).shown)[data.labels]
            scatter.show(Cloud(data.points, data.labels, visible, data.wrong if self._highlight else None))
        state = texts.state_label(data, self._current_tsne is not None, self._note)
        if self._tsne is not None and self._current_tsne is None:
            state = f"{texts.background_label(self._tsne.projection)}  {state}"
        if self._highlight:
            state = f"{int(data.wrong.sum()):,} wrong  {state}"
        scatter.border_subtitle = texts.fitted(state, scatter.size.width - 4)

    def _show_point(self) -> None:
        data, panel = self.data, self.query_one("#point")
        grid, text = self.query_one(ImageGrid), self.query_one("#point-text", FittedText)
        point = self._current_cursor(data)
        grid.small = not (self.has_class("-wide") and self.has_class("-tall"))
        width, height = grey_cells.cell_size(grid.style, small=grid.small)
        grid.styles.width, grid.styles.height = width, height + 1
        if point is None:
            grid.show([])
            text.show(lambda width, rows: Text())
            return
        panel.border_title = texts.point_title(data, point)
        grid.show([Picture(data.images[point], f"#{data.indices[point]}")])
        text.show(partial(texts.point_text, data, point, self.console.colours))

    # -- t-SNE -------------------------------------------------------------------------------------------------

    def _start_tsne(self) -> None:
        self.jobs.stop("t-SNE")  # only one at a time; the result of the other one is kept
        scrubber = self.console.scrubber
        if self.console.training.is_running and scrubber.follows:
            scrubber.choose(self.data.subject.epoch)  # otherwise the next epoch would replace it
        self.data = replace(self.data, points=None, embedding=None)
        self.metrics.reset(texts.start_label(self.data))
        self._tsne = TsneRun(self.data)
        self.jobs.start(
            "t-SNE",
            partial(compute_tsne, analyst=self.console.analyst, projection=self.data),
            on_result=self._tsne_finished,
            on_progress=self._tsne_progress,
            on_failure=self._end_tsne,
            failure="t-SNE failed",
        )
        self.refresh_bindings()

    def _tsne_progress(self, embedding: Embedding) -> None:
        assert self._tsne is not None
        self._tsne.latest = embedding
        if self._current_tsne is not None:
            self.data = self._tsne.with_state(self.data)
        if self.data is not None:
            self._show_cloud()

    def _tsne_finished(self, result: TsneResult) -> None:
        assert self._tsne is not None
        self._tsne.latest = result.embedding
        self._end_tsne(result.note)

    def _end_tsne(self, note: str) -> None:
        tsne, here = self._tsne, self._current_tsne is not None
        assert tsne is not None
        self._tsne = None
        self.refresh_bindings()
        stored = self.data is not None and self.data.store.exists()
        if here and stored and (tsne.latest is None or tsne.latest.iteration == 0):
            self.notify(note, markup=False)
            self.refresh_data()  # the stored one is still there
            return
        if here:
            self.data = tsne.with_state(self.data)
            self._note = texts.end_label(self.data, note)
            self.metrics.update(self.data)
        else:
            self.notify(f"{texts.tsne_label(tsne.projection)}: {note}", markup=False)
        if self.data is not None:
            self.draw(self.data)

    def export_states(self) -> list[ViewState]:
        if self.data is None:
            return []
        point, shown = self._current_cursor(self.data), self.query_one(Legend).shown
        return export_states(self.data, shown, self.query_one(Scatter), point, wrong=self._highlight)

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "run":
            return self.data is not None and self.spec.method == "tsne"
        if action == "style":
            return self.data is not None and supports_utf8(self.app.console)
        if action in ("step", "open_image", "method", "layer", "wrong", "classes", "zoom", "whole", "pan", "points"):
            return self.data is not None
        return super().check_action(action, parameters)

    def back(self) -> None:
        scatter = self.query_one(Scatter)
        if self.focused is None and self._current_tsne is not None:
            self.jobs.stop("t-SNE")
        elif self.focused is None and scatter.zoom > 1:
            self.action_whole()
        else:
            super().back()

    def _set_spec(self, spec: ProjectionSpec) -> None:
        if spec != self.spec:
            self.spec = spec
            self.refresh_data()
            self.refresh_bindings()

    def action_method(self) -> None:
        self._set_spec(replace(self.spec, method="pca" if self.spec.method == "tsne" else "tsne"))

    def action_layer(self) -> None:
        self._set_spec(replace(self.spec, layer="output" if self.spec.layer == "hidden" else "hidden"))

    def action_points(self, by: int) -> None:
        variants = stored_variants(self.data.subject, self.spec.layer) if self.spec.method == "tsne" else ()
        stored = [count for epoch, count in variants if epoch == self.data.subject.epoch]
        self._set_spec(self.spec.step_points(by, self.data.available, stored))

    def action_run(self) -> None:
        if self._current_tsne is not None:
            self.jobs.stop("t-SNE")
        elif self.data.spec != self.spec:
            self._is_requested = True
        else:
            self._note = ""
            self._start_tsne()
            self.draw(self.data)

    def action_wrong(self) -> None:
        self._highlight = not self._highlight
        self._show_cloud()

    def action_classes(self) -> None:
        self.query_one(Legend).focus()

    def action_style(self) -> None:
        scatter = self.query_one(Scatter)
        scatter.style = "digits" if scatter.style == "dots" else "dots"

    def action_zoom(self, by: int) -> None:
        self.query_one(Scatter).zoom_by(ZOOM if by > 0 else 1 / ZOOM)

    def action_whole(self) -> None:
        self.query_one(Scatter).zoom_by(0.0)

    def action_pan(self, across: int, up: int) -> None:
        self.query_one(Scatter).pan(PAN * across, PAN * up)

    def action_step(self, across: int, up: int) -> None:
        if self.query_one(Scatter).move(across, up):
            self._show_point()

    async def action_open_image(self) -> None:
        """Open the image under the cursor in Mistakes."""
        point = self._current_cursor(self.data)
        if point is not None:
            await self.console.open_images(f"index:{self.data.indices[point]}")

    def on_scatter_pointed(self, message: Scatter.Pointed) -> None:
        if self.data is not None and message.point < len(self.data.labels):
            self.query_one(Scatter).cursor = message.point
            self._show_point()

    async def on_scatter_opened(self) -> None:
        if self.data is not None:
            await self.action_open_image()

    def on_legend_changed(self) -> None:
        if self.data is None:
            return
        self._show_cloud()
        self.query_one(Scatter).snap_cursor()
        self._show_point()

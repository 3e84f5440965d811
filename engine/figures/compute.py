"""The data of each view for a subject: what the console computes for its screen, the command computes for a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from mnist_tui.engine.analysis import imagined_store, listing
from mnist_tui.engine.analysis.confusion import ConfusionData
from mnist_tui.engine.analysis.confusion import compute as confusion_of
from mnist_tui.engine.analysis.curves import CurvesData, comparison, run_curves
from mnist_tui.engine.analysis.grids import GridsData
from mnist_tui.engine.analysis.grids import compute as grids_of
from mnist_tui.engine.analysis.imagined import METHODS, Imagined, ImagineData, imagine
from mnist_tui.engine.analysis.layers import Source, WeightsData
from mnist_tui.engine.analysis.projection import LAYERS, Layer, Method, Projection, Projector, Wanted
from mnist_tui.engine.analysis.research import ImageData, look
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import Cancelled, ConfigError, RunError
from mnist_tui.engine.figures.settings import Settings
from mnist_tui.engine.runs.folder import RunFolder, Version
from mnist_tui.engine.runs.history import History

NOISE_IMAGES = 1_600_000
"""As many as the notebook tries."""


class Studio:
    """Computes the data of figures; remembers what several of them need.

    Its methods raise `ConfigError` for a setting that the subject does not allow, `RunError` and `DataError` where a
    run or its data can't be read, and `Cancelled`.
    """

    def __init__(
        self,
        analyst: Analyst,
        *,
        say: Callable[[str, float], None] = lambda words, share: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """`say`: told what long work is at and which share of it is done; `cancelled`: whether to give up."""
        self.analyst = analyst
        self._say, self._cancelled = say, cancelled
        self._projector = Projector(analyst)
        self._layers = Source(analyst)

    # -- runs --------------------------------------------------------------------------------------------------

    def curves(self, subject: Subject, settings: Settings) -> CurvesData:
        history = History.of(RunFolder(subject.folder).events())
        name = subject.folder.name
        return run_curves(history, smoothing=settings.smooth, last=settings.last, name=name)

    def compare(self, subject: Subject, settings: Settings) -> CurvesData:
        if not settings.compared:
            raise ConfigError({"compare": "compare lays several runs over each other: name the others with --with RUN"})
        folders = [RunFolder(path) for path in (subject.folder, *settings.compared)]
        histories = [(folder.name, History.of(folder.events(progress=False))) for folder in folders]
        return comparison(histories, smoothing=settings.smooth, last=settings.last)

    # -- images ------------------------------------------------------------------------------------------------

    def data(self, subject: Subject, settings: Settings) -> GridsData:
        config, dataset = self.analyst.run(subject.folder)
        return grids_of(
            dataset, config, subject.split, first=settings.first - 1, count=settings.count, draw=settings.draw
        )

    def confusion(self, subject: Subject, settings: Settings) -> ConfusionData:
        return confusion_of(self.analyst, subject)

    def mistakes(self, subject: Subject, settings: Settings) -> listing.MistakesData:
        wanted = listing.Wanted(settings.filter, settings.which, settings.sort, settings.reverse)
        data = listing.compute(self.analyst, subject, wanted)
        if data.error:
            raise ConfigError({"filter": f"--filter can't be understood: {data.error}"})
        return data

    def image(self, subject: Subject, settings: Settings) -> ImageData:
        judged = self.analyst.judged(subject)
        if settings.index is None:
            first = listing.compute(self.analyst, subject, listing.Wanted()).positions
            found = first[:1] if len(first) else np.arange(min(1, len(judged)))
        else:
            found = np.flatnonzero(judged.indices == settings.index)
        if not len(found):
            raise ConfigError({"index": f"--index {settings.index}: no {subject.split} image is at this place"})
        return look(self.analyst, subject, int(found[0]), RunFolder(subject.folder).epochs())

    # -- representations ---------------------------------------------------------------------------------------

    def picture(self, method: Method, layer: Layer) -> Callable[[Subject, Settings], Projection]:
        """Computes one picture."""
        return lambda subject, settings: self._picture(subject, settings, method, layer)

    def panels(self, subject: Subject, settings: Settings) -> tuple[Projection, ...]:
        """PCA of output and hidden layer, then t-SNE of both."""
        methods = cast("tuple[Method, ...]", ("pca", "tsne"))
        return tuple(self._picture(subject, settings, method, layer) for method in methods for layer in LAYERS)

    def _picture(self, subject: Subject, settings: Settings, method: Method, layer: Layer) -> Projection:
        picture = self._projector.projection(subject, Wanted(method, layer, settings.points), settings.axes)
        self._check_classes("classes", settings.classes, picture.classes)
        return self._formed(picture) if picture.points is None else picture

    def _formed(self, picture: Projection) -> Projection:
        """The picture with its t-SNE, which is stored; without one where the points allow none."""
        from mnist_tui.engine.analysis.tsne import largest_perplexity, save, tsne

        embedding = None
        name = f"t-SNE of the {picture.layer}"
        try:
            steps = tsne(picture.x, perplexity=largest_perplexity(len(picture.x)), stopping=self._cancelled)
            for embedding in steps:
                self._say(name, embedding.iteration / embedding.iterations)
        except ValueError:  # too few points, or values that are no numbers: the figure says so
            return picture
        if embedding is None or embedding.phase != "done":
            raise Cancelled
        self._check_version(picture.subject, picture.version, name)
        try:
            picture.store.parent.mkdir(exist_ok=True)
            save(picture.store, embedding)
        except OSError:
            self._say(f"{name} can't be stored", 1.0)
        return replace(picture, points=embedding.points, embedding=embedding)

    # -- what it learned ---------------------------------------------------------------------------------------

    def imagine(self, subject: Subject, settings: Settings) -> ImagineData:
        """What is stored of the wanted classes, and what is missing anew."""
        _, dataset = self.analyst.run(subject.folder)
        self._check_classes("digits", settings.digits, dataset.classes)
        digits = settings.digits or tuple(range(len(dataset.classes)))
        version = self.analyst.version(subject.folder, subject.epoch)
        pictures = imagined_store.load(subject.folder, subject.epoch, len(dataset.classes))
        missing = [digit for digit in digits if any((method, digit) not in pictures for method in METHODS)]
        search = imagine(self.analyst, subject, missing, images=NOISE_IMAGES, stopping=self._cancelled)
        try:
            for found in search if missing else ():
                if found.method == "noise":
                    self._say("imagined digits, noise", found.tried / NOISE_IMAGES)
                else:
                    self._say(f"imagined digits, {found.method}", missing.index(found.digit) / len(missing))
                if found.done and not self._cancelled() and (found.method, found.digit) not in pictures:
                    self._check_version(subject, version, "imagined digits")
                    pictures[found.method, found.digit] = found
                    self._keep(subject, found)
        except ValueError as error:
            raise RunError(f"epoch {subject.epoch} imagines nothing: {error}") from error
        if self._cancelled():
            raise Cancelled
        return ImagineData(dataset.classes, {key: one for key, one in pictures.items() if key[1] in digits})

    def _check_version(self, subject: Subject, version: Version, name: str) -> None:
        """Refuse what was found with weights that a resumed training has replaced: stored, it would pass for theirs."""
        if self.analyst.version(subject.folder, subject.epoch) != version:
            raise RunError(f"epoch {subject.epoch} was trained anew during this ({name}): export it again")

    def _keep(self, subject: Subject, found: Imagined) -> None:
        try:
            imagined_store.save(subject.folder, subject.epoch, found)
        except OSError:
            self._say("imagined digits can't be stored", 1.0)

    def weights(self, subject: Subject, settings: Settings) -> WeightsData:
        data = self._layers.data(subject, settings.unit)
        deeper, units = len(data.layers.deeper), data.layers.units
        if settings.layer > deeper:
            raise ConfigError({"layer": f"--layer {settings.layer}: behind the first layer the run has {deeper}"})
        if settings.unit is not None and settings.unit >= units:
            raise ConfigError({"unit": f"--unit {settings.unit}: the first layer's units are 0 to {units - 1}"})
        return data

    @staticmethod
    def _check_classes(name: str, wanted: tuple[int, ...], classes: tuple[str, ...]) -> None:
        if wanted and wanted[-1] >= len(classes):
            raise ConfigError({name: f"--{name} {wanted[-1]}: classes are 0 to {len(classes) - 1}"})

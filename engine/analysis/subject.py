"""What every view asks about: a run, an epoch and a split; and the object that reads and answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from mnist_tui.engine.analysis.answers import Answers

if TYPE_CHECKING:  # the first frame must wait for neither torch nor numpy
    import numpy as np
    from numpy.typing import NDArray

    from mnist_tui.engine.analysis.mistakes import Judged
    from mnist_tui.engine.config import RunConfig
    from mnist_tui.engine.data.dataset import Dataset
    from mnist_tui.engine.runs.folder import Version
    from mnist_tui.engine.training.evaluate import Evaluation
    from mnist_tui.engine.training.model import MLP

Answer = TypeVar("Answer")
Split: TypeAlias = Literal["test", "valid", "train"]
SPLITS: tuple[Split, ...] = ("test", "valid", "train")


@dataclass(frozen=True, slots=True)
class Network:
    """The network of one epoch of a stored run."""

    folder: Path
    epoch: int
    """0 is the untrained network."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The network of one epoch of a stored run, and the images that it is asked about."""

    folder: Path
    epoch: int
    """0 is the untrained network."""
    split: Split

    @property
    def network(self) -> Network:
        """The network without the images."""
        return Network(self.folder, self.epoch)


@dataclass(frozen=True, slots=True, eq=False)
class SplitImages:
    """The images of a split, none of them augmented."""

    images: NDArray[np.uint8]
    """(N, 28, 28)"""
    labels: NDArray[np.uint8]
    """(N,)"""
    indices: NDArray[np.int64]
    """(N,): places in the data set's file; the training file for training and validation images."""


class Analyst:
    """Reads runs and their data, and asks their networks; every method may be called from any thread.

    The methods raise `RunError` and `DataError` where a run or its data can't be read.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._runs: dict[Path, tuple[RunConfig, Dataset]] = {}
        self._datasets: dict[tuple[str, str], Dataset] = {}
        self.answers = Answers()
        """All that was computed about runs and their networks."""
        self.data_dir: str | None = None
        """Where the data sets lie; None for the environment's or the cache folder."""

    def run(self, folder: Path) -> tuple[RunConfig, Dataset]:
        """The run's configuration and the data set that it used."""
        from mnist_tui.engine.data.folder import is_explicit
        from mnist_tui.engine.runs.folder import RunFolder
        from mnist_tui.engine.runs.stored_network import load_dataset

        with self._lock:
            if folder not in self._runs:
                config, manifest = RunFolder(folder).manifest()
                key = str(manifest.get("dataset")), str(self.data_dir)
                if key not in self._datasets:
                    explicit = is_explicit(self.data_dir)
                    _, dataset = load_dataset(RunFolder(folder), data_dir=self.data_dir, explicit_folder=explicit)
                    # One set at a time: MNIST takes 55 MB, and views rarely go back and forth between two.
                    self._datasets = {key: dataset}
                    self._runs = {path: (c, dataset) for path, (c, d) in self._runs.items() if d is dataset}
                self._runs[folder] = config, self._datasets[key]
            return self._runs[folder]

    def images(self, folder: Path, split: Split) -> SplitImages:
        """The split's images."""
        return self.answers.get(("images", folder, split), lambda: self._images(folder, split))

    def _images(self, folder: Path, split: Split) -> SplitImages:
        config, dataset = self.run(folder)
        if split == "test":
            import numpy as np

            return SplitImages(dataset.test_images, dataset.test_labels, np.arange(len(dataset.test_labels)))
        train, valid = dataset.split(config.seed, config.valid_fraction)
        chosen = train if split == "train" else valid
        return SplitImages(dataset.images[chosen], dataset.labels[chosen], chosen)

    def model(self, folder: Path, epoch: int) -> MLP:
        """The network of an epoch, on the CPU."""
        from mnist_tui.engine.runs.folder import RunFolder
        from mnist_tui.engine.runs.stored_network import load_model

        config, _ = self.run(folder)
        return load_model(RunFolder(folder), config, epoch)

    def version(self, folder: Path, epoch: int) -> Version:
        """What changes where an epoch is trained anew, as a resumed run does with one that was cut short."""
        from mnist_tui.engine.runs.folder import RunFolder

        return RunFolder(folder).version(epoch)

    def key(self, about: Network | Subject, question: Hashable) -> Hashable:
        """Return the key in `answers` of a question about a network, or about what it says of a split's images."""
        return about, self.version(about.folder, about.epoch), question

    def answer(self, about: Network | Subject, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer to a question about the present weights, computed at most once as long as it is kept."""
        return self.answers.get(self.key(about, question), compute)

    def evaluation(self, subject: Subject) -> Evaluation:
        """The network's answers for the split."""
        return self.answer(subject, "evaluation", lambda: self._evaluate(subject))

    def _evaluate(self, subject: Subject) -> Evaluation:
        from mnist_tui.engine.training.evaluate import evaluate

        _, dataset = self.run(subject.folder)
        chosen = self.images(subject.folder, subject.split)
        model = self.model(subject.folder, subject.epoch)
        return evaluate(model, chosen.images, chosen.labels, dataset.mean, dataset.std)

    def judged(self, subject: Subject) -> Judged:
        """The network's verdict on every image of the split."""
        return self.answer(subject, "judged", lambda: self._judge(subject))

    def _judge(self, subject: Subject) -> Judged:
        from mnist_tui.engine.analysis.mistakes import judge

        return judge(self.evaluation(subject), self.images(subject.folder, subject.split).indices)

"""The subject of an analysis (run, epoch and split), and the object that loads and evaluates it."""

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

    from mnist_tui.engine.analysis.mistakes import ImageScores
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
    """Epoch number; 0 for the untrained network."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The network of one epoch of a stored run, and a split to evaluate it on."""

    folder: Path
    epoch: int
    """Epoch number; 0 for the untrained network."""
    split: Split

    @property
    def network(self) -> Network:
        """The network without the split."""
        return Network(self.folder, self.epoch)


@dataclass(frozen=True, slots=True, eq=False)
class SplitImages:
    """Images of a split, without augmentation."""

    images: NDArray[np.uint8]
    """(N, 28, 28)"""
    labels: NDArray[np.uint8]
    """(N,)"""
    indices: NDArray[np.int64]
    """(N,): indices in the data set's file; in the training file for training and validation images."""


class Analyst:
    """Loads runs and their data, evaluates their networks and caches the answers; all methods are thread-safe.

    The methods raise `RunError` or `DataError` if a run or its data can't be read.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._runs: dict[Path, tuple[RunConfig, Dataset]] = {}
        self._datasets: dict[tuple[str, str], Dataset] = {}
        self.answers = Answers()
        """Cache of everything computed about runs and their networks."""
        self.data_dir: str | None = None
        """Folder of the data sets; None for the one in the environment or the cache folder."""

    def run(self, folder: Path) -> tuple[RunConfig, Dataset]:
        """Return a run's configuration and its data set."""
        from mnist_tui.engine.data.folder import is_explicit
        from mnist_tui.engine.runs.folder import RunFolder
        from mnist_tui.engine.runs.same_data import check_digest
        from mnist_tui.engine.runs.stored_network import load_dataset

        with self._lock:
            if folder not in self._runs:
                config, manifest = RunFolder(folder).manifest()
                key = str(manifest.get("dataset")), str(self.data_dir)
                if key not in self._datasets:
                    explicit = is_explicit(self.data_dir)
                    _, dataset = load_dataset(RunFolder(folder), data_dir=self.data_dir, explicit_folder=explicit)
                    # Only one data set is kept: MNIST takes 55 MB, and views rarely alternate between two.
                    self._datasets = {key: dataset}
                    self._runs = {path: (c, dataset) for path, (c, d) in self._runs.items() if d is dataset}
                check_digest(RunFolder(folder), manifest, self._datasets[key])
                self._runs[folder] = config, self._datasets[key]
            return self._runs[folder]

    def images(self, folder: Path, split: Split) -> SplitImages:
        """Return the images of a split."""
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
        """Load the network of an epoch onto the CPU."""
        from mnist_tui.engine.runs.folder import RunFolder
        from mnist_tui.engine.runs.stored_network import load_model

        config, _ = self.run(folder)
        return load_model(RunFolder(folder), config, epoch)

    def version(self, folder: Path, epoch: int) -> Version:
        """Return a value that changes if an epoch is retrained, as incomplete epochs are when a run is resumed."""
        from mnist_tui.engine.runs.folder import RunFolder

        return RunFolder(folder).version(epoch)

    def key(self, about: Network | Subject, question: Hashable) -> Hashable:
        """Return the key in `answers` of a question about a network or a subject."""
        return about, self.version(about.folder, about.epoch), question

    def answer(self, about: Network | Subject, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer for the current weights, computed only if it is not cached."""
        return self.answers.get(self.key(about, question), compute)

    def evaluation(self, subject: Subject) -> Evaluation:
        """Return the network's outputs for the split."""
        return self.answer(subject, "evaluation", lambda: self._evaluate(subject))

    def _evaluate(self, subject: Subject) -> Evaluation:
        from mnist_tui.engine.training.evaluate import evaluate

        _, dataset = self.run(subject.folder)
        chosen = self.images(subject.folder, subject.split)
        model = self.model(subject.folder, subject.epoch)
        return evaluate(model, chosen.images, chosen.labels, dataset.mean, dataset.std)

    def scores(self, subject: Subject) -> ImageScores:
        """Return the per-image scores of the split."""
        return self.answer(subject, "scores", lambda: self._score(subject))

    def _score(self, subject: Subject) -> ImageScores:
        from mnist_tui.engine.analysis.mistakes import score_images

        return score_images(self.evaluation(subject), self.images(subject.folder, subject.split).indices)

"""Measuring what a stored run learned."""

from __future__ import annotations

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.folder import data_folder
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.training.evaluate import Evaluation, evaluate
from mnist_tui.engine.training.model import MLP, unset


def load_dataset(folder: RunFolder, *, data_dir: str | None, explicit_folder: bool) -> tuple[RunConfig, Dataset]:
    """The run's configuration, and the data set that it really used.

    Raises `RunError` and `DataError` where they can't be read.
    """
    config, manifest = folder.manifest()
    name = manifest.get("dataset")
    if name == "auto" or name not in DATASET_NAMES:
        raise RunError(f"{folder.name} does not say what it was trained on: choose another run, see mnist-tui runs")
    steps = load(name, data_folder(data_dir), explicit_folder=explicit_folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            dataset: Dataset = end.value
            return config, dataset


def load_model(folder: RunFolder, config: RunConfig, epoch: int) -> MLP:
    """The network with an epoch's weights, on the CPU.

    Raises `RunError` where they are missing, damaged or of another architecture.
    """
    weights = folder.weights(epoch)
    model = unset(config.layer_sizes)
    try:
        model.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        path = folder.checkpoint(epoch)
        sizes = "-".join(map(str, config.layer_sizes))
        raise RunError(f"{path} holds another network than the configured {sizes}: choose another epoch") from error
    return model


def evaluate_stored(
    folder: RunFolder, epoch: int, split: str, *, data_dir: str | None, explicit_folder: bool
) -> Evaluation:
    """All answers of a stored run's network.

    Args:
        epoch: whose weights; 0 is the untrained network.
        split: `test`, `valid` or `train`, none of them augmented.

    Raises `RunError` and `DataError` where the run or its data can't be read.
    """
    config, dataset = load_dataset(folder, data_dir=data_dir, explicit_folder=explicit_folder)
    model = load_model(folder, config, epoch)
    images, labels = dataset.test_images, dataset.test_labels
    if split != "test":
        train_indices, valid_indices = dataset.split(config.seed, config.valid_fraction)
        chosen = train_indices if split == "train" else valid_indices
        images, labels = dataset.images[chosen], dataset.labels[chosen]
    return evaluate(model, images, labels, dataset.mean, dataset.std)

"""Evaluates the network of a stored run."""

from __future__ import annotations

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.folder import data_folder
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.same_data import check_digest, recorded_dataset
from mnist_tui.engine.training.evaluate import Evaluation, evaluate
from mnist_tui.engine.training.model import MLP, uninitialized


def load_dataset(folder: RunFolder, *, data_dir: str | None, explicit_folder: bool) -> tuple[RunConfig, Dataset]:
    """Load the run's configuration and the data set that it was trained on.

    Raises:
        RunError: The configuration cannot be read.
        DataError: The data set is unavailable or differs from the one the run was trained on.
    """
    config, manifest = folder.manifest()
    name = recorded_dataset(folder, manifest)
    loading = load(name, data_folder(data_dir), explicit_folder=explicit_folder)
    while True:
        try:
            next(loading)
        except StopIteration as end:
            dataset: Dataset = end.value
            check_digest(folder, manifest, dataset)
            return config, dataset


def load_model(folder: RunFolder, config: RunConfig, epoch: int) -> MLP:
    """Load the network with the weights of an epoch, on the CPU.

    Raises:
        RunError: The weights are missing, damaged or of another architecture.
    """
    weights = folder.weights(epoch)
    model = uninitialized(config.layer_sizes)
    try:
        model.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        path = folder.checkpoint(epoch)
        sizes = "-".join(map(str, config.layer_sizes))
        raise RunError(f"{path} does not match the configured network {sizes}: choose another epoch") from error
    return model


def evaluate_stored(
    folder: RunFolder, epoch: int, split: str, *, data_dir: str | None, explicit_folder: bool
) -> Evaluation:
    """Evaluate the network of a stored run.

    Args:
        epoch: The epoch whose weights to use; 0 is the untrained network.
        split: `test`, `valid` or `train`, all without augmentation.

    Raises:
        RunError: The run cannot be read.
        DataError: The data set is unavailable.
    """
    config, dataset = load_dataset(folder, data_dir=data_dir, explicit_folder=explicit_folder)
    model = load_model(folder, config, epoch)
    images, labels = dataset.test_images, dataset.test_labels
    if split != "test":
        train_indices, valid_indices = dataset.split(config.seed, config.valid_fraction)
        indices = train_indices if split == "train" else valid_indices
        images, labels = dataset.images[indices], dataset.labels[indices]
    return evaluate(model, images, labels, dataset.mean, dataset.std)

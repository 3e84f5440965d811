"""A stored run that is computed, not trained: the same weights and events on every machine, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.events import Epoch, RunFinished, RunStarted, Test
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training.model import MLP

NAME = "20260102-030405-written"
CONFIG = RunConfig(dataset="digits", epochs=3, hidden=(32,), device="cpu", threads=1)
BEST = 2
MOMENT = 1_767_323_045.0
"""When it was trained: 2026-01-02 03:04:05 UTC."""


def write_run(runs_dir: Path) -> RunFolder:
    """A run of three epochs on `digits`: random features, the output a ridge regression that grows with the epochs.

    Weights are rounded to hundredths, so that no machine's last bit can be seen in them.
    """
    dataset = load_digits_dataset()
    facts = {"dataset": "digits", "data_dir": "data", "mean": dataset.mean, "std": dataset.std}
    writer = RunWriter.create(runs_dir, "written", CONFIG, facts)
    train, valid = dataset.split(CONFIG.seed, CONFIG.valid_fraction)
    writer.append(
        RunStarted(
            run=NAME,
            config=CONFIG.to_json(),
            dataset="digits",
            device="a processor, 1 thread",
            parameters=CONFIG.parameters,
            train_examples=len(train),
            valid_examples=len(valid),
            test_examples=len(dataset.test_labels),
            mean=dataset.mean,
            std=dataset.std,
            time=MOMENT,
        )
    )
    random = np.random.default_rng(0)
    first = np.round(random.normal(0, 0.08, (32, 784)), 2)
    x = (dataset.images[train].reshape(-1, 784) / 255 - dataset.mean) / dataset.std
    features = np.maximum(x @ first.T, 0)
    targets = np.eye(10)[dataset.labels[train]] * 2 - 1
    solution = np.linalg.solve(features.T @ features + 30 * np.eye(32), features.T @ targets)
    for epoch in range(4):
        output = np.round(solution.T * 2 * epoch + random.normal(0, 0.02, (10, 32)), 2)
        weights = {"input_fc.weight": first, "input_fc.bias": np.zeros(32)}
        weights |= {"output_fc.weight": output, "output_fc.bias": np.zeros(10)}
        state = {name: torch.tensor(value, dtype=torch.float32) for name, value in weights.items()}
        assert state.keys() == MLP(CONFIG.layer_sizes).state_dict().keys()
        writer.save_weights(epoch, state)
        if epoch:
            loss, acc = 2 / epoch, 1 - 0.3 / epoch
            writer.append(Epoch(epoch, loss, acc, loss * 0.9, acc, 1.5, best=epoch <= BEST))
    writer.append(Test(BEST, 0.9, 252 / 297, 252, 297))
    writer.append(RunFinished(NAME, "completed", 5.0))
    writer.close()
    return RunFolder(writer.folder.path.rename(runs_dir / NAME))

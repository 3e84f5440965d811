"""Runs that are written by hand, without a training."""

import json

import torch

from mnist_tui.engine.events import Epoch, RunStarted, to_json
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.training.model import MLP
from tests.helpers import QUICK

EPOCHS = [
    Epoch(1, 0.5, 0.8, 0.4, 0.85, 2.0, best=True),
    Epoch(2, 0.3, 0.9, 0.2, 0.95, 1.0, best=True),
    Epoch(3, 0.2, 0.95, 0.3, 0.93, 1.0, best=False),
]


def started(run, **values):
    return RunStarted(run, QUICK.to_json(), "digits", "cpu", 100, 90, 10, 20, 0.1, 0.3, 1_767_268_800.0, **values)


def make_run(runs_dir, folder, events=(), config=QUICK):
    """A stored run with a chosen folder name."""
    path = runs_dir / folder
    (path / "checkpoints").mkdir(parents=True)
    (path / "events.jsonl").write_text("".join(to_json(event) + "\n" for event in events), encoding="utf-8")
    record = {"format": 1, "name": folder, "created": 1.0, "config": config.to_json(), "dataset": "digits"}
    (path / "config.json").write_text(json.dumps(record))
    return RunFolder(path)


def weights_of(config, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(config.layer_sizes).state_dict()

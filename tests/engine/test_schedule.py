"""The learning rate of every step, against torch's own schedulers."""

from dataclasses import replace

import pytest
import torch
from torch.optim import lr_scheduler

from mnist_tui.engine.training.batches import TrainingBatches
from mnist_tui.engine.training.model import MLP
from mnist_tui.engine.training.schedule import SCHEDULES, WARM_UP, learning_rate
from tests.helpers import QUICK, noise_dataset, run_training


def ours(schedule, steps, lr=0.006):
    return [learning_rate(schedule, lr, step, steps) for step in range(steps)]


def torchs(make, steps, lr=0.006):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps - 1):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


@pytest.mark.parametrize("steps", [20, 101, 844])
def test_one_cycle_is_torchs(steps):
    reference = torchs(lambda sgd: lr_scheduler.OneCycleLR(sgd, 0.006, total_steps=steps, pct_start=WARM_UP), steps)
    assert ours("one-cycle", steps) == pytest.approx(reference, rel=1e-9)


@pytest.mark.parametrize("steps", [1, 20, 844])
def test_cosine_is_torchs(steps):
    reference = torchs(lambda sgd: lr_scheduler.CosineAnnealingLR(sgd, steps), steps)
    assert ours("cosine", steps) == pytest.approx(reference, rel=1e-9)


def test_constant():
    assert set(ours("constant", 30)) == {0.006}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_a_few_steps_only(schedule, steps):
    rates = ours(schedule, steps)
    assert all(0 < rate <= 0.006 for rate in rates)
    assert max(rates) == 0.006


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        (
            "one-cycle",
            lambda adamw, steps: lr_scheduler.OneCycleLR(
                adamw, 0.01, total_steps=steps, pct_start=WARM_UP, cycle_momentum=False
            ),
        ),
        ("cosine", lr_scheduler.CosineAnnealingLR),
    ],
)
def test_training_is_torchs_optimiser_under_torchs_schedule(schedule, make):
    dataset = noise_dataset()
    config = replace(QUICK, epochs=3, optimizer="adamw", lr=0.01, weight_decay=0.1, schedule=schedule)
    train_indices, _ = dataset.split(config.seed, config.valid_fraction)
    images, labels = (torch.tensor(part[train_indices]) for part in (dataset.images, dataset.labels))
    batches = TrainingBatches(images, labels.long(), dataset.mean, dataset.std, config)
    trained = run_training(config, dataset).weights
    model = MLP(config.layer_sizes)
    model.load_state_dict(trained[0])
    adamw = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    steps = len(batches) * config.epochs
    scheduler = make(adamw, steps)
    for epoch in range(1, config.epochs + 1):
        for x, y in batches.epoch(epoch):
            adamw.zero_grad()
            torch.nn.functional.cross_entropy(model(x)[0], y).backward()
            adamw.step()
            if scheduler.last_epoch < steps - 1:
                scheduler.step()
        for name, tensor in model.state_dict().items():
            torch.testing.assert_close(trained[epoch][name], tensor, rtol=1e-4, atol=1e-5)

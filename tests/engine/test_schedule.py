"""The learning rate of every step, against torch's own schedulers."""

import pytest
import torch
from torch.optim import lr_scheduler

from engine.schedule import SCHEDULES, WARM_UP, learning_rate


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

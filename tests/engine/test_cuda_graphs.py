"""Groups of steps, one by one and as recorded graphs, against the same steps alone."""

import logging
from dataclasses import replace

import pytest
import torch

from mnist_tui.engine.events import Epoch, Progress
from mnist_tui.engine.training import cuda_graphs, loop
from mnist_tui.engine.training.control import Control
from mnist_tui.engine.training.cuda_graphs import MAX_QUEUED_GRAPHS, GraphedSteps, Steps, batches_per_graph, make_steps
from mnist_tui.engine.training.loop import train
from mnist_tui.engine.training.model import MLP
from mnist_tui.engine.training.step import Step
from tests.helpers import QUICK, noise_dataset, of_kind, run_training, timeless

SIZES = (20, 16, 10)
RATES = [0.01, 0.02, 0.03]


class FakeGraphs:
    """Replaces CUDA's graphs on a machine without a GPU: recorded steps run again on the same memory."""

    def __init__(self):
        self.replays = 0
        self.waited = []

    def record(self, work):
        work()  # as CUDA's warming up does

        def replay():
            self.replays += 1
            work()

        return replay

    def mark(self):
        graphs, number = self, self.replays

        class QueueMarker:
            def synchronize(self):
                graphs.waited.append(number)

        return QueueMarker()


def new_step(optimizer="adam", seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Step(MLP(SIZES), optimizer)


def group(batches=3, batch_size=8, last=8, seed=1):
    generator = torch.Generator().manual_seed(seed)
    count = (batches - 1) * batch_size + last
    return torch.randn(count, 20, generator=generator), torch.randint(0, 10, (count,), generator=generator)


def one_by_one(step, x, y, rates, batch_size=8):
    parts = zip(x.split(batch_size), y.split(batch_size), rates, strict=True)
    return torch.cat([step(*part) for part in parts])


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("make", [Steps, lambda step, size: GraphedSteps(step, size, 3, FakeGraphs())])
class TestSameAsAlone:
    def test_full_groups_and_the_remainder(self, make, optimizer):
        ours, alone = new_step(optimizer), new_step(optimizer)
        steps = make(ours, 8)
        for seed, (batches, last) in enumerate([(3, 8), (3, 8), (2, 8), (3, 5), (1, 3), (3, 8)]):
            x, y = group(batches, last=last, seed=seed)
            rates = RATES[:batches]
            torch.testing.assert_close(steps(x, y, rates), one_by_one(alone, x, y, rates), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(ours.parameters, alone.parameters, rtol=1e-5, atol=1e-6)


class TestGraph:
    def test_recording_changes_nothing(self):
        step = new_step()
        before = step.state()
        GraphedSteps(step, 8, 3, FakeGraphs())
        assert all(torch.equal(before[name], tensor) for name, tensor in step.state().items())

    def test_recording_that_fails_changes_nothing(self):
        step = new_step()
        before = step.state()
        graphs = FakeGraphs()

        def fail(work):
            work()
            raise RuntimeError("operation not permitted when stream is capturing")

        graphs.record = fail
        with pytest.raises(RuntimeError, match="capturing"):
            GraphedSteps(step, 8, 3, graphs)
        assert all(torch.equal(before[name], tensor) for name, tensor in step.state().items())

    def test_only_full_groups_are_replayed(self):
        graphs = FakeGraphs()
        steps = GraphedSteps(new_step(), 8, 3, graphs)
        for batches, last in ((3, 8), (3, 7), (2, 8), (3, 8)):
            steps(*group(batches, last=last), RATES[:batches])
        assert graphs.replays == 2

    def test_logits_of_the_previous_group_are_unchanged(self):
        steps = GraphedSteps(new_step(), 8, 3, FakeGraphs())
        kept = steps(*group(), RATES)
        copied = kept.clone()
        steps(*group(seed=2), RATES)
        assert torch.equal(kept, copied)

    def test_host_does_not_run_far_ahead(self):
        graphs = FakeGraphs()
        steps = GraphedSteps(new_step(), 8, 3, graphs)
        for _ in range(MAX_QUEUED_GRAPHS + 3):
            steps(*group(), RATES)
        assert graphs.waited == [1, 2, 3]

    def test_a_replay_continues_from_the_restored_state(self):
        ours, alone = new_step(), new_step()
        one_by_one(alone, *group(seed=4), RATES)
        steps = GraphedSteps(ours, 8, 3, FakeGraphs())
        ours.restore(alone.state())
        x, y = group(seed=5)
        torch.testing.assert_close(steps(x, y, RATES), one_by_one(alone, x, y, RATES))


class TestChoice:
    def test_one_by_one_on_the_cpu(self):
        assert type(make_steps(new_step(), 8)) is Steps

    @pytest.mark.parametrize(
        ("sizes", "batch_size", "expected"),
        [((784, 250, 100, 10), 64, 64), ((784, 250, 100, 10), 1000, 4), ((784, 250, 100, 10), 60_000, 1),
         ((784, 5000, 5000, 10), 64, 17)],
    )  # fmt: skip
    def test_batches_together(self, sizes, batch_size, expected):
        assert batches_per_graph(Step(MLP(sizes), "sgd"), batch_size) == expected


class TestTraining:
    @pytest.fixture
    def graphed(self, monkeypatch):
        """Trainings as on CUDA, three batches at a time."""
        monkeypatch.setattr(loop, "make_steps", lambda step, size: GraphedSteps(step, size, 3, FakeGraphs()))

    def test_is_the_same(self, graphed, monkeypatch):
        # 7 batches of 32, the last of 15: two graphs and one step.
        noise = noise_dataset()
        recorded = run_training(QUICK, noise)
        monkeypatch.undo()
        for a, b in zip(timeless(recorded.events), timeless(run_training(QUICK, noise).events), strict=True):
            assert a.train_loss == pytest.approx(b.train_loss, rel=1e-5)
            assert (a.train_acc, a.valid_acc) == (b.train_acc, b.valid_acc)

    def test_progress_and_stop_between_groups(self, graphed, monkeypatch):
        monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
        control, events = Control(), []
        for event in train(QUICK, noise_dataset(), control):
            events.append(event)
            if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 6):
                control.stop()
        assert [event.batch for event in of_kind(events, Progress)] == [3, 6, 7, 3, 6]
        assert [epoch.complete for epoch in of_kind(events, Epoch)] == [True, False]


class TestCudaThatCannotRecord:
    def test_continues_step_by_step(self, monkeypatch, caplog):
        class Device:
            type = "cuda"

        class OnCuda:
            parameters = type("Parameters", (), {"device": Device(), "__len__": lambda self: 1000})()

        def refuse(*arguments):
            raise RuntimeError("CUDA error: operation not permitted")

        monkeypatch.setattr(cuda_graphs, "GraphedSteps", refuse)
        with caplog.at_level(logging.WARNING):
            assert type(make_steps(OnCuda(), 8)) is Steps
        assert "step by step" in caplog.text


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
class TestOnCuda:
    def test_same_run_as_on_the_cpu(self):
        noise = noise_dataset(2300)
        config = QUICK
        on_cpu = timeless(run_training(config, noise).events)
        on_cuda = timeless(run_training(replace(config, device="cuda"), noise).events)
        for a, b in zip(on_cpu, on_cuda, strict=True):
            assert a.train_loss == pytest.approx(b.train_loss, rel=1e-3)

    def test_same_seed_same_run(self):
        noise = noise_dataset(2300)
        config = replace(QUICK, device="cuda")
        assert timeless(run_training(config, noise).events) == timeless(run_training(config, noise).events)

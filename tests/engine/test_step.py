"""The explicit training step, against torch's own gradients and optimisers."""

import copy

import pytest
import torch

from mnist_tui.engine.training.model import MLP
from mnist_tui.engine.training.step import Step

REFERENCES = {
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr=lr),
    "adamw": lambda parameters, lr: torch.optim.AdamW(parameters, lr=lr),
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda parameters, lr: torch.optim.RMSprop(parameters, lr=lr),
}
SIZES = [(20, 10), (20, 16, 10), (20, 16, 12, 10), (784, 250, 100, 10)]
BATCHES = (32, 32, 7, 1, 32)
"""With short ones between, as an epoch's last is."""


def network(sizes, dtype=torch.float64, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(sizes).to(dtype)


def batches(sizes, dtype=torch.float64, counts=BATCHES, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randn(count, sizes[0], generator=generator, dtype=torch.float64).to(dtype),
            torch.randint(0, sizes[-1], (count,), generator=generator),
        )
        for count in counts
    ]


def reference(model, optimizer, data, rates):
    """The logits of each batch, by autograd and `torch.optim`; changes the model."""
    for (x, y), lr in zip(data, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        logits, _ = model(x)
        torch.nn.functional.cross_entropy(logits, y).backward()
        optimizer.step()
        yield logits.detach()


class TestEqualToTorch:
    @pytest.mark.parametrize("sizes", SIZES)
    @pytest.mark.parametrize("name", REFERENCES)
    def test_step_by_step(self, name, sizes):
        ours, theirs = network(sizes), network(sizes)
        step = Step(ours, name)
        data, rates = batches(sizes), [0.01, 0.02, 0.005, 0.01, 0.003]
        expected = reference(theirs, REFERENCES[name](theirs.parameters(), 0.01), data, rates)
        for (x, y), lr, logits in zip(data, rates, expected, strict=True):
            torch.testing.assert_close(step(x, y, lr), logits, rtol=1e-9, atol=1e-11)
            for parameter, other in zip(ours.parameters(), theirs.parameters(), strict=True):
                torch.testing.assert_close(parameter, other, rtol=1e-9, atol=1e-11)

    @pytest.mark.parametrize("sizes", SIZES)
    def test_gradients(self, sizes):
        model = network(sizes)
        twin, step = copy.deepcopy(model), Step(model, "sgd")
        ((x, y),) = batches(sizes, counts=(32,))
        step(x, y, 0.0)
        torch.nn.functional.cross_entropy(twin(x)[0], y).backward()
        expected = torch.cat([parameter.grad.flatten() for parameter in twin.parameters()])
        torch.testing.assert_close(step.gradients, expected, rtol=1e-12, atol=1e-15)

    @pytest.mark.parametrize("name", REFERENCES)
    def test_in_single_precision(self, name):
        # As a training has it. Adam divides by what may be nearly nothing, so what is compared is the answers.
        sizes = (784, 250, 100, 10)
        ours, theirs = network(sizes, torch.float32), network(sizes, torch.float32)
        step, data = Step(ours, name), batches(sizes, torch.float32, (64,) * 8)
        rates = [1e-3] * 8
        expected = reference(theirs, REFERENCES[name](theirs.parameters(), 1e-3), data, rates)
        for (x, y), lr, logits in zip(data, rates, expected, strict=True):
            torch.testing.assert_close(step(x, y, lr), logits, rtol=1e-3, atol=1e-3)

    def test_weight_decay(self):
        sizes = (20, 16, 10)
        ours, theirs = network(sizes), network(sizes)
        step, data = Step(ours, "adamw", decay=0.3), batches(sizes)
        list(reference(theirs, torch.optim.AdamW(theirs.parameters(), weight_decay=0.3), data, [0.01] * 5))
        for x, y in data:
            step(x, y, 0.01)
        for parameter, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(parameter, other, rtol=1e-9, atol=1e-11)

    @pytest.mark.parametrize("name", REFERENCES)
    def test_rate_on_the_device(self, name):
        # Where the host must not wait, the rate is a tensor.
        sizes = (20, 16, 10)
        one, other = Step(network(sizes), name), Step(network(sizes), name)
        for x, y in batches(sizes):
            one(x, y, 0.01)
            other(x, y, torch.tensor(0.01, dtype=torch.float64))
        torch.testing.assert_close(one.parameters, other.parameters, rtol=1e-12, atol=1e-15)

    def test_a_loss_that_is_not_finite_is_seen(self):
        step = Step(network((20, 16, 10)), "sgd")
        ((x, y),) = batches((20, 16, 10), counts=(8,))
        step(x, y, float("inf"))
        assert not step(x, y, 0.01).isfinite().all()


def changed(*arguments, **settings):
    raise TypeError("unexpected keyword argument 'beta1'")


def wrong(parameters, *arguments, **settings):
    parameters[0].mul_(0.5)


class TestWithoutTheFusedOperators:
    """A release of torch may remove or change its private operators."""

    @pytest.mark.parametrize("operator", ["gone", changed, wrong], ids=["gone", "changed", "wrong"])
    @pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
    @pytest.mark.parametrize("rate", [0.01, torch.tensor(0.01, dtype=torch.float64)], ids=["number", "tensor"])
    def test_training_is_equal(self, monkeypatch, name, operator, rate):
        sizes, data = (20, 16, 10), batches((20, 16, 10))
        one = Step(network(sizes), name)
        for x, y in data:
            one(x, y, 0.01)
        for private in ("_fused_adamw_", "_fused_sgd_"):
            if operator == "gone":
                monkeypatch.delattr(torch, private)
            else:
                monkeypatch.setattr(torch, private, operator)
        other = Step(network(sizes), name)
        for x, y in data:
            other(x, y, rate)
        assert one.state().keys() == other.state().keys()
        for key, tensor in one.state().items():
            torch.testing.assert_close(other.state()[key], tensor, rtol=1e-9, atol=1e-12)

    @pytest.mark.parametrize("name", ["adamw", "sgd"])
    def test_torchs_optimiser_continues_from_the_operators_state(self, monkeypatch, name):
        sizes, data = (20, 16, 10), batches((20, 16, 10))
        one = Step(network(sizes), name)
        one(*data[0], 0.01)
        state = one.state()
        one(*data[1], 0.01)
        monkeypatch.delattr(torch, "_fused_adamw_")
        monkeypatch.delattr(torch, "_fused_sgd_")
        other = Step(network(sizes, seed=3), name)
        other.restore(state)
        other(*data[1], 0.01)
        torch.testing.assert_close(other.parameters, one.parameters, rtol=1e-9, atol=1e-12)


class TestModel:
    def test_sees_every_step(self):
        # The network's own parameters are what the step changes, and its forward pass works on them.
        model = network((20, 16, 10))
        before, step = copy.deepcopy(model.state_dict()), Step(model, "adam")
        assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
        ((x, y),) = batches((20, 16, 10), counts=(8,))
        step(x, y, 0.01)
        assert all(not torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
        logits = model(x)[0].detach()
        torch.testing.assert_close(step(x, y, 0.01), logits)

    def test_weights_that_are_loaded_are_trained(self):
        model, other = network((20, 16, 10)), network((20, 16, 10), seed=5)
        step = Step(model, "sgd")
        model.load_state_dict(other.state_dict())
        ((x, y),) = batches((20, 16, 10), counts=(8,))
        torch.testing.assert_close(step(x, y, 0.0), other(x)[0].detach())

    def test_the_given_images_are_unchanged(self):
        step = Step(network((20, 10)), "sgd")
        ((x, y),) = batches((20, 10), counts=(8,))
        before = x.clone()
        step(x, y, 0.1)
        assert torch.equal(x, before)

    def test_logits_of_the_previous_batch_are_unchanged(self):
        # They are counted many batches later.
        step = Step(network((20, 16, 10)), "sgd")
        (one, two) = batches((20, 16, 10), counts=(8, 8))
        kept = step(*one, 0.1)
        copied = kept.clone()
        step(*two, 0.1)
        assert torch.equal(kept, copied)


class TestState:
    @pytest.mark.parametrize("name", REFERENCES)
    def test_continues_bit_for_bit(self, name):
        sizes = (20, 16, 10)
        step, data = Step(network(sizes, torch.float32), name), batches(sizes, torch.float32)
        for x, y in data[:3]:
            step(x, y, 0.01)
        state = step.state()
        for x, y in data[3:]:
            step(x, y, 0.01)
        fresh = Step(network(sizes, torch.float32, seed=9), name)
        fresh.restore(state)
        for x, y in data[3:]:
            fresh(x, y, 0.01)
        assert torch.equal(fresh.parameters, step.parameters)
        assert all(torch.equal(tensor, fresh.state()[name]) for name, tensor in step.state().items())

    def test_is_a_copy(self):
        step = Step(network((20, 16, 10)), "adam")
        state = step.state()
        before = {name: tensor.clone() for name, tensor in state.items()}
        step(*batches((20, 16, 10), counts=(8,))[0], 0.01)
        assert all(torch.equal(before[name], tensor) for name, tensor in state.items())

    @pytest.mark.parametrize("other", [((20, 16, 10), "sgd"), ((20, 17, 10), "adam")])
    def test_the_state_of_another_optimiser_is_refused(self, other):
        sizes, name = other
        step = Step(network((20, 16, 10)), "adam")
        before = step.parameters.clone()
        with pytest.raises(ValueError, match="another network or optimizer"):
            step.restore(Step(network(sizes, seed=3), name).state())
        assert torch.equal(step.parameters, before)

"""Gradient ascent: closed forms for linear networks, pictures of every digit for trained ones, real MNIST too."""

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg
import scipy.special
import torch

from mnist_tui.engine.analysis.ascent import SMOOTHNESS, STEPS, ascend
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.training.model import MLP
from tests.helpers import run_training

MEAN, STD = 0.2, 0.4
BLACK, WHITE = -0.5, 2.0  # (0 - MEAN) / STD and (1 - MEAN) / STD


def probabilities(model, image):
    """In double precision from the plain formula, without the code under test: (classes,)."""
    x = image.reshape(-1).astype(np.float64)
    layers = [
        (layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()) for layer in model.children()
    ]
    for weight, bias in layers[:-1]:
        x = np.maximum(weight @ x + bias, 0)
    return scipy.special.softmax(layers[-1][0] @ x + layers[-1][1])


def trained(dataset, **options):
    config = RunConfig(dataset=dataset.name, device="cpu", threads=1, **options)
    model = MLP(config.layer_sizes)
    model.load_state_dict(run_training(config, dataset).weights[config.epochs])
    return model, dataset.mean, dataset.std


@pytest.fixture(scope="module")
def digits():
    return trained(load_digits_dataset(), epochs=12, batch_size=32)


@pytest.fixture(scope="module")
def mnist(mnist_folder):
    steps = load("mnist", mnist_folder, explicit_folder=True)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return trained(end.value, epochs=1)


def linear(weights, bias=0.0):
    """A network of one pixel layer and two classes whose log-odds of class 1 are `weights`·x + `bias`."""
    model = MLP((weights.size, 2))
    with torch.no_grad():
        model.output_fc.weight[1] = torch.tensor(weights.ravel() / 2)
        model.output_fc.weight[0] = -model.output_fc.weight[1]
        model.output_fc.bias[:] = torch.tensor([-bias / 2, bias / 2])
    return model


def laplacian(side):
    """Of the grid with black around it: xᵀ·L·x is the sum of the squared differences of neighbours. (side², side²)"""
    line = scipy.sparse.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(side, side))
    return scipy.sparse.kronsum(line, line).tocsc()


class TestTrainedNetworks:
    @pytest.mark.parametrize("smoothness", [0.0, SMOOTHNESS])
    @pytest.mark.parametrize("network", ["digits", "mnist"])
    def test_sure_of_every_digit(self, request, network, smoothness):
        model, mean, std = request.getfixturevalue(network)
        for digit in range(10):
            pictures = list(ascend(model, digit, mean, std, smoothness=smoothness))
            last = pictures[-1]
            assert last.probability > 0.999
            assert last.probability == pytest.approx(probabilities(model, last.image)[digit], abs=1e-5)
            assert [picture.step for picture in pictures] == list(range(STEPS + 1))
            assert {(picture.digit, picture.steps) for picture in pictures} == {(digit, STEPS)}
            for picture in pictures:
                assert picture.image.shape == (28, 28)
                assert picture.image.dtype == np.float32
                assert picture.image.min() >= np.float32(-mean / std)
                assert picture.image.max() <= np.float32((1 - mean) / std)

    @pytest.mark.parametrize("network", ["digits", "mnist"])
    def test_prior_makes_smooth_pictures(self, request, network):
        model, mean, std = request.getfixturevalue(network)
        for digit in range(10):
            *_, rough = ascend(model, digit, mean, std)
            *_, smooth = ascend(model, digit, mean, std, smoothness=SMOOTHNESS)
            assert smooth.roughness < rough.roughness / 5
            assert rough.smoothness == 0 < smooth.smoothness <= SMOOTHNESS

    def test_pictures_are_seen_as_their_digits_by_another_network(self, digits):
        # Noise that fools one network does not fool one that began elsewhere; a picture of the digit does.
        other, mean, std = trained(load_digits_dataset(), epochs=12, batch_size=32, seed=77)
        seen = [
            probabilities(other, list(ascend(digits[0], digit, mean, std, smoothness=SMOOTHNESS))[-1].image).argmax()
            for digit in range(10)
        ]
        assert sum(np.equal(seen, range(10))) >= 8

    def test_prior_gives_way_where_it_is_too_strong(self, digits):
        model, mean, std = digits
        pictures = list(ascend(model, 3, mean, std, smoothness=1.0))
        weights = [picture.smoothness for picture in pictures]
        assert weights == sorted(weights, reverse=True)
        assert weights[0] == 1.0 > weights[-1] > 0
        assert pictures[30].probability < 0.99 < pictures[-1].probability

    def test_begins_with_faint_noise(self, digits):
        first = [next(ascend(*self.arguments(digits), seed=seed)) for seed in (1, 1, 2)]
        assert first[0].step == 0
        assert first[0].image.std() == pytest.approx(0.1, rel=0.1)
        assert np.array_equal(first[0].image, first[1].image)
        assert not np.array_equal(first[0].image, first[2].image)

    def test_equal_seeds_end_equally(self, digits):
        ends = [list(ascend(*self.arguments(digits), seed=5, smoothness=0.1, steps=40))[-1] for _ in range(2)]
        assert np.array_equal(ends[0].image, ends[1].image)
        assert ends[0].probability == ends[1].probability

    def test_pictures_are_their_own(self, digits):
        pictures = list(ascend(*self.arguments(digits), steps=3))
        assert not any(np.shares_memory(pictures[0].image, later.image) for later in pictures[1:])
        assert not np.array_equal(pictures[0].image, pictures[1].image)

    def test_stop_keeps_the_picture(self, digits):
        calls = iter(range(100))
        pictures = list(ascend(*self.arguments(digits), stopping=lambda: next(calls) == 7))
        assert pictures[-1].step == 7
        assert pictures[-1].steps == STEPS
        assert len(list(ascend(*self.arguments(digits), stopping=lambda: True))) == 1

    def test_leaves_everything_else_alone(self, digits):
        model = digits[0]
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        state = torch.random.get_rng_state()
        with torch.no_grad():  # a caller that needs no gradients
            list(ascend(*self.arguments(digits), steps=5))
        assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
        assert all(p.requires_grad and p.grad is None for p in model.parameters())
        assert torch.equal(state, torch.random.get_rng_state())

    def arguments(self, network):
        model, mean, std = network
        return model, 3, mean, std


class TestClosedForms:
    def test_without_prior_every_pixel_goes_to_its_end(self):
        # w·x within bounds is largest where x is white for w > 0 and black for w < 0.
        weights = np.random.default_rng(0).normal(size=(6, 6))
        for digit, sign in ((1, 1), (0, -1)):
            *_, last = ascend(linear(weights), digit, MEAN, STD)
            np.testing.assert_allclose(last.image, np.where(sign * weights > 0, WHITE, BLACK), atol=1e-6)
            assert last.smoothness == 0

    def test_with_prior_the_solution_of_the_linear_system(self):
        # With y the height above black, w·y - s·yᵀ·L·y is largest where 2·s·L·y = w; small w > 0 keep it within bounds.
        side, smoothness = 8, 0.5
        weights = np.random.default_rng(1).uniform(0.05, 0.3, size=(side, side))
        height = scipy.sparse.linalg.spsolve(2 * smoothness * laplacian(side), weights.ravel())
        assert 0.05 < height.min() < height.max() < WHITE - BLACK
        # The bias keeps the probability so high that the prior need not give way.
        *_, last = ascend(linear(weights, bias=20), 1, MEAN, STD, smoothness=smoothness, steps=600)
        np.testing.assert_allclose(last.image.ravel() - BLACK, height, atol=5e-3)
        assert last.smoothness == smoothness
        assert last.roughness == pytest.approx(height @ laplacian(side) @ height, rel=0.01)

    def test_roughness_by_its_definition(self):
        for picture in ascend(linear(np.random.default_rng(2).normal(size=(5, 5))), 1, MEAN, STD, steps=3):
            framed = np.full((7, 7), BLACK)
            framed[1:-1, 1:-1] = picture.image
            expected = sum(
                (framed[a] - framed[b]) ** 2
                for a in np.ndindex(7, 7)
                for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1))
                if max(b) < 7
            )
            assert picture.roughness == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize(("bias", "probability"), [(-2000.0, 0.0), (2000.0, 1.0)])
    def test_odds_beyond_any_float(self, bias, probability):
        picture = next(ascend(linear(np.zeros((4, 4)), bias), 1, MEAN, STD))
        assert picture.probability == probability


class TestRefused:
    @pytest.mark.parametrize(
        ("digit", "options", "words"),
        [
            (2, {}, "from 0 to 1, not 2"),
            (-1, {}, "from 0 to 1"),
            (1, {"smoothness": -0.1}, "at least 0"),
            (1, {"smoothness": np.nan}, "at least 0"),
            (1, {"smoothness": np.inf}, "at least 0"),
            (1, {"steps": 0}, "steps must be at least 1"),
            (1, {"std": 0.0}, "positive"),
            (1, {"mean": np.nan}, "finite"),
        ],
    )
    def test_at_once(self, digit, options, words):
        arguments = {"mean": MEAN, "std": STD} | options
        with pytest.raises(ValueError, match=words):
            ascend(linear(np.zeros((4, 4))), digit, **arguments)

    def test_weights_that_are_not_finite(self):
        with pytest.raises(ValueError, match="not finite"):
            ascend(linear(np.full((4, 4), np.nan)), 1, MEAN, STD)

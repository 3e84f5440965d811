"""Weights: Moran's I by its double sum and its closed forms, a neuron by the plain formula and the network itself."""

import math

import numpy as np
import pytest
import torch

from mnist_tui.engine.analysis.weights import CHUNK, deeper_layers, first_layer, morans_i, neuron, order_units
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.training.batches import normalise
from mnist_tui.engine.training.model import MLP
from tests.helpers import QUICK, noise_dataset, run_training

MEAN, STD = 0.13, 0.31


def state(*sizes, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(sizes).state_dict()


def by_double_sum(picture):
    """Moran's I as it is defined, over all ordered pairs of pixels."""
    height, width = picture.shape
    x = picture.astype(np.float64) - picture.astype(np.float64).mean()
    total, weight = 0.0, 0
    for i, j in np.ndindex(height, width):
        for a, b in np.ndindex(height, width):
            if abs(i - a) + abs(j - b) == 1:
                total += x[i, j] * x[a, b]
                weight += 1
    return x.size / weight * total / (x**2).sum()


class TestMoransI:
    @pytest.mark.parametrize("shape", [(2, 2), (5, 5), (4, 7)])
    def test_is_its_double_sum(self, shape):
        random = np.random.default_rng(0)
        noise = random.normal(0.3, 1, (6, *shape))
        smooth = noise.cumsum(axis=1).cumsum(axis=2)
        pictures = np.concatenate([noise, smooth]).astype(np.float32)
        assert morans_i(pictures) == pytest.approx([by_double_sum(picture) for picture in pictures], rel=1e-9)

    def test_shuffled_pixels(self):
        """The expectation is -1/(n-1) whatever the values; small pictures, where it is far from 0."""
        random = np.random.default_rng(0)
        values = random.exponential(1, 9) ** 2
        found = morans_i(np.array([random.permutation(values).reshape(3, 3) for _ in range(20_000)]))
        error = found.std() / math.sqrt(len(found))
        assert error < 0.002
        assert found.mean() == pytest.approx(-1 / 8, abs=4 * error)

    def test_extremes(self):
        chessboard = np.indices((28, 28)).sum(axis=0) % 2
        halves = np.repeat([[0.0], [1.0]], 14, axis=0) * np.ones(28)
        # In the halves 28 of the 2·27·28 pairs differ: (1,512 - 2·28) / 1,512.
        assert morans_i(np.array([chessboard, halves], np.float32)) == pytest.approx([-1, 1 - 56 / 1512])

    @pytest.mark.parametrize("value", [0, 0.1, -1 / 3, 1e30])
    @pytest.mark.parametrize("kind", [np.float32, np.float64])
    def test_no_contrast(self, value, kind):
        # In double precision the mean of 784 times 0.1 is not exactly 0.1.
        assert morans_i(np.full((2, 28, 28), value, kind)).tolist() == [0, 0]

    def test_neither_offset_nor_scale_matter(self):
        picture = np.random.default_rng(0).normal(size=(1, 28, 28))
        assert morans_i(picture * -7 + 3) == pytest.approx(morans_i(picture), rel=1e-9)


class TestFirstLayer:
    @pytest.mark.parametrize(("sizes", "name"), [((784, 12, 9, 10), "input_fc"), ((784, 10), "output_fc")])
    def test_pictures_and_norms(self, sizes, name):
        weights = state(*sizes)
        layer, matrix = first_layer(weights), weights[f"{name}.weight"].numpy()
        assert layer.pictures.shape == (sizes[1], 28, 28)
        assert layer.pictures.dtype == np.float32
        assert layer.pictures[3, 2, 5] == matrix[3, 2 * 28 + 5]
        assert layer.norms == pytest.approx([math.dist(row, np.zeros(784)) for row in matrix], rel=1e-6)
        assert np.array_equal(layer.morans_i, morans_i(layer.pictures))

    def test_arrays_do_as_well_as_tensors(self):
        weights = state(784, 12, 10)
        arrays = {name: tensor.numpy() for name, tensor in weights.items()}
        assert np.array_equal(first_layer(arrays).pictures, first_layer(weights).pictures)

    def test_refuses_other_images(self):
        with pytest.raises(ValueError, match="784 inputs, not 8×8"):
            first_layer(state(784, 12, 10), image_side=8)

    def test_order(self):
        smooth, noise = np.outer(np.arange(28), np.ones(28)), np.random.default_rng(0).normal(0, 100, (28, 28))
        half_smooth = smooth + np.random.default_rng(1).normal(0, 8, (28, 28))
        rows = np.array([noise, smooth, np.zeros((28, 28)), half_smooth], np.float32).reshape(4, 784)
        layer = first_layer({"output_fc.weight": rows, "output_fc.bias": np.zeros(4, np.float32)})
        assert order_units(layer, "index").tolist() == [0, 1, 2, 3]
        assert order_units(layer, "norm").tolist() == [0, 3, 1, 2]
        assert order_units(layer, "structure")[:2].tolist() == [1, 3]

    def test_equal_units_stay_in_their_order(self):
        rows = np.tile(np.arange(784, dtype=np.float32), (50, 1))
        layer = first_layer({"output_fc.weight": rows, "output_fc.bias": np.zeros(50, np.float32)})
        for by in ("norm", "structure"):
            assert order_units(layer, by).tolist() == list(range(50))

    def test_training_makes_structure(self):
        """Untrained weights are noise, so their mean is near -1/783; trained ones are not."""
        weights = run_training(QUICK, load_digits_dataset()).weights
        untrained, trained = (first_layer(weights[epoch]).morans_i for epoch in (0, 3))
        assert abs(untrained.mean() + 1 / 783) < 4 * untrained.std() / math.sqrt(len(untrained))
        assert np.median(trained) > untrained.max()


class TestDeeperLayers:
    def test_from_input_to_output(self):
        weights = state(784, 12, 9, 8, 10)
        layers = deeper_layers(weights)
        assert [layer.name for layer in layers] == ["hidden_fc", "hidden_fc_2", "output_fc"]
        for layer, shape in zip(layers, [(9, 12), (8, 9), (10, 8)], strict=True):
            assert layer.weights.shape == shape
            assert np.array_equal(layer.weights, weights[f"{layer.name}.weight"].numpy())
            assert np.array_equal(layer.bias, weights[f"{layer.name}.bias"].numpy())

    def test_none_without_hidden_layers(self):
        assert deeper_layers(state(784, 10)) == []


class TestNeuron:
    DATA = noise_dataset(10, test=CHUNK + 7)
    IMAGES, LABELS = DATA.test_images, DATA.test_labels

    def ask(self, weights, unit, **changes):
        settings = {"images": self.IMAGES, "labels": self.LABELS, "mean": MEAN, "std": STD, "classes": 10}
        return neuron(weights, unit, **{**settings, **changes})

    @pytest.mark.parametrize("unit", [0, 5, 11])
    def test_is_the_networks_own_activation(self, unit):
        weights = state(784, 12, 9, 10)
        result = self.ask(weights, unit)
        pixels = self.IMAGES.reshape(-1, 784).astype(np.float64) / 255
        row, bias = weights["input_fc.weight"][unit].double().numpy(), float(weights["input_fc.bias"][unit])
        expected = np.maximum((pixels - MEAN) / STD @ row + bias, 0)
        assert result.activations == pytest.approx(expected, abs=1e-5)
        assert result.activations.dtype == np.float32
        torchs = torch.relu(
            torch.nn.functional.linear(
                normalise(torch.tensor(self.IMAGES), MEAN, STD), weights["input_fc.weight"], weights["input_fc.bias"]
            )
        )
        assert result.activations == pytest.approx(torchs[:, unit].numpy(), abs=1e-4)
        assert np.array_equal(result.outgoing, weights["hidden_fc.weight"][:, unit].numpy())

    def test_what_follows_from_the_activations(self):
        result = self.ask(state(784, 12, 10), 5, k=30)
        activations = result.activations.tolist()
        ranked = sorted(range(len(activations)), key=lambda i: (-activations[i], i))
        assert result.most_activating.tolist() == ranked[:30]
        for label in range(10):
            of_class = [a for a, c in zip(activations, self.LABELS, strict=True) if c == label]
            assert result.class_means[label] == pytest.approx(sum(of_class) / len(of_class))
        assert result.active == sum(a > 0 for a in activations) / len(activations)
        assert 0 < result.active < 1

    def test_a_dead_unit_is_excited_by_nothing(self):
        weights = state(784, 12, 10)
        weights["input_fc.bias"][4] = -1e4
        result = self.ask(weights, 4)
        assert result.most_activating.tolist() == []
        assert result.active == 0
        assert result.class_means.tolist() == [0] * 10

    def test_names_only_images_that_excite_it(self):
        images = np.zeros((5, 28, 28), np.uint8)
        images[[1, 3, 4], 0, 0] = [9, 200, 9]
        rows = np.zeros((1, 784), np.float32)
        rows[0, 0] = 1
        weights = {
            "input_fc.weight": rows,
            "input_fc.bias": np.zeros(1, np.float32),
            "output_fc.weight": np.array([[2], [3]], np.float32),
            "output_fc.bias": np.zeros(2, np.float32),
        }
        result = neuron(weights, 0, images, np.array([0, 0, 0, 1, 1]), 0.0, 1.0, classes=3, k=4)
        assert result.most_activating.tolist() == [3, 1, 4]
        assert result.activations == pytest.approx([0, 9 / 255, 0, 200 / 255, 9 / 255])
        assert result.active == 0.6
        assert result.class_means[:2] == pytest.approx([3 / 255, 104.5 / 255])
        assert math.isnan(result.class_means[2])
        assert result.outgoing.tolist() == [2, 3]

    def test_an_output_keeps_its_sign(self):
        weights = state(784, 10)
        result = self.ask(weights, 7)
        model = MLP((784, 10))
        model.load_state_dict(weights)
        with torch.inference_mode():
            logits, _ = model(normalise(torch.tensor(self.IMAGES), MEAN, STD))
        assert result.activations == pytest.approx(logits[:, 7].numpy(), abs=1e-4)
        assert result.activations.min() < 0
        assert result.outgoing.tolist() == []

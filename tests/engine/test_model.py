"""The network: the layers' names and shapes, and where there is a ReLU."""

import numpy as np
import pytest
import torch

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.training.model import MLP, initialized, layer_names


def set_weights(model, value):
    """Set every weight and bias to `value`, so that the logits can be computed by hand."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)


class TestLayers:
    def test_notebooks(self):
        model = MLP(RunConfig().layer_sizes)
        shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        assert shapes == {
            "input_fc.weight": (250, 784),
            "input_fc.bias": (250,),
            "hidden_fc.weight": (100, 250),
            "hidden_fc.bias": (100,),
            "output_fc.weight": (10, 100),
            "output_fc.bias": (10,),
        }
        assert sum(parameter.numel() for parameter in model.parameters()) == 222_360
        assert all(parameter.requires_grad for parameter in model.parameters())

    @pytest.mark.parametrize(
        ("layers", "names"),
        [
            (1, ("output_fc",)),
            (2, ("input_fc", "output_fc")),
            (3, ("input_fc", "hidden_fc", "output_fc")),
            (4, ("input_fc", "hidden_fc", "hidden_fc_2", "output_fc")),
            (6, ("input_fc", "hidden_fc", "hidden_fc_2", "hidden_fc_3", "hidden_fc_4", "output_fc")),
        ],
    )
    def test_names(self, layers, names):
        assert layer_names(layers) == names
        model = MLP([5] * (layers + 1))
        assert tuple(name for name, _ in model.named_children()) == names

    @pytest.mark.parametrize("hidden", [(), (3,), (7, 5), (7, 5, 3, 2)])
    def test_parameters_are_those_of_the_configuration(self, hidden):
        config = RunConfig(hidden=hidden)
        assert sum(parameter.numel() for parameter in MLP(config.layer_sizes).parameters()) == config.parameters


class TestForward:
    def test_is_the_plain_formula(self):
        torch.manual_seed(3)
        model = MLP((784, 30, 20, 10))
        x = torch.randn(17, 784)
        layers = [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in model.children()]
        first = np.maximum(x.numpy() @ layers[0][0].T + layers[0][1], 0)
        second = np.maximum(first @ layers[1][0].T + layers[1][1], 0)
        expected = second @ layers[2][0].T + layers[2][1]
        logits, hidden = (part.detach().numpy() for part in model(x))
        np.testing.assert_allclose(logits, expected, atol=1e-5)
        np.testing.assert_allclose(hidden, second, atol=1e-5)
        assert logits.shape == (17, 10)
        assert hidden.shape == (17, 20)
        # The logits keep their negative values; the hidden layer has lost them.
        assert logits.min() < 0 == hidden.min()

    def test_relu_after_each_of_the_first_two_layers(self):
        # All pre-activations are negative, so a layer without ReLU would have a non-zero output.
        model = MLP((4, 3, 2, 10))
        set_weights(model, -1.0)
        logits, hidden = model(torch.ones(1, 4))
        assert hidden.tolist() == [[0.0, 0.0]]
        assert logits.tolist() == [[-1.0] * 10]

    def test_no_relu_on_the_input(self):
        model = MLP((4, 1, 10))
        set_weights(model, 0.0)
        with torch.no_grad():
            model.input_fc.weight.fill_(-1.0)
        _, hidden = model(torch.full((1, 4), -2.0))
        assert hidden.item() == 8.0

    def test_images_are_flattened(self):
        torch.manual_seed(1)
        model = MLP((784, 6, 10))
        images = torch.randn(3, 1, 28, 28)
        for given in (images, images[:, 0]):
            logits, _ = model(given)
            assert torch.equal(logits, model(images.reshape(3, 784))[0])

    def test_without_hidden_layers(self):
        torch.manual_seed(1)
        model = MLP(RunConfig(hidden=()).layer_sizes)
        x = torch.randn(5, 784)
        logits, hidden = model(x)
        assert torch.equal(hidden, x)
        torch.testing.assert_close(logits, x @ model.output_fc.weight.T + model.output_fc.bias)

    def test_gradient_reaches_every_parameter(self):
        torch.manual_seed(1)
        model = MLP((784, 20, 10, 10))
        model(torch.randn(50, 784))[0].square().sum().backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize("sizes", [(784, 10), RunConfig().layer_sizes, (5, 1, 7, 3)])
@pytest.mark.parametrize("seed", [0, 1234, 2**63 - 1])
def test_initial_weights_are_torchs_and_its_generator_is_unchanged(sizes, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        expected = MLP(sizes).state_dict()
    before = torch.random.get_rng_state()
    ours = initialized(sizes, seed).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert list(ours) == list(expected)
    assert all(torch.equal(ours[name], tensor) for name, tensor in expected.items())

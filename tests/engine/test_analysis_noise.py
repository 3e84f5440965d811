"""The noise of the search: its images are exactly standard normal, and any can be drawn alone."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from mnist_tui.engine.analysis import noise_search as module
from mnist_tui.engine.analysis.noise_search import CHUNK, LeadingBits, Noise, noise_search
from tests.engine.noise_helpers import last, random_model


def approximate_coordinates(leading):
    """(coordinates, CHUNK): the values that the approximate logits use for the coordinates."""
    middle, tails = module.levels()
    values = middle[leading.parts]
    values.ravel()[leading.tails] = tails[leading.further]
    return values


def low_rank():
    """(12, 30) of rank 5: with units that are copies and sums of others, and a dead one."""
    random = np.random.default_rng(0)
    weight = random.normal(size=(12, 5)) @ random.normal(size=(5, 30))
    weight[3] = 0
    weight[7] = weight[6]
    return torch.tensor(weight, dtype=torch.float32)


WEIGHTS = {
    "narrow": torch.tensor(np.random.default_rng(1).normal(size=(7, 30)), dtype=torch.float32),
    "low rank": low_rank(),
    "one unit": torch.tensor(np.random.default_rng(2).normal(size=(1, 30)), dtype=torch.float32),
    "one pixel less": torch.tensor(np.random.default_rng(2).normal(size=(29, 30)), dtype=torch.float32),
    "as wide as the image": torch.tensor(np.random.default_rng(3).normal(size=(30, 30)), dtype=torch.float32),
    "wider": torch.tensor(np.random.default_rng(4).normal(size=(41, 30)), dtype=torch.float32),
}


@pytest.fixture(scope="module", params=WEIGHTS)
def drawn(request):
    """A layer's weights, and coordinates and images of all of 10 chunks, none of them selected."""
    weight = WEIGHTS[request.param]
    noise = Noise(weight, seed=5)
    parts = [noise.exact(chunk, np.arange(CHUNK)) for chunk in range(10)]
    return weight.double().numpy(), noise, *(np.concatenate(part) for part in zip(*parts, strict=True))


def covariance_is(samples, expected):
    """Whether (N, D) samples have mean 0 and this covariance, within five standard errors of each entry."""
    count = len(samples)
    spread = np.sqrt(np.diag(expected))
    assert np.all(np.abs(samples.mean(axis=0)) <= 5 * spread / np.sqrt(count) + 1e-9)
    # Of a normal distribution the variance of an entry is (σᵢᵢ·σⱼⱼ + σᵢⱼ²) / N.
    error = np.sqrt((np.outer(spread, spread) ** 2 + expected**2) / count)
    assert np.all(np.abs(samples.T @ samples / count - expected) <= 5 * error + 1e-9)


class TestDistribution:
    def test_pixels_are_standard_normal(self, drawn):
        _, _, _, images = drawn
        assert images.shape == (10 * CHUNK, 30)
        covariance_is(images, np.eye(30))
        for pixel in (0, 13, 29):
            assert scipy.stats.kstest(images[:, pixel], "norm").pvalue > 1e-3
        assert scipy.stats.kstest(images.ravel(), "norm").pvalue > 1e-3
        # Not each pixel alone: the squared length of an image is chi-squared, and any direction is normal.
        assert scipy.stats.kstest(np.square(images).sum(axis=1), "chi2", args=(30,)).pvalue > 1e-3
        direction = np.random.default_rng(9).normal(size=30)
        assert scipy.stats.kstest(images @ direction / np.linalg.norm(direction), "norm").pvalue > 1e-3

    def test_pre_activations_have_the_covariance_of_the_weights(self, drawn):
        weight, noise, xi, images = drawn
        covariance_is(xi @ noise.factor.T, weight @ weight.T)
        # They belong to the images that are returned.
        np.testing.assert_allclose(images @ weight.T, xi @ noise.factor.T, atol=1e-9)
        assert noise.coordinates == min(weight.shape)

    def test_tails(self, drawn):
        _, _, xi, images = drawn
        expected = images.size * 2 * scipy.stats.norm.sf(4)
        assert abs((np.abs(images) > 4).sum() - expected) < 5 * np.sqrt(expected)
        assert np.abs(images).max() < scipy.stats.norm.isf(1e-4 / images.size)
        assert len(np.unique(xi)) == xi.size

    @pytest.mark.parametrize("part", [0, 1, 127, 128, 254])
    def test_the_remaining_bits_are_drawn_later(self, monkeypatch, part):
        # Within the part that the leading bits choose, the probability of a smaller number is uniform.
        nothing = np.zeros(0, np.int64)
        leading = LeadingBits(np.full((8, CHUNK), part, np.uint8), nothing, nothing.astype(np.uint16))
        monkeypatch.setattr(Noise, "leading", lambda noise, chunk: leading)
        xi, _ = Noise(WEIGHTS["as wide as the image"][:8, :8], seed=3).exact(0, np.arange(CHUNK))
        within = scipy.stats.norm.cdf(xi.ravel()) * 256 - part - 0.5
        assert scipy.stats.kstest(within, "uniform").pvalue > 1e-3

    @pytest.mark.parametrize("further", [0, 1, 2**15 - 1, 2**15, 2**16 - 1])
    def test_tails_are_drawn_in_the_same_way(self, monkeypatch, further):
        parts = np.full((8, CHUNK), 255, np.uint8)
        leading = LeadingBits(parts, np.arange(parts.size), np.full(parts.size, further, np.uint16))
        monkeypatch.setattr(Noise, "leading", lambda noise, chunk: leading)
        xi, _ = Noise(WEIGHTS["as wide as the image"][:8, :8], seed=3).exact(0, np.arange(CHUNK))
        inwards = further if further < 2**15 else 2**16 - 1 - further
        assert ((xi < 0) == (further < 2**15)).all()
        within = scipy.stats.norm.cdf(-np.abs(xi.ravel())) * 2**24 - inwards
        assert scipy.stats.kstest(within, "uniform").pvalue > 1e-3

    def test_a_part_is_approximated_by_its_mean(self):
        middle, tails = module.levels()
        edges = scipy.stats.norm.ppf((np.arange(256) + 0.5) / 256)
        for part in (0, 1, 100, 127, 128, 254):
            expected = scipy.stats.norm.expect(lb=edges[part], ub=edges[part + 1], conditional=True)
            assert middle[part] == pytest.approx(expected, abs=1e-6)
        assert middle.shape == (256,)
        # Of the tails it is the number that is half as probable, but for the outermost one.
        halfway = scipy.stats.norm.ppf((np.array([1, 100, 2**15 - 1]) + 0.5) / 2**24)
        np.testing.assert_allclose(tails[[1, 100, 2**15 - 1]], halfway, atol=0.02)
        np.testing.assert_allclose(tails[[2**16 - 2, 2**16 - 101, 2**15]], -halfway, atol=0.02)

    def test_images_are_independent(self, drawn):
        _, noise, _, images = drawn
        for distance in (1, CHUNK // 2, CHUNK):
            products = (images[distance:] * images[:-distance]).sum(axis=1) / np.sqrt(30)
            # The mean of so many products of independent standard normal numbers.
            assert abs(products.mean()) < 5 / np.sqrt(len(products))
        other = np.concatenate([Noise(torch.tensor(noise.factor), seed=6).exact(0, np.arange(CHUNK))[0]])
        own = noise.exact(0, np.arange(CHUNK))[0]
        assert abs((own * other).mean()) < 5 / np.sqrt(own.size)

    def test_leading_bits_are_those_of_the_exact_image(self, drawn):
        _, noise, xi, _ = drawn
        exact = xi[3 * CHUNK : 4 * CHUNK]
        rough = approximate_coordinates(noise.leading(3)).T
        assert rough.shape == exact.shape
        # As far apart as two numbers of a part may be; of the tails' outermost part there are hardly any.
        assert np.abs(rough - exact).max() < 0.25
        assert np.std(rough - exact) < 0.02

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_approximate_logits_are_the_networks(self, trained, dtype):
        noise = Noise(trained.input_fc.weight, seed=1)
        leading = noise.leading(2)
        seen = approximate_coordinates(leading).T @ noise.factor.T + trained.input_fc.bias.detach().numpy()
        with torch.no_grad():
            rest = trained.output_fc(torch.relu(trained.hidden_fc(torch.relu(torch.tensor(seen).float()))))
            rough = module._Screener(trained, noise, dtype).logits(leading).T
        error = {torch.float32: 1e-4, torch.bfloat16: 0.1}[dtype]
        torch.testing.assert_close(rough, rest, rtol=error, atol=error)

    def test_any_image_can_be_drawn_alone(self, drawn):
        _, noise, xi, images = drawn
        columns = np.array([900, 3])
        alone_xi, alone = noise.exact(7, columns)
        assert np.array_equal(alone_xi, xi[7 * CHUNK + columns])
        np.testing.assert_allclose(alone, images[7 * CHUNK + columns], atol=1e-12)

    def test_trained_network(self, trained):
        # Single precision, as the network is used: W·x + b is what was drawn to 1e-4.
        noise = Noise(trained.input_fc.weight, seed=1)
        xi, images = noise.exact(0, np.arange(CHUNK))
        with torch.no_grad():
            seen = trained.input_fc(torch.tensor(images, dtype=torch.float32)).numpy()
        expected = xi @ noise.factor.T + trained.input_fc.bias.detach().numpy()
        np.testing.assert_allclose(seen, expected, atol=1e-4)
        assert scipy.stats.kstest(images.ravel(), "norm").pvalue > 1e-3
        assert images.shape == (CHUNK, 784)
        assert xi.shape == (CHUNK, 250)

    @pytest.mark.truth
    def test_maximum_is_distributed_as_by_drawing_pixels(self, monkeypatch):
        monkeypatch.setattr(module, "CHUNK", 64)
        monkeypatch.setattr(module, "CALIBRATION_IMAGES", 64)
        model = random_model(784, 25, 16, 10, seed=3)
        searches, images = 250, 512
        found = [last(noise_search(model, [4], images=images, seed=seed)).probabilities[0] for seed in range(searches)]
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            plain = [
                torch.softmax(model(torch.randn(images, 784, generator=generator))[0], 1)[:, 4].max().item()
                for _ in range(searches)
            ]
        assert scipy.stats.ks_2samp(found, plain).pvalue > 1e-3
        # It would notice a search that tries a third fewer images.
        fewer = [last(noise_search(model, [4], images=64, seed=seed)).probabilities[0] for seed in range(searches)]
        assert scipy.stats.ks_2samp(fewer, plain).pvalue < 1e-3

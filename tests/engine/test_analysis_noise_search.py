"""The noise search: its images are exactly standard normal, and it finds what trying every one in full would find."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from mnist_tui.engine.analysis import noise_search as module
from mnist_tui.engine.analysis.noise_search import CHUNK, Leading, Noise, noise_search
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.training.model import MLP
from tests.helpers import run_training

ALL = range(10)


def taken_for(leading):
    """(coordinates, CHUNK): what the rough answer takes the coordinates for."""
    middle, tails = module.levels()
    values = middle[leading.parts]
    values.ravel()[leading.tails] = tails[leading.further]
    return values


def random_model(*sizes, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(sizes)


@pytest.fixture(scope="module")
def trained():
    """A network of the notebook's size that knows the small digits."""
    config = RunConfig(dataset="digits", epochs=8, batch_size=32, device="cpu", threads=1)
    model = MLP(config.layer_sizes)
    model.load_state_dict(run_training(config, load_digits_dataset()).weights[8])
    return model


def probabilities(model, images):
    """In double precision from the plain formula, without the code under test: (N, classes)."""
    x = images.reshape(len(images), -1).astype(np.float64)
    layers = [
        (layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()) for layer in model.children()
    ]
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
    return scipy.special.softmax(x @ layers[-1][0].T + layers[-1][1], axis=1)


def last(search):
    *_, result = search
    return result


def low_rank():
    """(12, 30) of rank 5: units that are copies and sums of others, and one that is dead."""
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
        # They are those of the very images that are handed out.
        np.testing.assert_allclose(images @ weight.T, xi @ noise.factor.T, atol=1e-9)
        assert noise.coordinates == min(weight.shape)

    def test_tails(self, drawn):
        _, _, xi, images = drawn
        expected = images.size * 2 * scipy.stats.norm.sf(4)
        assert abs((np.abs(images) > 4).sum() - expected) < 5 * np.sqrt(expected)
        assert np.abs(images).max() < scipy.stats.norm.isf(1e-4 / images.size)
        assert len(np.unique(xi)) == xi.size

    @pytest.mark.parametrize("part", [0, 1, 127, 128, 254])
    def test_bits_that_were_left_out_are_drawn_later(self, monkeypatch, part):
        # Within the part that the leading bits choose, the probability of a smaller number is uniform.
        nothing = np.zeros(0, np.int64)
        leading = Leading(np.full((8, CHUNK), part, np.uint8), nothing, nothing.astype(np.uint16))
        monkeypatch.setattr(Noise, "leading", lambda noise, chunk: leading)
        xi, _ = Noise(WEIGHTS["as wide as the image"][:8, :8], seed=3).exact(0, np.arange(CHUNK))
        within = scipy.stats.norm.cdf(xi.ravel()) * 256 - part - 0.5
        assert scipy.stats.kstest(within, "uniform").pvalue > 1e-3

    @pytest.mark.parametrize("further", [0, 1, 2**15 - 1, 2**15, 2**16 - 1])
    def test_tails_are_drawn_in_the_same_way(self, monkeypatch, further):
        parts = np.full((8, CHUNK), 255, np.uint8)
        leading = Leading(parts, np.arange(parts.size), np.full(parts.size, further, np.uint16))
        monkeypatch.setattr(Noise, "leading", lambda noise, chunk: leading)
        xi, _ = Noise(WEIGHTS["as wide as the image"][:8, :8], seed=3).exact(0, np.arange(CHUNK))
        inwards = further if further < 2**15 else 2**16 - 1 - further
        assert ((xi < 0) == (further < 2**15)).all()
        within = scipy.stats.norm.cdf(-np.abs(xi.ravel())) * 2**24 - inwards
        assert scipy.stats.kstest(within, "uniform").pvalue > 1e-3

    def test_a_part_is_taken_for_its_mean(self):
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
        rough = taken_for(noise.leading(3)).T
        assert rough.shape == exact.shape
        # As far apart as two numbers of a part may be; of the tails' outermost part there are hardly any.
        assert np.abs(rough - exact).max() < 0.25
        assert np.std(rough - exact) < 0.02

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_rough_answers_are_the_networks(self, trained, dtype):
        noise = Noise(trained.input_fc.weight, seed=1)
        leading = noise.leading(2)
        seen = taken_for(leading).T @ noise.factor.T + trained.input_fc.bias.detach().numpy()
        with torch.no_grad():
            rest = trained.output_fc(torch.relu(trained.hidden_fc(torch.relu(torch.tensor(seen).float()))))
            rough = module._Screen(trained, noise, dtype).logits(leading).T
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


class TestSearch:
    def best_of_all(self, model, images, seed=0):
        """What drawing and judging every image in full finds: its pixels and probability for each digit."""
        noise = Noise(model.get_parameter(f"{model.names[0]}.weight"), seed)
        chunks = [noise.exact(chunk, np.arange(CHUNK))[1] for chunk in range(-(-images // CHUNK))]
        pictures = np.concatenate(chunks)[:images]
        p = probabilities(model, pictures)
        return pictures[p.argmax(axis=0)], p.max(axis=0)

    @pytest.mark.parametrize(
        "hidden", [(9,), (), *(pytest.param(wide, marks=pytest.mark.truth) for wide in ((250, 100), (800, 20)))]
    )
    def test_finds_what_judging_all_in_full_finds(self, trained, hidden):
        model = trained if hidden == (250, 100) else random_model(784, *hidden, 10, seed=1)
        images = 6 * CHUNK + 77
        pictures, best = self.best_of_all(model, images)
        result = last(noise_search(model, ALL, images=images))
        np.testing.assert_allclose(result.images.reshape(10, -1), pictures, atol=1e-5)
        np.testing.assert_allclose(result.probabilities, best, rtol=1e-4)
        assert result.tried == result.total == images

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_either_precision(self, trained, monkeypatch, dtype):
        monkeypatch.setattr(module, "_seconds", lambda screen, noise: screen.answer.dtype != dtype)
        pictures, _ = self.best_of_all(trained, 4 * CHUNK, seed=2)
        result = last(noise_search(trained, ALL, images=4 * CHUNK, seed=2))
        np.testing.assert_allclose(result.images.reshape(10, -1), pictures, atol=1e-5)

    @pytest.mark.truth
    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_few_images_are_drawn_in_full(self, trained, monkeypatch, dtype):
        drawn = []
        exact = Noise.exact
        monkeypatch.setattr(module, "_seconds", lambda screen, noise: screen.answer.dtype != dtype)
        monkeypatch.setattr(Noise, "exact", lambda noise, *which: drawn.append(len(which[1])) or exact(noise, *which))
        last(noise_search(trained, ALL, images=20 * CHUNK))
        assert sum(drawn) < 0.02 * 20 * CHUNK

    def test_network_that_always_says_the_same(self, monkeypatch):
        # All its hidden units are dead. Every image is as good as the first, so no other one need be drawn in full.
        drawn = []
        exact = Noise.exact
        monkeypatch.setattr(Noise, "exact", lambda noise, *which: drawn.append(len(which[1])) or exact(noise, *which))
        model = random_model(784, 250, 100, 10)
        with torch.no_grad():
            model.hidden_fc.bias.fill_(-1e3)
        result = last(noise_search(model, ALL, images=10 * CHUNK))
        expected = torch.softmax(model.output_fc.bias.detach().double(), 0)
        np.testing.assert_allclose(result.probabilities, expected, rtol=1e-5)
        assert sum(drawn) < CHUNK

    def test_rounding_loses_nothing(self, trained, monkeypatch):
        # Far coarser answers than those of any precision: wrong by up to half a nat.
        logits = module._Screen.logits
        shift = torch.tensor(np.random.default_rng(0).uniform(-0.5, 0.5, (10, CHUNK)), dtype=torch.float32)
        monkeypatch.setattr(module._Screen, "logits", lambda screen, x: logits(screen, x) + shift)
        pictures, _ = self.best_of_all(trained, 6 * CHUNK, seed=4)
        result = last(noise_search(trained, ALL, images=6 * CHUNK, seed=4))
        np.testing.assert_allclose(result.images.reshape(10, -1), pictures, atol=1e-5)

    def test_where_the_network_is_always_sure(self, trained):
        # All probabilities of one class round to 1; the odds still tell the images apart.
        model = MLP((784, 250, 100, 10))
        model.load_state_dict(trained.state_dict())
        with torch.no_grad():
            model.output_fc.weight.mul_(30)
        p = probabilities(model, self.best_of_all(model, 3 * CHUNK)[0])
        digit = int(p.diagonal().argmax())
        assert p[digit, digit] == 1
        logits = {}

        def margins(pictures):
            with torch.no_grad():
                out = model(torch.tensor(pictures, dtype=torch.float32))[0].double().numpy()
            return out[:, digit] - scipy.special.logsumexp(np.delete(out, digit, axis=1), axis=1)

        noise = Noise(model.input_fc.weight, 0)
        for chunk in range(3):
            pictures = noise.exact(chunk, np.arange(CHUNK))[1]
            logits[chunk] = margins(pictures).max()
        result = last(noise_search(model, [digit], images=3 * CHUNK))
        assert margins(result.images.reshape(1, -1))[0] == pytest.approx(max(logits.values()), rel=1e-5)

    def test_probability_is_the_networks(self, trained):
        for result in list(noise_search(trained, ALL, images=20_000, seed=8)):
            expected = probabilities(trained, result.images)[ALL, ALL]
            np.testing.assert_allclose(result.probabilities, expected, rtol=1e-4)
        assert result.images.dtype == np.float32
        assert result.images.shape == (10, 28, 28)

    def test_only_improves(self, trained):
        results = list(noise_search(trained, ALL, images=30_000))
        for before, after in itertools.pairwise(results):
            assert (after.probabilities >= before.probabilities).all()
            assert after.tried > before.tried
            same = after.probabilities == before.probabilities
            assert np.array_equal(after.images[same], before.images[same])
        assert results[0].tried == CHUNK
        # About so many records are expected, log(30) for each digit, not a report for every chunk.
        assert 5 < len(results) < 30

    def test_equal_seeds_find_the_same(self, trained):
        results = [last(noise_search(trained, [3], images=5000, seed=seed)) for seed in (1, 1, 2)]
        assert np.array_equal(results[0].images, results[1].images)
        assert results[0].probabilities[0] == results[1].probabilities[0]
        assert not np.array_equal(results[0].images, results[2].images)

    def test_global_generators_are_left_alone(self, trained):
        torch.manual_seed(1)
        np.random.seed(1)
        before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
        last(noise_search(trained, [3], images=2000))
        assert torch.equal(before[0], torch.random.get_rng_state())
        assert before[1] == np.random.get_state()[1].tolist()

    def test_all_at_once_find_what_each_finds_alone(self, trained):
        together = last(noise_search(trained, ALL, images=8000))
        for digit in (0, 7):
            alone = last(noise_search(trained, [digit], images=8000))
            np.testing.assert_allclose(alone.images[0], together.images[digit], atol=1e-5)
        mixed = last(noise_search(trained, [7, 0, 7], images=8000))
        assert mixed.digits == (7, 0, 7)
        np.testing.assert_allclose(mixed.images, together.images[[7, 0, 7]], atol=1e-5)

    def test_longer_search_begins_with_the_shorter(self, trained):
        short = last(noise_search(trained, ALL, images=5000))
        longer = next(result for result in noise_search(trained, ALL, images=9000) if result.tried >= 5000)
        assert (longer.probabilities >= short.probabilities * (1 - 1e-6)).all()
        # Its third chunk is whole, the short one's breaks off.
        found = self.best_of_all(trained, 5000)[1]
        np.testing.assert_allclose(short.probabilities, found, rtol=1e-4)

    @pytest.mark.parametrize("images", [1, 2, CHUNK - 1, CHUNK, CHUNK + 1])
    def test_small_numbers(self, trained, images):
        result = last(noise_search(trained, [3], images=images))
        assert (result.tried, result.total) == (images, images)
        np.testing.assert_allclose(result.probabilities[0], self.best_of_all(trained, images)[1][3], rtol=1e-4)

    def test_untrained_network(self):
        result = last(noise_search(random_model(784, 250, 100, 10), ALL, images=5000))
        assert ((result.probabilities > 0.1) & (result.probabilities < 0.3)).all()

    def test_leaves_the_network_as_it_was(self, trained):
        before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
        last(noise_search(trained, ALL, images=3000))
        assert all(torch.equal(before[name], tensor) for name, tensor in trained.state_dict().items())
        assert all(p.requires_grad and p.grad is None for p in trained.parameters())
        assert torch.is_grad_enabled()

    def test_gradients_are_on_between_two_reports(self, trained):
        search = noise_search(trained, [3], images=3000)
        next(search)
        assert torch.is_grad_enabled()
        search.close()


class TestReports:
    def test_stop_keeps_the_best_yet(self, trained):
        calls = iter(range(100))
        results = list(noise_search(trained, ALL, images=10**9, stopping=lambda: next(calls) == 4))
        assert results[-1].tried == 5 * CHUNK
        assert results[-1].total == 10**9
        expected = last(noise_search(trained, ALL, images=5 * CHUNK))
        assert np.array_equal(results[-1].images, expected.images)

    def test_stop_at_once_has_something_to_show(self, trained):
        results = list(noise_search(trained, [3], stopping=lambda: True))
        assert [result.tried for result in results] == [CHUNK]

    def test_reports_while_nothing_improves(self, trained, monkeypatch):
        monkeypatch.setattr(module, "REPORT_SECONDS", 0)
        assert [r.tried for r in noise_search(trained, [3], images=20 * CHUNK)] == [CHUNK * (i + 1) for i in range(20)]

    @pytest.mark.parametrize(
        ("digits", "images", "words"),
        [
            ([], 5, "one or more"),
            ([10], 5, r"0 … 9, not \[10\]"),
            ([3, -1], 5, "0 … 9"),
            ([3], 0, "images must be at least 1"),
        ],
    )
    def test_refused_at_once(self, trained, digits, images, words):
        with pytest.raises(ValueError, match=words):
            noise_search(trained, digits, images=images)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_weights_that_are_not_finite(self, value):
        model = random_model(784, 5, 10)
        with torch.no_grad():
            model.output_fc.weight[2, 3] = value
        with pytest.raises(ValueError, match="not finite"):
            noise_search(model, [3])

"""The noise search finds what an exhaustive search of the same images finds."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from mnist_tui.engine.analysis import noise_search as module
from mnist_tui.engine.analysis.noise_search import CHUNK, Noise, noise_search
from mnist_tui.engine.training.model import MLP
from tests.engine.noise_helpers import last, random_model

ALL = range(10)


def probabilities(model, images):
    """Compute in double precision from the plain formula, without the code under test: (N, classes)."""
    x = images.reshape(len(images), -1).astype(np.float64)
    layers = [
        (layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()) for layer in model.children()
    ]
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight.T + bias, 0)
    return scipy.special.softmax(x @ layers[-1][0].T + layers[-1][1], axis=1)


class TestSearch:
    def best_of_all(self, model, images, seed=0):
        """Return the result of an exhaustive search: pixels and probability for each digit."""
        noise = Noise(model.get_parameter(f"{model.names[0]}.weight"), seed)
        chunks = [noise.exact(chunk, np.arange(CHUNK))[1] for chunk in range(-(-images // CHUNK))]
        pictures = np.concatenate(chunks)[:images]
        p = probabilities(model, pictures)
        return pictures[p.argmax(axis=0)], p.max(axis=0)

    @pytest.mark.parametrize(
        "hidden", [(9,), (), *(pytest.param(wide, marks=pytest.mark.truth) for wide in ((250, 100), (800, 20)))]
    )
    def test_finds_what_an_exhaustive_search_finds(self, trained, hidden):
        model = trained if hidden == (250, 100) else random_model(784, *hidden, 10, seed=1)
        images = 6 * CHUNK + 77
        pictures, best = self.best_of_all(model, images)
        result = last(noise_search(model, ALL, images=images))
        np.testing.assert_allclose(result.images.reshape(10, -1), pictures, atol=1e-5)
        np.testing.assert_allclose(result.probabilities, best, rtol=1e-4)
        assert result.tried == result.total == images

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_either_precision(self, trained, monkeypatch, dtype):
        monkeypatch.setattr(module, "_seconds_per_chunk", lambda screen, noise: screen.output.dtype != dtype)
        pictures, _ = self.best_of_all(trained, 4 * CHUNK, seed=2)
        result = last(noise_search(trained, ALL, images=4 * CHUNK, seed=2))
        np.testing.assert_allclose(result.images.reshape(10, -1), pictures, atol=1e-5)

    @pytest.mark.truth
    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_few_images_are_drawn_in_full(self, trained, monkeypatch, dtype):
        drawn = []
        exact = Noise.exact
        monkeypatch.setattr(module, "_seconds_per_chunk", lambda screen, noise: screen.output.dtype != dtype)
        monkeypatch.setattr(Noise, "exact", lambda noise, *which: drawn.append(len(which[1])) or exact(noise, *which))
        last(noise_search(trained, ALL, images=20 * CHUNK))
        assert sum(drawn) < 0.02 * 20 * CHUNK

    def test_network_with_a_constant_prediction(self, monkeypatch):
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
        logits = module._Screener.logits
        shift = torch.tensor(np.random.default_rng(0).uniform(-0.5, 0.5, (10, CHUNK)), dtype=torch.float32)
        monkeypatch.setattr(module._Screener, "logits", lambda screen, x: logits(screen, x) + shift)
        pictures, _ = self.best_of_all(trained, 6 * CHUNK, seed=4)
        result = last(noise_search(trained, ALL, images=6 * CHUNK, seed=4))
        np.testing.assert_allclose(result.images.reshape(10, -1), pictures, atol=1e-5)

    def test_where_the_network_is_always_confident(self, trained):
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

    def test_global_generators_are_unchanged(self, trained):
        torch.manual_seed(1)
        np.random.seed(1)
        before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
        last(noise_search(trained, [3], images=2000))
        assert torch.equal(before[0], torch.random.get_rng_state())
        assert before[1] == np.random.get_state()[1].tolist()

    def test_all_digits_together_find_what_each_finds_alone(self, trained):
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
        # Its third chunk is full, the shorter search's is partial.
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

    def test_the_network_is_unchanged(self, trained):
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

    def test_an_immediate_stop_has_a_result(self, trained):
        results = list(noise_search(trained, [3], stopping=lambda: True))
        assert [result.tried for result in results] == [CHUNK]

    def test_reports_while_nothing_improves(self, trained, monkeypatch):
        monkeypatch.setattr(module, "REPORT_SECONDS", 0)
        assert [r.tried for r in noise_search(trained, [3], images=20 * CHUNK)] == [CHUNK * (i + 1) for i in range(20)]

    @pytest.mark.parametrize(
        ("digits", "images", "words"),
        [
            ([], 5, "one or more"),
            ([10], 5, r"0 to 9, not \[10\]"),
            ([3, -1], 5, "0 to 9"),
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

"""Evaluation: the notebook's worked example, torch's and scipy's own functions, and every image of every chunk."""

import numpy as np
import pytest
import scipy.special
import torch
from sklearn.metrics import accuracy_score, log_loss

from mnist_tui.engine.training.evaluate import CHUNK, Evaluation, evaluate, measure
from mnist_tui.engine.training.model import MLP
from tests.helpers import answers, judged, noise_dataset


def evaluation(logits, labels):
    logits = np.asarray(logits, np.float32)
    return Evaluation(logits, np.zeros((len(logits), 1), np.float32), np.asarray(labels, np.uint8))


class TestWorkedExample:
    LOGITS = [[5, 1, 1, 1, 1, 1, 1, 1, 1, 1]]

    def test_softmax(self):
        probabilities = evaluation(self.LOGITS, [0]).probabilities[0]
        assert probabilities[0] == pytest.approx(0.8585, abs=5e-5)
        assert probabilities[1:] == pytest.approx([0.0157] * 9, abs=5e-5)
        assert probabilities.sum() == pytest.approx(1, abs=1e-15)

    @pytest.mark.parametrize(("label", "loss"), [(0, 0.1526), (5, 4.1526)])
    def test_loss(self, label, loss):
        result = evaluation(self.LOGITS, [label])
        assert result.loss == pytest.approx(loss, abs=5e-5)
        # The closed form: log(e⁵ + 9e) less the true class's logit.
        assert result.loss == pytest.approx(np.log(np.exp(5) + 9 * np.e) - self.LOGITS[0][label], abs=1e-12)
        assert result.correct == (label == 0)


class TestEvaluation:
    @pytest.fixture
    def result(self):
        random = np.random.default_rng(0)
        return evaluation(random.normal(0, 4, (500, 10)), random.integers(0, 10, 500))

    def test_probabilities_are_scipys(self, result):
        expected = scipy.special.softmax(result.logits.astype(np.float64), axis=1)
        np.testing.assert_allclose(result.probabilities, expected, rtol=1e-12)
        assert result.probabilities.dtype == np.float64

    def test_loss_is_scikit_learns(self, result):
        expected = log_loss(result.labels, result.probabilities, labels=range(10))
        assert result.loss == pytest.approx(expected, rel=1e-9)

    def test_correct_is_scikit_learns(self, result):
        assert result.correct == accuracy_score(result.labels, result.predictions, normalize=False)
        assert 0 < result.correct < 500

    def test_predictions(self, result):
        assert np.array_equal(result.predictions, result.probabilities.argmax(axis=1))
        assert result.predictions.dtype == np.int64
        # Of two equal ones the first, as torch and numpy have it.
        assert evaluation([[1, 3, 3]], [2]).predictions.tolist() == [1]

    def test_enormous_logits(self):
        # exp(10,000) is beyond any float.
        result = evaluation([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]], [1, 2])
        np.testing.assert_allclose(result.probabilities, [[1, 0, 0], [1 / 3] * 3])
        assert result.loss == pytest.approx((1e4 + np.log(3)) / 2)


class TestMeasuring:
    @pytest.fixture(scope="class")
    def model(self):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            return MLP((784, 12, 9, 10))

    # Around the border of a chunk; a mean of the chunks' means is wrong for 2,001.
    @pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, CHUNK + 1])
    def test_every_image_counts_once(self, model, count):
        data = noise_dataset(10, test=count, seed=count)
        images, labels = data.test_images, data.test_labels
        expected = answers(model.state_dict(), images, 0.4, 0.2)
        loss, correct = judged(expected, labels)

        result = evaluate(model, images, labels, 0.4, 0.2)
        np.testing.assert_allclose(result.logits, expected, atol=1e-4)
        assert result.logits.shape == (count, 10)
        assert result.hidden.shape == (count, 9)
        assert result.hidden.min() == 0
        assert np.array_equal(result.labels, labels)
        assert result.loss == pytest.approx(loss, rel=1e-5)
        assert result.correct == correct

        tensors = torch.tensor(images), torch.tensor(labels, dtype=torch.int64)
        measured_loss, measured_correct = measure(model, *tensors, 0.4, 0.2)
        assert measured_loss == pytest.approx(loss, rel=1e-5)
        assert measured_correct == correct

    def test_leaves_no_gradient(self, model):
        data = noise_dataset(10, test=5)
        measure(model, torch.tensor(data.test_images), torch.tensor(data.test_labels, dtype=torch.int64), 0.4, 0.2)
        evaluate(model, data.test_images, data.test_labels, 0.4, 0.2)
        assert all(parameter.grad is None for parameter in model.parameters())

"""Verdicts on single images: plain formulas, scipy, and sorting held against Python's own."""

import numpy as np
import pytest
import scipy.special

from mnist_tui.engine.analysis.mistakes import EpochPrediction, history, order, score_images
from mnist_tui.engine.training.evaluate import Evaluation


def evaluation(logits, labels):
    logits = np.asarray(logits, np.float32)
    return Evaluation(logits, np.zeros((len(logits), 1), np.float32), np.asarray(labels, np.uint8))


@pytest.fixture(scope="module")
def measured():
    """300 images, about half of them classified correctly, in the order of a shuffled file."""
    random = np.random.default_rng(0)
    logits, labels = random.normal(0, 3, (300, 10)), random.integers(0, 10, 300)
    logits[np.arange(300), labels] += 4
    return evaluation(logits, labels), random.permutation(1000)[:300]


@pytest.fixture(scope="module")
def scores(measured):
    return score_images(*measured)


class TestJudge:
    def test_each_image_by_the_plain_formulas(self, measured, scores):
        result, indices = measured
        assert len(scores) == 300
        assert scores.indices.tolist() == indices.tolist()
        for i, logits in enumerate(result.logits.astype(np.float64)):
            probabilities = scipy.special.softmax(logits)
            ranked, label = np.sort(probabilities)[::-1], int(result.labels[i])
            assert scores.probabilities[i] == pytest.approx(probabilities, rel=1e-12)
            assert scores.predictions[i] == probabilities.argmax()
            assert scores.confidence[i] == pytest.approx(ranked[0], rel=1e-12)
            assert scores.margin[i] == pytest.approx(ranked[0] - ranked[1], rel=1e-9)
            assert scores.true_probability[i] == pytest.approx(probabilities[label], rel=1e-12)
            assert scores.loss[i] == pytest.approx(-scipy.special.log_softmax(logits)[label], rel=1e-9)
            assert scores.correct[i] == (probabilities.argmax() == label)
        assert 50 < scores.correct.sum() < 250

    def test_adds_up_to_the_evaluation(self, measured, scores):
        assert scores.loss.mean() == pytest.approx(measured[0].loss, rel=1e-12)
        assert scores.correct.sum() == measured[0].correct

    def test_the_notebooks_worked_example(self):
        logits = [[5] + [1] * 9] * 2
        result = score_images(evaluation(logits, [0, 5]), np.arange(2))
        assert result.loss == pytest.approx([0.1526, 4.1526], abs=5e-5)
        assert result.true_probability == pytest.approx([0.8585, 0.0157], abs=5e-5)
        assert result.margin == pytest.approx([0.8585 - 0.0157] * 2, abs=5e-5)

    def test_a_probability_that_rounds_to_0_has_a_finite_loss(self):
        result = score_images(evaluation([[2000, 0, -1000]], [2]), np.arange(1))
        assert result.true_probability == [0]
        assert result.loss == [3000]

    def test_two_equal_probabilities_leave_no_margin(self):
        assert score_images(evaluation([[7, 7, 0]], [0]), np.arange(1)).margin == [0]

    def test_no_images(self):
        nothing = score_images(evaluation(np.empty((0, 10)), []), np.empty(0, np.int64))
        assert len(nothing) == 0
        assert order(nothing, "wrong").tolist() == []

    def test_refuses_other_indices(self, measured):
        with pytest.raises(ValueError, match="differ in number: 299 and 300"):
            score_images(measured[0], np.arange(299))


class TestOrder:
    @pytest.mark.parametrize("which", ["wrong", "right", "all"])
    @pytest.mark.parametrize("sort", ["confidence", "loss", "margin", "index"])
    @pytest.mark.parametrize("descending", [False, True])
    def test_is_pythons_sort(self, scores, which, sort, descending):
        keys = scores.indices if sort == "index" else getattr(scores, sort)
        chosen = [i for i in range(300) if which == "all" or scores.correct[i] == (which == "right")]
        expected = sorted(chosen, key=lambda i: (-keys[i] if descending else keys[i], scores.indices[i]))
        assert order(scores, which, sort, descending).tolist() == expected

    @pytest.mark.parametrize(
        ("which", "sort", "descending"),
        [
            ("wrong", "confidence", True),
            ("wrong", "margin", True),
            ("wrong", "loss", True),
            ("wrong", "index", False),
            ("right", "confidence", False),
            ("right", "margin", False),
            ("right", "loss", True),
            ("right", "index", False),
            ("all", "confidence", False),
            ("all", "loss", True),
        ],
    )
    def test_the_most_telling_come_first(self, scores, which, sort, descending):
        assert order(scores, which, sort).tolist() == order(scores, which, sort, descending).tolist()

    @pytest.mark.parametrize("descending", [False, True])
    def test_ties_by_index(self, descending):
        result = score_images(evaluation([[9, 0]] * 4, [0] * 4), np.array([30, 10, 40, 20]))
        assert order(result, "right", "confidence", descending).tolist() == [1, 3, 0, 2]

    def test_no_mistakes(self):
        result = score_images(evaluation([[9, 0], [0, 9]], [0, 1]), np.arange(2))
        assert order(result, "wrong").tolist() == []
        assert len(order(result, "all")) == 2


def test_history():
    epochs = {
        10: score_images(evaluation([[0, 0], [0, 4]], [1, 1]), np.array([8, 9])),
        0: score_images(evaluation([[0, 0], [3, 0]], [1, 1]), np.array([8, 9])),
        2: score_images(evaluation([[0, 0], [0, 1]], [1, 1]), np.array([8, 9])),
    }

    def sigmoid(x):
        return pytest.approx(1 / (1 + np.exp(-x)))

    assert history(epochs, 1) == [
        EpochPrediction(0, 0, False, sigmoid(3), sigmoid(-3)),
        EpochPrediction(2, 1, True, sigmoid(1), sigmoid(1)),
        EpochPrediction(10, 1, True, sigmoid(4), sigmoid(4)),
    ]
    assert history({}, 1) == []

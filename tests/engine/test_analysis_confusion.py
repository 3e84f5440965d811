"""The confusion matrix: scikit-learn's numbers exactly, and its pairs against a plain count."""

import itertools
from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from mnist_tui.engine.analysis.confusion import Pair, confusion, ordered_pairs, unordered_pairs
from mnist_tui.engine.analysis.intervals import wilson_interval


def answered(count, seed, *, classes=10, missing=(), never=(), wrong=0.2):
    """Labels and predictions; the `missing` classes do not occur, the `never` ones are not predicted."""
    random = np.random.default_rng(seed)
    labels = random.choice(np.setdiff1d(np.arange(classes), missing), count)
    guesses = random.choice(np.setdiff1d(np.arange(classes), never), count)
    kept = (random.random(count) >= wrong) & ~np.isin(labels, never)
    return labels.astype(np.uint8), np.where(kept, labels, guesses)


CASES = {
    "ordinary": answered(10_000, 0),
    "all wrong and right by chance": answered(500, 1, wrong=1),
    "perfect": answered(300, 2, wrong=0),
    "a class does not occur": answered(400, 3, missing=[4]),
    "a class is never predicted": answered(400, 4, never=[7]),
    "a class neither occurs nor is predicted": answered(400, 5, missing=[2], never=[2]),
    "always the same answer": (answered(200, 6)[0], np.full(200, 3)),
    "one image": (np.array([9], np.uint8), np.array([0])),
}


@pytest.mark.parametrize(("labels", "predictions"), CASES.values(), ids=CASES)
class TestAgainstScikitLearn:
    def test_counts_and_shares(self, labels, predictions):
        result = confusion(labels, predictions, 10)
        assert np.array_equal(result.counts, confusion_matrix(labels, predictions, labels=range(10)))
        assert result.counts.dtype == np.int64
        shares = confusion_matrix(labels, predictions, labels=range(10), normalize="true")
        shares[~np.isin(range(10), labels)] = np.nan  # scikit-learn divides nothing by nothing to 0
        assert np.array_equal(result.shares, shares, equal_nan=True)

    def test_per_class(self, labels, predictions):
        result = confusion(labels, predictions, 10)
        ours = result.precision, result.recall, result.f1, result.support
        theirs = precision_recall_fscore_support(labels, predictions, labels=range(10), zero_division=np.nan)
        for mine, expected in zip(ours, theirs, strict=True):
            assert np.array_equal(mine, expected, equal_nan=True)
        assert result.predicted.tolist() == [(predictions == c).sum() for c in range(10)]

    def test_macro_averages(self, labels, predictions):
        result = confusion(labels, predictions, 10)
        theirs = precision_recall_fscore_support(
            labels, predictions, labels=np.unique(labels), average="macro", zero_division=np.nan
        )
        ours = result.macro_precision, result.macro_recall, result.macro_f1
        assert ours == pytest.approx(theirs[:3], rel=1e-14, nan_ok=True)

    def test_accuracy(self, labels, predictions):
        result = confusion(labels, predictions, 10)
        assert result.accuracy == accuracy_score(labels, predictions)
        assert (result.correct, result.total) == ((labels == predictions).sum(), len(labels))
        assert result.interval == wilson_interval(result.correct, result.total)


class TestPairs:
    LABELS, PREDICTIONS = CASES["ordinary"]

    @pytest.fixture
    def result(self):
        return confusion(self.LABELS, self.PREDICTIONS, 10)

    @pytest.fixture
    def wrong(self):
        return [(a, p) for a, p in zip(self.LABELS.tolist(), self.PREDICTIONS.tolist(), strict=True) if a != p]

    def test_ordered(self, result, wrong):
        pairs = ordered_pairs(result)
        assert {(pair.true, pair.predicted): pair.count for pair in pairs} == Counter(wrong)
        assert all(pair.share_of_row == pair.count / (pair.true == self.LABELS).sum() for pair in pairs)

    def test_unordered(self, result, wrong):
        pairs = unordered_pairs(result)
        counted = Counter(tuple(sorted(pair)) for pair in wrong)
        assert {(pair.true, pair.predicted): pair.count for pair in pairs} == counted
        for pair in pairs:
            of_both = np.isin(self.LABELS, [pair.true, pair.predicted]).sum()
            assert pair.share_of_row == pair.count / of_both

    @pytest.mark.parametrize("pairs_of", [ordered_pairs, unordered_pairs])
    def test_most_frequent_first_then_by_class(self, result, pairs_of):
        pairs = pairs_of(result)
        assert len({pair.count for pair in pairs}) < len(pairs), "the example must have ties"
        for before, after in itertools.pairwise(pairs):
            assert (-before.count, before.true, before.predicted) < (-after.count, after.true, after.predicted)

    def test_by_hand(self):
        labels, predictions = np.array([3, 3, 3, 3, 5, 5, 2, 7]), np.array([3, 3, 5, 5, 3, 5, 7, 7])
        result = confusion(labels, predictions, 10)
        assert ordered_pairs(result) == [Pair(3, 5, 2, 0.5), Pair(2, 7, 1, 1.0), Pair(5, 3, 1, 0.5)]
        assert unordered_pairs(result) == [Pair(3, 5, 3, 0.5), Pair(2, 7, 1, 0.5)]

    def test_perfect(self):
        result = confusion(*CASES["perfect"], 10)
        assert ordered_pairs(result) == unordered_pairs(result) == []


def test_no_images():
    nothing = np.empty(0, np.uint8)
    result = confusion(nothing, nothing, 10)
    assert result.counts.sum() == result.total == 0
    assert np.isnan([result.accuracy, result.macro_recall, result.macro_precision, result.macro_f1]).all()
    assert np.isnan([result.recall, result.precision, result.f1]).all()
    assert result.interval == (0, 1)


@pytest.mark.parametrize(
    ("labels", "predictions"), [([1, 2], [1]), ([10, 2], [1, 2]), ([1, 2], [1, 10]), ([1, 2], [1, -1])]
)
def test_refuses_labels_that_do_not_fit(labels, predictions):
    with pytest.raises(ValueError, match=r"differ in length|must be from"):
        confusion(np.array(labels), np.array(predictions), 10)

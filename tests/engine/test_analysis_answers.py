"""The cache of answers: each is computed once, in a bound of bytes, and none outlives the weights that gave it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine import files
from mnist_tui.engine.analysis import stored_answers
from mnist_tui.engine.analysis.answers import Answers, size_of
from mnist_tui.engine.analysis.pca import pca
from mnist_tui.engine.analysis.projection import LAYERS, Layer, ProjectionSpec, cached_metrics, compute_metrics, project
from mnist_tui.engine.analysis.separation import procrustes
from mnist_tui.engine.analysis.stored_answers import RETRAINED, StorageResult, store
from mnist_tui.engine.analysis.subject import Analyst, Network, SplitImages, Subject
from mnist_tui.engine.errors import Cancelled, RunError
from mnist_tui.engine.runs.folder import RunFolder
from tests.figures import finished_run

MEGABYTE = 1 << 20


def megabyte() -> np.ndarray:
    return np.zeros(MEGABYTE, np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return finished_run(tmp_path_factory.mktemp("answers"))


def test_two_threads_with_the_same_question_compute_once() -> None:
    """Fails where the second thread computes too, or returns before the answer is there."""
    answers, begun, gate, computed = Answers(), threading.Event(), threading.Event(), []

    def compute() -> object:
        begun.set()
        assert gate.wait(20)
        computed.append(object())
        return computed[-1]

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(answers.get, "key", compute) for _ in range(8)]
        assert begun.wait(20)
        assert not any(one.done() for one in asked)
        gate.set()
        assert {id(one.result(20)) for one in asked} == {id(computed[0])}
    assert len(computed) == 1


def test_a_different_key_does_not_wait() -> None:
    """Fails where one lock is held while an answer is computed."""
    answers, begun, gate = Answers(), threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert gate.wait(20)
        return answers.get("a part of it", lambda: 1) + 1

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(answers.get, "slow", slow)
        assert begun.wait(20)
        assert answers.get("quick", lambda: 7) == 7
        assert answers.peek("slow") is None
        gate.set()
        assert asked.result(20) == 2


def test_a_failure_reaches_all_waiting_threads_and_is_not_cached() -> None:
    answers, begun, gate = Answers(), threading.Event(), threading.Event()

    def fail() -> int:
        begun.set()
        assert gate.wait(20)
        raise RunError("no weights")

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(answers.get, "key", fail)]
        assert begun.wait(20)
        asked.append(pool.submit(answers.get, "key", fail))
        gate.set()
        for one in asked:
            with pytest.raises(RunError, match="no weights"):
                one.result(20)
    assert answers.get("key", lambda: 3) == 3


def test_a_thread_that_waits_for_a_cancelled_computation_computes_itself() -> None:
    """Fails where a view shows nothing because another one that asked the same was left."""
    answers, begun, gate = Answers(), threading.Event(), threading.Event()

    def give_up() -> int:
        begun.set()
        assert gate.wait(20)
        raise Cancelled

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(answers.get, "key", give_up)
        assert begun.wait(20)
        second = pool.submit(answers.get, "key", lambda: 5)
        gate.set()
        with pytest.raises(Cancelled):
            first.result(20)
        assert second.result(20) == 5


class TestBound:
    def test_the_least_recently_used_are_evicted_first(self) -> None:
        answers = Answers(limit=3 * MEGABYTE + MEGABYTE // 2)
        for key in "abc":
            answers.get(key, megabyte)
        answers.get("a", megabyte)
        answers.get("d", megabyte)
        assert [key for key in "abcd" if answers.peek(key) is not None] == ["a", "c", "d"]
        assert 3 * MEGABYTE <= answers.size <= 3.5 * MEGABYTE
        answers.update("a", lambda old: np.concatenate([old, old]))
        assert [key for key in "abcd" if answers.peek(key) is not None] == ["a", "d"]
        assert 3 * MEGABYTE <= answers.size <= 3.5 * MEGABYTE

    def test_an_answer_above_the_limit_is_kept_until_the_next(self) -> None:
        answers = Answers(limit=MEGABYTE // 2)
        answers.get("large", megabyte)
        assert answers.peek("large") is not None
        answers.get("small", lambda: 1)
        assert answers.peek("large") is None
        assert answers.size < 1000

    @pytest.mark.parametrize("wrap", [
        lambda array: array,
        lambda array: array[:10],  # a view keeps all of it alive
        lambda array: (array, array, {"again": array}),
        lambda array: SplitImages(array, array[::2], array.reshape(1024, -1)),
        lambda array: {"a": [array]},
    ])  # fmt: skip
    def test_shared_arrays_count_once(self, wrap: Callable[[np.ndarray], object]) -> None:
        assert MEGABYTE <= size_of(wrap(megabyte())) < 1.01 * MEGABYTE


def retrain(run: RunFolder, epoch: int) -> None:
    """Do what resuming does to an epoch that was cut short."""
    files.replace(run.checkpoint(epoch), run.checkpoint(0).read_bytes())


def test_answers_belong_to_the_current_weights(run: RunFolder) -> None:
    analyst, subject = Analyst(), Subject(run.path, 1, "test")
    evaluation, scores = analyst.evaluation(subject), analyst.scores(subject)
    picture = project(analyst, subject, ProjectionSpec())
    numbers = compute_metrics(analyst, picture)
    assert analyst.evaluation(subject) is evaluation
    assert analyst.scores(subject) is scores
    assert cached_metrics(analyst, picture) is numbers
    before = run.checkpoint(1).read_bytes()
    retrain(run, 1)
    assert not np.array_equal(analyst.evaluation(subject).logits, evaluation.logits)
    assert not np.array_equal(analyst.scores(subject).probabilities, scores.probabilities)
    assert cached_metrics(analyst, project(analyst, subject, ProjectionSpec())) is None
    files.replace(run.checkpoint(1), before)
    np.testing.assert_array_equal(analyst.evaluation(subject).logits, evaluation.logits)


@pytest.mark.parametrize("layer", ["output", "hidden"])
def test_the_procrustes_angle_does_not_depend_on_the_epochs_shown_before(run: RunFolder, layer: Layer) -> None:
    spec, angles = ProjectionSpec("pca", layer), set()
    for path in ((3,), (0, 3), (1, 2, 0, 3), (2, 1, 3)):
        analyst = Analyst()
        for epoch in path:
            for each in (layer, *LAYERS):
                picture = project(analyst, Subject(run.path, epoch, "test"), replace(spec, layer=each))
        metrics = compute_metrics(analyst, picture)
        angles.add((metrics.rotation_degrees, metrics.is_mirrored, metrics.procrustes_r2))
    assert len(angles) == 1
    evaluation = analyst.evaluation(picture.subject)
    output, hidden = (pca(values) for values in (evaluation.logits, evaluation.hidden))
    match = procrustes(output.points, hidden.points)
    assert angles == {(match.degrees, match.reflected, match.r2)}


class TestStoring:
    def test_no_answer_of_replaced_weights_is_kept(self, run: RunFolder, tmp_path: Path) -> None:
        analyst, network, path = Analyst(), Network(run.path, 2), tmp_path / "answer"

        def write() -> Path:
            path.touch()
            return path

        version = analyst.version(run.path, 2)
        assert store(analyst, network, version, write) == StorageResult()
        assert path.exists()

        def write_while_retrained() -> Path:
            retrain(run, 2)
            return write()

        assert store(analyst, network, version, write_while_retrained) is RETRAINED
        assert not path.exists(), "replaced while it was written"
        assert store(analyst, network, version, write) is RETRAINED
        assert not path.exists()

    def test_a_disk_that_can_not_be_written_is_no_failure(self, run: RunFolder) -> None:
        def write() -> Path:
            raise OSError(28, "No space left on device")

        network = Network(run.path, 3)
        stored = store(Analyst(), network, run.version(3), write)
        assert stored == StorageResult("no space left on device")

    def test_the_result_of_a_search_is_cached(self, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        analyst, subject = Analyst(), Subject(run.path, 3, "test")
        assert stored_answers.imagined_digits(analyst, subject.network) == {}
        search = stored_answers.search_digits(analyst, subject, (4,), images=1000, stopping=lambda: False)
        found = {(step.imagined.method, 4): step.imagined for step in search if step.stored is not None}
        assert len(found) == 3
        assert stored_answers.imagined_digits(analyst, subject.network) == found
        assert set(stored_answers.imagined_digits(Analyst(), subject.network)) == set(found), "and on the disk"

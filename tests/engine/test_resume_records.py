"""What a resumed run stores: its status, times, log and state."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_tui.engine import files
from mnist_tui.engine.analysis.image_details import ImageQuery, inspect_image
from mnist_tui.engine.analysis.layers import network_layers
from mnist_tui.engine.analysis.projection import ProjectionSpec, project, store_path
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.config import MAX_EPOCHS
from mnist_tui.engine.data import digits
from mnist_tui.engine.data.dataset import make_dataset
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.errors import ConfigError, DataError, RunError
from mnist_tui.engine.events import Epoch, RunStarted, Test
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.stored_network import evaluate_stored
from mnist_tui.engine.runs.summaries import summarise
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import resume
from tests.engine.resumed_runs import CONFIG, assert_equal, trained
from tests.helpers import of_kind

pytestmark = pytest.mark.usefixtures("bundled_data", "every_batch")


class TestStory:
    def test_status_while_it_is_resumed(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        events = resume(run)
        for event in events:
            if isinstance(event, RunStarted):
                # The stop's test and end are void, and so is the part of the second epoch.
                history = History.of(run.events())
                assert (history.test, history.finished) == (None, None)
                assert [epoch.epoch for epoch in history.epochs] == [1]
                assert summarise(run).status == "running"
        assert summarise(run).status == "completed"

    def test_durations_are_summed(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        before = run.state().seconds
        assert before > 0
        rest = list(resume(run))
        assert of_kind(rest, RunStarted)[0].elapsed == before
        assert rest[-1].seconds > before

    def test_the_configuration_records_the_resume(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        list(resume(run))
        _, manifest = run.manifest()
        (note,) = manifest["resumed"]
        assert (note["epoch"], note["batch"]) == (2, 5)
        assert note["changed"] == {}
        assert manifest["config"] == manifest["original_config"] == CONFIG.to_json()

    def test_a_changed_configuration_leaves_the_original(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        for epochs in (5, 6):
            list(resume(run, epochs=epochs))
        config, manifest = run.manifest()
        assert config.epochs == 6
        assert manifest["original_config"] == CONFIG.to_json()
        assert [note["changed"] for note in manifest["resumed"]] == [{"epochs": [4, 5]}, {"epochs": [5, 6]}]

    @pytest.mark.parametrize("recorded", [True, False], ids=["digest", "older version"])
    def test_other_labels_are_other_data(self, tmp_path, monkeypatch, recorded):
        """Mean and standard deviation are those of the pixels, so that changed labels would pass."""
        run = trained(tmp_path, stop_at=(2, 5))
        path = run.path / "config.json"
        manifest = json.loads(path.read_text())
        digest = manifest.pop("sha256")
        assert digest == load_digits_dataset().digest
        if not recorded:
            path.write_text(json.dumps(manifest))

        def relabelled(*args, **kwargs):
            name, title, classes, images, labels, *rest = args
            labels = labels.copy()
            labels[0] = (labels[0] + 1) % 10
            return make_dataset(name, title, classes, images, labels, *rest, **kwargs)

        monkeypatch.setattr(digits, "make_dataset", relabelled)
        if recorded:
            with pytest.raises(DataError, match="is not the data"):
                list(resume(run))
            with pytest.raises(DataError, match="is not the data"):
                evaluate_stored(run, 1, "test", data_dir=None, explicit_folder=False)
        else:
            assert list(resume(run))[-1].status == "completed"

    def test_every_test_says_why_it_was_measured(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        list(resume(run))
        list(resume(run, epochs=5))
        reasons = [event.reason for event in of_kind(run.events(), Test)]
        assert reasons == ["stopped in epoch 2", "completed in epoch 4", "completed in epoch 5"]

    def test_a_truncated_last_line_is_terminated(self, tmp_path):
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(2, 5))
        with (run.path / "events.jsonl").open("ab") as file:
            file.write(b'{"event": "progress", "epoch": 2, "ba')
        list(resume(run))
        assert_equal(run, whole)

    def test_an_epoch_without_its_event_is_trained_again(self, tmp_path):
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(3, 1))
        path = run.path / "events.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(
            b"".join(line for line in lines if b'"event": "epoch"' not in line or b'"epoch": 2' not in line)
        )
        assert [epoch.epoch for epoch in History.of(run.events()).epochs] == [1, 3]
        rest = list(resume(run))
        assert [epoch.epoch for epoch in of_kind(rest, Epoch)] == [2, 3, 4]
        assert_equal(run, whole)

    def test_killed_before_the_first_state(self, tmp_path):
        whole = trained(tmp_path / "whole")
        writer = RunWriter.create(tmp_path, "run", CONFIG, whole.manifest()[1] | {"config": None})
        writer.close()
        record = json.loads((whole.path / "config.json").read_text())
        (writer.folder.path / "config.json").write_text(json.dumps(record))
        list(resume(writer.folder))
        assert_equal(writer.folder, whole)

    def test_an_epoch_that_can_not_be(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 5))
        record = torch.load(run.state_file, weights_only=True)
        for epoch in (0, -1, MAX_EPOCHS + 2, 2**62):
            torch.save(record | {"epoch": epoch}, run.state_file)
            with pytest.raises(RunError, match="its position is invalid"):
                list(resume(run))

    @pytest.mark.parametrize("name", [None, "auto", "x\x1b[2J", ["digits"], 3])
    def test_a_data_set_that_is_not_recorded(self, tmp_path, name):
        # The run can't be resumed: this is no error of usage.
        run = trained(tmp_path, stop_at=(2, 5))
        path = run.path / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"dataset": name}))
        with pytest.raises(RunError, match="does not record its data set"):
            list(resume(run))

    def test_nothing_left_to_train(self, tmp_path):
        run = trained(tmp_path)
        before = (run.path / "events.jsonl").read_bytes()
        for epochs in (3, 4):
            with pytest.raises(ConfigError, match="--epochs 5 or more"):
                list(resume(run, epochs=epochs))
        assert (run.path / "events.jsonl").read_bytes() == before

    def test_stopped_after_the_last_batch(self, tmp_path):
        # All epochs are trained, but the run has the status stopped: resuming completes it.
        whole = trained(tmp_path / "whole")
        run = trained(tmp_path, stop_at=(4, 43))
        assert summarise(run).status == "stopped"
        list(resume(run))
        assert_equal(run, whole)


class TestState:
    def test_contains_the_position_and_the_best_weights(self, tmp_path):
        run = trained(tmp_path, stop_at=(2, 17))
        state = run.state()
        assert (state.epoch, state.batch, state.best_epoch) == (2, 17, 1)
        assert len(state.losses) == len(state.correct) == 17
        first = run.weights(1)
        assert all(torch.equal(first[name], tensor) for name, tensor in state.best_weights.items())
        # Plain torch reads it without executing anything.
        assert torch.load(run.state_file, weights_only=True)["epoch"] == 2

    def test_no_state_is_saved_of_weights_that_are_not_finite(self, tmp_path):
        config = replace(CONFIG, epochs=50, hidden=(64, 32), optimizer="sgd", lr=100.0)
        run = trained(tmp_path, config)
        assert summarise(run).status == "failed"
        state = run.state()
        assert all(torch.isfinite(tensor).all() for tensor in state.learner.values())
        failed = list(resume(run))[-1]
        assert (failed.status, "learning rate" in failed.reason) == ("failed", True)
        (test,) = of_kind(run.events(), Test)[-1:]
        assert np.isfinite(test.loss)


def test_results_of_retrained_weights_are_discarded(tmp_path):
    """Fails where results of a partial epoch's weights are used after the resumed run replaced them."""
    run = trained(tmp_path, stop_at=(2, 5))
    analyst, wanted = Analyst(), ProjectionSpec()
    subject = Subject(run.path, 2, "test")

    def numbers(analyst):
        *_, found = inspect_image(analyst, ImageQuery(subject, 3, (3,), (1, 2)), lambda: False)
        return [
            analyst.evaluation(subject).logits,
            network_layers(analyst, subject.network).parameters["output_fc.bias"],
            np.array([verdict.confidence for verdict in found.predictions]),
            np.array([neighbour.distance for neighbour in found.neighbours]),
            project(analyst, subject, wanted).variance,
        ]

    before = numbers(analyst)
    kept = [store_path(Subject(run.path, 1, "test"), "hidden", 9), run.path / "imagined" / "noise-2-1.npz"]
    void = [store_path(subject, "output", 2), run.path / "imagined" / "noise-1-2.npz"]
    for path in kept + void:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    list(resume(run))
    after = numbers(analyst)
    expected = numbers(Analyst())
    for old, new, right in zip(before, after, expected, strict=True):
        assert not np.array_equal(old, right)
        assert np.array_equal(new, right)
    assert [path.exists() for path in kept + void] == [True, True, False, False]


def test_a_result_stored_while_its_weights_are_replaced_is_deleted(tmp_path, monkeypatch):
    """Fails where results are deleted only before: a view may still store one of the old weights."""
    run = trained(tmp_path, stop_at=(2, 5))
    kept = store_path(Subject(run.path, 1, "test"), "hidden", 9)
    late = store_path(Subject(run.path, 2, "test"), "output", 2)
    kept.parent.mkdir(exist_ok=True)
    kept.touch()
    replace_file = files.replace

    def store_first(path, content):
        if path == run.checkpoint(2):
            late.touch()
        replace_file(path, content)

    monkeypatch.setattr(files, "replace", store_first)
    list(resume(run))
    assert kept.exists()
    assert not late.exists()

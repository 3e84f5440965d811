"""What a run's writer stores: its layout, its bytes, and what it could not store."""

import importlib.metadata
import json
import shutil
import sys

import pytest
import torch

from mnist_tui.engine import __version__, files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Phase, Progress
from mnist_tui.engine.runs.folder import find_run
from mnist_tui.engine.runs.stored_network import load_model
from mnist_tui.engine.runs.writer import RunWriter
from tests.engine.stored_runs import EPOCHS, started, weights_of
from tests.helpers import QUICK, checksums


class TestWriter:
    def test_layout(self, tmp_path, writer):
        writer.append(started(writer.folder.name))
        writer.save_weights(0, weights_of(QUICK))
        writer.save_weights(12, weights_of(QUICK))
        assert [path.name for path in tmp_path.iterdir()] == [writer.folder.name]
        assert writer.folder.name.endswith("-first")
        found = sorted(str(path.relative_to(writer.folder.path)) for path in writer.folder.path.rglob("*"))
        assert found == [
            "checkpoints",
            "checkpoints/epoch-0000.pt",
            "checkpoints/epoch-0012.pt",
            "config.json",
            "events.jsonl",
            "owner.json",
        ]
        assert writer.folder.epochs() == [0, 12]

    def test_config_json(self, writer):
        record = json.loads((writer.folder.path / "config.json").read_text(encoding="utf-8"))
        assert (record["format"], record["name"], record["dataset"]) == (1, "first", "digits")
        assert RunConfig.from_json(record["config"]) == QUICK
        assert writer.folder.config() == QUICK
        versions = record["versions"]
        assert versions["mnist-tui"] == __version__
        assert versions["torch"] == torch.__version__
        assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
        assert {"numpy", "platform"} <= set(versions)
        for package in ("scikit-learn", "openTSNE", "matplotlib"):
            assert versions[package] == importlib.metadata.version(package)
        assert record["created"] > 1.7e9

    def test_events_are_written_immediately(self, writer):
        # A screen may follow a run that another process trains.
        for i, event in enumerate([started("a"), Phase("train"), *EPOCHS], 1):
            writer.append(event)
            assert len(list(writer.folder.events())) == i

    def test_events_come_back_in_order(self, writer):
        told = [started("a"), Phase("train"), Progress(1, 5, 9, 0.5, 0.8, 1e4, [0.5], [0.8]), *EPOCHS]
        for event in told:
            writer.append(event)
        assert list(writer.folder.events()) == told
        assert list(writer.folder.events(progress=False)) == [told[0], told[1], *EPOCHS]

    def test_two_runs_in_one_second(self, tmp_path):
        writers = [RunWriter.create(tmp_path, "same", QUICK, {}) for _ in range(4)]
        for writer in writers:
            writer.close()
        assert len({writer.folder.path for writer in writers}) == 4

    def test_latest_of_twelve_runs_in_one_second(self, tmp_path, monkeypatch):
        # …-10 comes before …-9 by the alphabet.
        monkeypatch.setattr("time.strftime", lambda *_: "20260101-120000")
        for _ in range(12):
            writer = RunWriter.create(tmp_path, "same", QUICK, {})
            writer.append(Phase("train"))
            writer.close()
        assert find_run(tmp_path, "latest").name == writer.folder.name

    def test_equal_weights_give_equal_bytes(self, tmp_path):
        folders = []
        for name in ("one", "another-name"):
            writer = RunWriter.create(tmp_path, name, QUICK, {})
            for epoch in (0, 1):
                writer.save_weights(epoch, weights_of(QUICK, seed=epoch))
            writer.close()
            folders.append(writer.folder.checkpoints)
        sums = [checksums(folder) for folder in folders]
        assert sums[0] == sums[1]
        assert sums[0]["epoch-0000.pt"] != sums[0]["epoch-0001.pt"]

    def test_weights_come_back(self, writer):
        weights = weights_of(QUICK)
        writer.save_weights(1, weights)
        again = writer.folder.weights(1)
        assert list(again) == list(weights)
        assert all(torch.equal(again[name], weights[name]) for name in weights)
        # Plain torch reads them too, without executing anything.
        assert set(torch.load(writer.folder.checkpoint(1), weights_only=True)) == set(weights)

    def test_reading_does_not_use_torchs_generator(self, writer):
        # A training that starts meanwhile in another thread must still draw the same numbers.
        writer.save_weights(1, weights_of(QUICK))
        before = torch.random.get_rng_state()
        model = load_model(writer.folder, QUICK, 1)
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in weights_of(QUICK).items())


class TestTroubles:
    @pytest.fixture
    def full(self, monkeypatch):
        """A disk that is full until `full` is called again."""
        whole = files.replace

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files, "replace", fail)
        return lambda: monkeypatch.setattr(files, "replace", whole)

    def test_dropped_checkpoints_are_reported(self, writer, full, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.writer.MAX_PENDING_BYTES", 150_000)  # one takes some 55 kB
        for epoch in range(4):
            writer.save_weights(epoch, weights_of(QUICK))
        full()
        writer.save_weights(4, weights_of(QUICK))
        lost = "some checkpoints were dropped: too much data was waiting to be written"
        assert writer.folder.epochs() == [2, 3, 4]
        assert writer.failure == lost
        notices = writer.take_notices()
        assert [words for words in notices if "dropped" in words] == [lost]
        assert notices[-1] == f"checkpoints can be stored in {writer.folder.name} again"

    def test_pending_files_are_retried_before_they_are_dropped(self, writer, full, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.writer.MAX_PENDING_BYTES", 150_000)
        for epoch in range(2):
            writer.save_weights(epoch, weights_of(QUICK))
        full()
        writer.save_weights(2, weights_of(QUICK))
        assert writer.folder.epochs() == [0, 1, 2]
        assert writer.failure == ""

    def test_a_dropped_fine_curve_is_reported(self, writer, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.writer.MAX_PENDING_EVENT_BYTES", 1000)
        write = writer._write

        def fail(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(writer, "_write", fail)
        for batch in range(1, 20):
            writer.append(Progress(1, batch, 40, 0.5, 0.8, 1e4, [0.5], [0.8]))
        monkeypatch.setattr(writer, "_write", write)
        writer.append(EPOCHS[0])
        assert writer.failure == "parts of the batch curve were dropped: too much data was waiting to be written"
        assert EPOCHS[0] in list(writer.folder.events())

    def test_a_removed_folder_is_reported_once(self, writer):
        shutil.rmtree(writer.folder.path)
        for event in [EPOCHS[0], Progress(2, 5, 9, 0.5, 0.8, 1e4, [0.5], [0.8])] * 3:
            writer.append(event)
        (words,) = writer.take_notices()
        assert "the run's folder was removed" in words
        assert "events could not be stored" in writer.failure

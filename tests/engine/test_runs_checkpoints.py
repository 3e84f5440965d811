"""Checkpoints that are damaged, malicious or of another network."""

import json
import os
import pickle
import struct
import zipfile
from dataclasses import replace

import pytest
import torch

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.runs.stored_network import evaluate_stored, load_model
from tests.engine.stored_runs import EPOCHS, make_run, weights_of
from tests.helpers import QUICK


class Executes:
    """Makes a folder when it is unpickled without restrictions."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class TestCheckpoints:
    @pytest.fixture
    def run(self, tmp_path):
        return make_run(tmp_path, "a", EPOCHS)

    def test_other_files_are_not_epochs(self, run):
        for name in ("epoch-0003", "epoch-0001", "epoch-12345", "epoch-1", "epoch-x", ".epoch-0002"):
            (run.checkpoints / f"{name}.pt").touch()
        (run.checkpoints / "epoch-0004.pt.tmp").touch()
        assert run.epochs() == [1, 3, 12345]

    def test_missing(self, run):
        with pytest.raises(RunError, match="no weights of epoch 7; stored epochs: none"):
            run.weights(7)
        torch.save(weights_of(QUICK), run.checkpoint(0))
        torch.save(weights_of(QUICK), run.checkpoint(1))
        with pytest.raises(RunError, match="no weights of epoch 7; stored epochs: 0 to 1"):
            run.weights(7)

    @pytest.mark.parametrize("content", [b"", b"x" * 100, b"PK\x03\x04" + b"\x00" * 50, b"\x80\x02."])
    def test_damaged(self, run, content):
        run.checkpoint(1).write_bytes(content)
        with pytest.raises(RunError, match="is damaged") as caught:
            run.weights(1)
        assert "\n" not in str(caught.value)

    def test_truncated_at_any_byte(self, run):
        torch.save(weights_of(QUICK), run.checkpoint(1))
        whole = run.checkpoint(1).read_bytes()
        for end in range(0, len(whole), len(whole) // 10):
            run.checkpoint(1).write_bytes(whole[:end])
            with pytest.raises(RunError, match="is damaged"):
                run.weights(1)

    def test_a_folder_instead_of_the_file(self, run):
        run.checkpoint(1).mkdir()
        with pytest.raises(RunError, match="is damaged"):
            run.weights(1)

    @pytest.mark.parametrize("how", ["archive", "legacy", "pickle"])
    def test_malicious_pickle_is_not_executed(self, run, tmp_path, how):
        proof = tmp_path / "executed"
        evil = {"input_fc.weight": Executes(proof)}
        path = run.checkpoint(1)
        if how == "pickle":
            path.write_bytes(pickle.dumps(evil))
        else:
            torch.save(evil, path, _use_new_zipfile_serialization=how == "archive")
        with pytest.raises(RunError) as caught:
            run.weights(1)
        assert not proof.exists()
        assert "\n" not in str(caught.value)
        # The file is malicious: unpickling it without restrictions executes it.
        if how == "pickle":
            pickle.loads(path.read_bytes())
        else:
            torch.load(path, weights_only=False)
        assert proof.exists()

    def test_malicious_pickle_is_named(self, run, tmp_path):
        torch.save({"input_fc.weight": Executes(tmp_path / "executed")}, run.checkpoint(1))
        with pytest.raises(RunError, match="it contains something other than tensors, which is not loaded"):
            run.weights(1)

    def test_a_pickle_that_becomes_millions_of_objects(self, run):
        with zipfile.ZipFile(run.checkpoint(1), "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02" + b"]" * 20_000_000 + b".")
        with pytest.raises(RunError, match="its description of the tensors is too large"):
            run.weights(1)

    def test_an_archive_of_millions_of_entries(self, run):
        entry = b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
        directory = entry * 1_000_000
        end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
        run.checkpoint(1).write_bytes(directory + end)
        with pytest.raises(RunError, match="it has too many entries"):
            run.weights(1)

    def test_the_deepest_network_is_read(self, run):
        weights = weights_of(replace(QUICK, hidden=(100,) * 20))
        torch.save(weights, run.checkpoint(1))
        assert run.weights(1).keys() == weights.keys()

    @pytest.mark.parametrize("content", [torch.zeros(3), [torch.zeros(3)], 3, "text", None])
    def test_no_weights(self, run, content):
        torch.save(content, run.checkpoint(1))
        with pytest.raises(RunError, match="holds no weights"):
            run.weights(1)

    @pytest.mark.parametrize(
        "other",
        [
            weights_of(replace(QUICK, hidden=(17,))),
            weights_of(replace(QUICK, hidden=(16, 16))),
            weights_of(replace(QUICK, hidden=())),
            {},
            dict(list(weights_of(QUICK).items())[:-1]),
            weights_of(QUICK) | {"extra": torch.zeros(1)},
            weights_of(QUICK) | {"output_fc.bias": None},
            weights_of(QUICK) | {"output_fc.bias": [0.0] * 10},
            dict.fromkeys(weights_of(QUICK), 0.0),
            {0: torch.zeros(1)},
        ],
        ids=["wider", "deeper", "linear", "empty", "one less", "one more", "none", "list", "numbers", "number as name"],
    )
    def test_another_network(self, run, other):
        torch.save(other, run.checkpoint(1))
        with pytest.raises(RunError, match="does not match the configured network 784-16-10"):
            load_model(run, run.config(), 1)

    def test_same_network(self, run):
        weights = weights_of(QUICK)
        torch.save(weights, run.checkpoint(1))
        model = load_model(run, run.config(), 1)
        assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())

    def test_a_run_without_the_name_of_its_data_set(self, run):
        # The run can't be read: this is no error of usage.
        record = json.loads((run.path / "config.json").read_text())
        del record["dataset"]
        (run.path / "config.json").write_text(json.dumps(record))
        torch.save(weights_of(QUICK), run.checkpoint(1))
        with pytest.raises(RunError):
            evaluate_stored(run, 1, "test", data_dir=None, explicit_folder=False)

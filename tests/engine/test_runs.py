"""The run folder: its layout, finding runs, reading damaged and hostile ones, and who is writing."""

import contextlib
import fcntl
import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mnist_tui.engine import __version__, files
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import ConfigError, RunError
from mnist_tui.engine.events import Epoch, Phase, Progress, RunFinished, RunStarted, Test, to_json
from mnist_tui.engine.runs.folder import RunFolder, check_runs_folder, find_run, stored_runs
from mnist_tui.engine.runs.names import check_name, runs_folder
from mnist_tui.engine.runs.stored_network import evaluate_stored, load_model
from mnist_tui.engine.runs.summaries import summarise, summarise_all
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training.model import MLP
from tests.helpers import HANG, QUICK, ROOT, checksums

EPOCHS = [
    Epoch(1, 0.5, 0.8, 0.4, 0.85, 2.0, best=True),
    Epoch(2, 0.3, 0.9, 0.2, 0.95, 1.0, best=True),
    Epoch(3, 0.2, 0.95, 0.3, 0.93, 1.0, best=False),
]


def started(run, **values):
    return RunStarted(run, QUICK.to_json(), "digits", "cpu", 100, 90, 10, 20, 0.1, 0.3, 1_767_268_800.0, **values)


@pytest.fixture
def writer(tmp_path):
    """A run that is being written; closed at the end."""
    writer = RunWriter.create(tmp_path, "first", QUICK, {"dataset": "digits"})
    yield writer
    writer.close()


def make_run(runs_dir, folder, events=(), config=QUICK):
    """A stored run with a chosen folder name."""
    path = runs_dir / folder
    (path / "checkpoints").mkdir(parents=True)
    (path / "events.jsonl").write_text("".join(to_json(event) + "\n" for event in events), encoding="utf-8")
    record = {"format": 1, "name": folder, "created": 1.0, "config": config.to_json(), "dataset": "digits"}
    (path / "config.json").write_text(json.dumps(record))
    return RunFolder(path)


def weights_of(config, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(config.layer_sizes).state_dict()


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
        assert record["created"] > 1.7e9

    def test_events_are_there_at_once(self, writer):
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

    def test_looking_takes_nothing_from_torchs_generator(self, writer):
        # A training that begins meanwhile, in another thread, must not draw other numbers for it.
        writer.save_weights(1, weights_of(QUICK))
        before = torch.random.get_rng_state()
        model = load_model(writer.folder, QUICK, 1)
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in weights_of(QUICK).items())


class TestTroubles:
    @pytest.fixture
    def full(self, monkeypatch):
        """A disk that is full until it is asked to be empty."""
        whole = files.replace

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files, "replace", fail)
        return lambda: monkeypatch.setattr(files, "replace", whole)

    def test_checkpoints_that_were_given_up_are_not_forgotten(self, writer, full, monkeypatch):
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

    def test_what_waits_is_tried_before_it_is_given_up(self, writer, full, monkeypatch):
        monkeypatch.setattr("mnist_tui.engine.runs.writer.MAX_PENDING_BYTES", 150_000)
        for epoch in range(2):
            writer.save_weights(epoch, weights_of(QUICK))
        full()
        writer.save_weights(2, weights_of(QUICK))
        assert writer.folder.epochs() == [0, 1, 2]
        assert writer.failure == ""

    def test_a_fine_curve_that_was_given_up_is_not_forgotten(self, writer, monkeypatch):
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

    def test_a_removed_folder_is_told_once(self, writer):
        shutil.rmtree(writer.folder.path)
        for event in [EPOCHS[0], Progress(2, 5, 9, 0.5, 0.8, 1e4, [0.5], [0.8])] * 3:
            writer.append(event)
        (words,) = writer.take_notices()
        assert "the run's folder was removed" in words
        assert "events could not be stored" in writer.failure


class TestReplace:
    def test_replaces_and_leaves_nothing_else(self, tmp_path):
        path = tmp_path / "file"
        files.replace(path, b"old")
        files.replace(path, b"new")
        assert path.read_bytes() == b"new"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_failure_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "file"
        files.replace(path, b"old")

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.replace(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]


class TestNames:
    @pytest.mark.parametrize("name", ["a", "notebook", "lr-0.1_b", "Über", "7", "a" * 64, "v1..2"])
    def test_allowed(self, name):
        check_name(name)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "../../x",
            "..",
            ".",
            ".hidden",
            "-rf",
            "a/b",
            "a\\b",
            "/tmp/x",
            "a b",
            "a\nb",
            "a\n",
            "\x1b[31mred",
            "a\x00",
            "a" * 65,
            "a:b",
            "~",
            "😀",
        ],
    )
    def test_refused(self, name):
        with pytest.raises(ConfigError, match="--name must be 1 to 64 letters") as caught:
            check_name(name)
        assert set(caught.value.problems) == {"name"}
        assert "\x1b" not in str(caught.value)

    def test_allowed_names_fit_into_a_folders_name(self):
        # A file system counts bytes, 255 of them, and 16 are for the time; a Gothic letter takes four.
        name = "\N{GOTHIC LETTER AHSA}" * 64
        with contextlib.suppress(ConfigError):
            check_name(name)
            assert len(f"20260101-120000-{name}".encode()) <= 255


class TestRunsFolder:
    def test_option_then_variable_then_here(self, monkeypatch):
        monkeypatch.setenv("MNIST_TUI_RUNS", "elsewhere")
        assert runs_folder("given") == Path("given")
        assert runs_folder(None) == runs_folder("") == Path("elsewhere")
        monkeypatch.delenv("MNIST_TUI_RUNS")
        assert runs_folder(None) == Path("runs")
        assert runs_folder("~/x") == Path.home() / "x"

    def test_home_of_nobody(self):
        with pytest.raises(ConfigError, match="--runs-dir"):
            runs_folder("~nobody-has-this-name/runs")

    def test_is_made(self, tmp_path):
        check_runs_folder(tmp_path / "a" / "b")
        assert list((tmp_path / "a" / "b").iterdir()) == []

    @pytest.mark.parametrize("below", [".", "runs", "a/b/c"])
    def test_below_a_file(self, tmp_path, below):
        # Root may write everywhere, but not below a regular file.
        (tmp_path / "file").write_text("x")
        with pytest.raises(ConfigError, match="choose another folder with --runs-dir") as caught:
            check_runs_folder(tmp_path / "file" / below)
        assert set(caught.value.problems) == {"runs_dir"}
        assert caught.value.exit_code == 2


class TestFinding:
    @pytest.fixture
    def runs_dir(self, tmp_path):
        for name in ("20260101-120000-first", "20260102-090000-second", "20260101-130000-first"):
            make_run(tmp_path, name, [Phase("train")])
        (tmp_path / "20270101-000000-not-a-run").mkdir()
        (tmp_path / "zzz.txt").write_text("x")
        return tmp_path

    def test_newest_first(self, runs_dir):
        names = [run.name for run in stored_runs(runs_dir)]
        assert names == ["20260102-090000-second", "20260101-130000-first", "20260101-120000-first"]

    def test_latest(self, runs_dir):
        assert find_run(runs_dir, "latest").name == "20260102-090000-second"

    def test_by_full_name(self, runs_dir):
        assert find_run(runs_dir, "20260101-120000-first").name == "20260101-120000-first"

    def test_by_given_name_the_newest(self, runs_dir):
        assert find_run(runs_dir, "first").name == "20260101-130000-first"

    def test_by_folder(self, runs_dir, tmp_path_factory, monkeypatch):
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        path = runs_dir / "20260101-120000-first"
        assert find_run(elsewhere, str(path)).path == path
        monkeypatch.chdir(runs_dir)
        assert find_run(elsewhere, "20260101-120000-first").path.resolve() == path.resolve()

    def test_the_current_folder_has_its_name(self, runs_dir, monkeypatch):
        monkeypatch.chdir(runs_dir / "20260101-120000-first")
        assert find_run(runs_dir, ".").name == "20260101-120000-first"

    @pytest.mark.parametrize(
        "run",
        ["third", "fir", "20260101", "..", "", "~nobody-has-this-name", pytest.param("x" * 300, id="long"), "a\x00b"],
    )
    def test_missing(self, runs_dir, run):
        with pytest.raises(RunError) as caught:
            find_run(runs_dir, run)
        assert caught.value.exit_code == 4
        assert "\x00" not in str(caught.value)

    def test_latest_of_none(self, tmp_path):
        for folder in (tmp_path, tmp_path / "missing"):
            with pytest.raises(RunError, match=r"no run in .* yet"):
                find_run(folder, "latest")
            assert stored_runs(folder) == []


class TestEventsLog:
    def test_torn_last_line_is_left_out(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        path = run.path / "events.jsonl"
        whole = path.read_bytes()
        last = whole.rstrip(b"\n").rfind(b"\n") + 1
        for end in (last + 1, last + 30, len(whole) - 2):
            path.write_bytes(whole[:end])
            assert list(run.events()) == EPOCHS[:2]

    def test_torn_within_a_letter(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS[:1])
        with (run.path / "events.jsonl").open("ab") as file:
            file.write(b'{"event": "phase", "name": "load", "detail": "' + "é".encode()[:1])
        assert list(run.events()) == EPOCHS[:1]

    def test_foreign_lines_are_left_out(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        path = run.path / "events.jsonl"
        good = path.read_bytes().splitlines(keepends=True)
        noise = [b"\n", b"\xff\xfe\x00\n", b"hello\n", b'{"event": "later"}\n', b"[" * 100_000 + b"\n"]
        path.write_bytes(b"".join([*noise, good[0], *noise, *good[1:], *noise]))
        assert list(run.events()) == EPOCHS

    def test_missing(self, tmp_path):
        with pytest.raises(RunError, match=r"events\.jsonl can't be read"):
            list(RunFolder(tmp_path / "missing").events())


class TestManifest:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"3",
            b"\xff\xfe",
            pytest.param(b"[" * 100_000, id="deep"),
            b"{}",
            b'{"format": 1}',
            b'{"format": "1", "config": {}}',
            b'{"format": null, "config": {}}',
            b'{"format": 99, "config": {}}',
            b'{"format": 1, "config": null}',
            b'{"format": 1, "config": 3}',
            b'{"format": 1, "config": []}',
            b'{"format": 1, "config": "lr"}',
            b'{"format": 1, "config": {"epochs": "many"}}',
            b'{"format": 1, "config": {"epochs": 0}}',
            b'{"format": 1, "config": {"hidden": [[1]]}}',
            pytest.param(b'{"format": 1, "config": {"lr": 1' + b"0" * 400 + b"}}", id="beyond any float"),
            b'{"format": 1, "config": {"lr": NaN}}',
            pytest.param(b" " * (1 << 20) + b'{"format": 1, "config": {}}', id="large"),
        ],
    )
    def test_unreadable(self, tmp_path, content):
        run = make_run(tmp_path, "a", EPOCHS)
        (run.path / "config.json").write_bytes(content)
        with pytest.raises(RunError) as caught:
            run.manifest()
        assert "config.json" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1000
        # The list of runs shows it all the same.
        assert summarise(run).status == "unreadable"

    def test_missing(self, tmp_path):
        run = make_run(tmp_path, "a")
        (run.path / "config.json").unlink()
        with pytest.raises(RunError, match="No such file"):
            run.config()

    def test_newer_format_says_so(self, tmp_path):
        run = make_run(tmp_path, "a")
        (run.path / "config.json").write_text('{"format": 2, "config": {}}')
        with pytest.raises(RunError, match="newer mnist-tui: update"):
            run.config()


class Executes:
    """What a malicious checkpoint does when it is unpickled without care: it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class TestCheckpoints:
    @pytest.fixture
    def run(self, tmp_path):
        return make_run(tmp_path, "a", EPOCHS)

    def test_other_files_are_no_epochs(self, run):
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

    def test_cut_anywhere(self, run):
        torch.save(weights_of(QUICK), run.checkpoint(1))
        whole = run.checkpoint(1).read_bytes()
        for end in range(0, len(whole), len(whole) // 10):
            run.checkpoint(1).write_bytes(whole[:end])
            with pytest.raises(RunError, match="is damaged"):
                run.weights(1)

    def test_a_folder_in_its_place(self, run):
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
        # The file is what it is meant to be: whoever unpickles it without care executes it.
        if how == "pickle":
            pickle.loads(path.read_bytes())
        else:
            torch.load(path, weights_only=False)
        assert proof.exists()

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

    def test_a_run_that_does_not_say_what_it_was_trained_on(self, run):
        # The run is what can't be read; nobody typed a wrong option.
        record = json.loads((run.path / "config.json").read_text())
        del record["dataset"]
        (run.path / "config.json").write_text(json.dumps(record))
        torch.save(weights_of(QUICK), run.checkpoint(1))
        with pytest.raises(RunError):
            evaluate_stored(run, 1, "test", data_dir=None, explicit_folder=False)


class TestLive:
    def test_while_the_writer_is_open(self, writer):
        assert writer.folder.is_live()
        assert summarise(writer.folder).status == "running"
        assert summarise(writer.folder).live
        writer.close()
        assert not writer.folder.is_live()
        assert summarise(writer.folder).status == "died"

    def test_seen_from_another_process(self, writer):
        code = "import sys; from pathlib import Path; from mnist_tui.engine.runs.folder import RunFolder; "
        code += "print(RunFolder(Path(sys.argv[1])).is_live())"

        def asked():
            arguments = [sys.executable, "-c", code, str(writer.folder.path)]
            return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=True).stdout

        assert asked() == "True\n"
        writer.close()
        assert asked() == "False\n"

    def test_a_killed_process_writes_no_more(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        code = "import fcntl, sys, time; file = open(sys.argv[1], 'ab'); fcntl.flock(file, fcntl.LOCK_EX); "
        code += "print('locked', flush=True); time.sleep(60)"
        arguments = [sys.executable, "-c", code, str(run.path / "events.jsonl")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "locked\n"
            assert run.is_live()
            process.send_signal(signal.SIGKILL)
        assert not run.is_live()

    def test_readers_do_not_count(self, tmp_path):
        run = make_run(tmp_path, "a", EPOCHS)
        with (run.path / "events.jsonl").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            assert not run.is_live()

    def test_asking_does_not_disturb_the_writer(self, writer):
        for event in EPOCHS:
            assert writer.folder.is_live()
            writer.append(event)
        assert list(writer.folder.events()) == EPOCHS

    def test_missing(self, tmp_path):
        assert not RunFolder(tmp_path / "missing").is_live()


class TestDelete:
    def test_removes_everything(self, tmp_path):
        run, other = make_run(tmp_path, "a", EPOCHS), make_run(tmp_path, "b", EPOCHS)
        run.delete()
        assert [folder.name for folder in stored_runs(tmp_path)] == ["b"]
        assert not run.path.exists()
        assert other.path.exists()

    def test_refused_while_it_is_written(self, writer):
        writer.append(EPOCHS[0])
        with pytest.raises(RunError, match="is being trained: stop it first"):
            writer.folder.delete()
        assert list(writer.folder.events()) == EPOCHS[:1]
        writer.close()
        writer.folder.delete()
        assert not writer.folder.path.exists()

    def test_gone_already(self, tmp_path):
        with pytest.raises(RunError, match="can't be deleted"):
            RunFolder(tmp_path / "missing").delete()


class TestSummaries:
    def test_completed(self, tmp_path):
        test, finished = Test(2, 0.21, 0.94, 94, 100), RunFinished("a", "completed", 5.5)
        summary = summarise(make_run(tmp_path, "a", [started("a"), Phase("train"), *EPOCHS, test, finished]))
        assert (summary.name, summary.status, summary.dataset) == ("a", "completed", "digits")
        assert (summary.epochs, summary.best_epoch) == (3, 2)
        assert (summary.valid_loss, summary.valid_acc, summary.test_acc) == (0.2, 0.95, 0.94)
        assert summary.seconds == 5.5
        assert summary.config == QUICK
        assert not summary.live

    def test_broken_off(self, tmp_path):
        summary = summarise(make_run(tmp_path, "a", [started("a"), *EPOCHS]))
        assert summary.status == "died"
        assert math.isnan(summary.test_acc)
        assert summary.seconds == 4.0

    def test_an_epoch_that_was_cut_short_is_not_counted(self, tmp_path):
        events = [started("a"), EPOCHS[0], replace(EPOCHS[1], complete=False), RunFinished("a", "stopped", 3.0)]
        summary = summarise(make_run(tmp_path, "a", events))
        assert (summary.epochs, summary.status) == (1, "stopped")

    def test_empty_log(self, tmp_path):
        summary = summarise(make_run(tmp_path, "a"))
        assert (summary.epochs, summary.best_epoch, summary.status) == (0, 0, "died")
        assert math.isnan(summary.valid_acc)

    @pytest.mark.parametrize("created", ["null", '"yesterday"', "[]", pytest.param("1" + "0" * 400, id="large")])
    def test_hostile_manifest(self, tmp_path, created):
        run = make_run(tmp_path, "a", EPOCHS)
        (run.path / "config.json").write_text('{"format": 1, "config": {}, "created": ' + created + "}")
        assert summarise(run).epochs == 3

    def test_all(self, tmp_path):
        make_run(tmp_path, "20260101-120000-a", EPOCHS)
        make_run(tmp_path, "20260102-120000-b", EPOCHS[:1])
        (tmp_path / "20260103-120000-c").mkdir()
        assert [(run.name, run.epochs) for run in summarise_all(tmp_path)] == [
            ("20260102-120000-b", 1),
            ("20260101-120000-a", 3),
        ]
        assert summarise_all(tmp_path / "missing") == []

    def test_a_folder_of_somebody_else_hides_no_run(self):
        # In a folder of its own, because pytest's are closed to the user that root becomes here.
        with tempfile.TemporaryDirectory() as name:
            runs_dir = Path(name)
            runs_dir.chmod(0o755)
            make_run(runs_dir, "20260101-120000-a", EPOCHS)
            make_run(runs_dir, "20260102-120000-b", EPOCHS).path.chmod(0o000)
            before = os.geteuid()
            if before == 0:
                os.seteuid(65534)
            try:
                names = [run.name for run in stored_runs(runs_dir)]
            finally:
                os.seteuid(before)
                (runs_dir / "20260102-120000-b").chmod(0o700)
        assert "20260101-120000-a" in names

"""Run folders: found by name, read where damaged, deleted."""

import pytest

from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import Phase
from mnist_tui.engine.runs import trash
from mnist_tui.engine.runs.folder import RunFolder, find_run, stored_runs
from mnist_tui.engine.runs.summaries import summarise
from tests.engine.stored_runs import EPOCHS, make_run


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
        # The list of runs still shows it.
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


class TestDelete:
    def test_a_trash_that_is_a_link_takes_nothing(self, tmp_path):
        run = make_run(tmp_path / "runs", "a", EPOCHS)
        (tmp_path / "elsewhere" / "1" / "theirs").mkdir(parents=True)
        (tmp_path / "runs" / trash.FOLDER).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(RunError, match="can't be deleted"):
            run.delete()
        assert run.path.exists()
        assert trash.newest(tmp_path / "runs") is None

    def test_moves_it_to_the_trash(self, tmp_path):
        run, other = make_run(tmp_path, "a", EPOCHS), make_run(tmp_path, "b", EPOCHS)
        run.delete()
        assert [folder.name for folder in stored_runs(tmp_path)] == ["b"]
        assert not run.path.exists()
        assert other.path.exists()
        assert list(RunFolder(trash.newest(tmp_path)).events()) == EPOCHS

    def test_the_last_one_is_restored_first(self, tmp_path):
        for name in ("b", "a", "c"):
            make_run(tmp_path, name, EPOCHS).delete()
        make_run(tmp_path, "a", EPOCHS[:1]).delete()  # another run of that name
        restored = [trash.restore(trash.newest(tmp_path)) for _ in range(2)]
        assert [path.name for path in restored] == ["a", "c"]
        assert list(RunFolder(tmp_path / "a").events()) == EPOCHS[:1]
        with pytest.raises(RunError, match="another run of that name"):
            trash.restore(trash.newest(tmp_path))
        assert list(RunFolder(tmp_path / "a").events()) == EPOCHS[:1]
        RunFolder(tmp_path / "a").path.rename(tmp_path / "away")
        assert [trash.restore(trash.newest(tmp_path)).name for _ in range(2)] == ["a", "b"]
        assert trash.newest(tmp_path) is None
        assert not (tmp_path / trash.FOLDER).exists()

    def test_refused_while_it_is_written(self, writer):
        writer.append(EPOCHS[0])
        with pytest.raises(RunError, match="is being trained: stop it first"):
            writer.folder.delete()
        assert list(writer.folder.events()) == EPOCHS[:1]
        writer.close()
        writer.folder.delete()
        assert not writer.folder.path.exists()

    def test_already_deleted(self, tmp_path):
        with pytest.raises(RunError, match="can't be deleted"):
            RunFolder(tmp_path / "missing").delete()

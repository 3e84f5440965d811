"""Stored t-SNE pictures: they come back as they were, and damaged files are refused."""

import contextlib
import os
import pickle

import numpy as np
import pytest

from mnist_tui.engine.analysis.tsne import Embedding, load, save
from mnist_tui.engine.errors import RunError


class TestStored:
    @pytest.mark.parametrize("index", [0, 1, -1])
    def test_comes_back(self, whole, tmp_path, index):
        path = tmp_path / "tsne.npz"
        save(path, whole[index])
        back = load(path)
        assert np.array_equal(back.points, whole[index].points)
        for name in ("iteration", "iterations", "phase"):
            assert getattr(back, name) == getattr(whole[index], name)
        np.testing.assert_equal(back.kl_divergence, whole[index].kl_divergence)
        assert os.listdir(tmp_path) == ["tsne.npz"]

    def test_a_crash_keeps_the_old_file(self, whole, tmp_path, monkeypatch):
        path = tmp_path / "tsne.npz"
        save(path, whole[0])

        def crash(*arguments):
            raise OSError("disk full")

        monkeypatch.setattr(os, "replace", crash)
        with pytest.raises(OSError, match="disk full"):
            save(path, whole[-1])
        assert load(path).iteration == 0
        assert os.listdir(tmp_path) == ["tsne.npz"]

    def test_missing(self, tmp_path):
        with pytest.raises(RunError, match=r"none\.npz can't be read .No such file.*run t-SNE again"):
            load(tmp_path / "none.npz")

    def test_damaged_anywhere(self, tmp_path):
        path = tmp_path / "tsne.npz"
        random = np.random.default_rng(0)
        embedding = Embedding(random.normal(size=(5, 2)), 3, 9, 0.5, "stopped")
        save(path, embedding)
        content = path.read_bytes()
        tried = harmless = 0
        for at in range(0, len(content), 5):
            for damaged in (content[:at], content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]):
                tried += 1
                path.write_bytes(damaged)
                with contextlib.suppress(RunError):
                    # A flipped bit where nothing is read, in a date for example, does no harm.
                    assert np.array_equal(load(path).points, embedding.points)
                    harmless += 1
        assert harmless < tried / 3

    @pytest.mark.parametrize(
        "changes",
        [
            {"points": np.zeros((4, 3))},
            {"points": np.zeros(4)},
            {"points": np.full((4, 2), np.nan)},
            {"points": np.array([["a", "b"]])},
            {"phase": np.array("asleep")},
            {"progress": np.array([5, 4])},
            {"progress": np.array([1, 2, 3])},
            {"kl_divergence": np.zeros(3)},
        ],
    )
    def test_something_else(self, tmp_path, changes):
        good = {
            "points": np.zeros((4, 2)),
            "progress": np.array([1, 4]),
            "kl_divergence": np.array(1.0),
            "phase": np.array("stopped"),
        }
        path = tmp_path / "tsne.npz"
        np.savez(path, **good)
        assert load(path).iterations == 4
        np.savez(path, **(good | changes))
        with pytest.raises(RunError, match="can't be read"):
            load(path)
        np.savez(path, **{name: value for name, value in good.items() if name not in changes})
        with pytest.raises(RunError, match="can't be read"):
            load(path)

    def test_nothing_in_it_is_executed(self, tmp_path):
        path, trace = tmp_path / "tsne.npz", tmp_path / "trace"

        class Bomb:
            def __reduce__(self):
                return os.mkdir, (str(trace),)

        np.savez(path, points=np.array([[Bomb(), Bomb()]]), phase="done", progress=[1, 1], kl_divergence=0.0)
        with pytest.raises(RunError):
            load(path)
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(RunError):
            load(path)
        assert not trace.exists()


class TestHostileFiles:
    def test_a_bomb_is_not_unpacked(self, tmp_path):
        path = tmp_path / "tsne.npz"
        np.savez_compressed(path, points=np.zeros((5_000_000, 2)))
        with pytest.raises(RunError, match="it is compressed"):
            load(path)

    def test_a_link_to_another_folder_is_not_written_to(self, tmp_path):
        (tmp_path / "private").mkdir()
        (tmp_path / "projections").symlink_to(tmp_path / "private")
        picture = Embedding(np.zeros((3, 2)), 1, 2, 0.5, "optimisation")
        with pytest.raises(OSError, match="is a symbolic link"):
            save(tmp_path / "projections" / "x.npz", picture)
        assert list((tmp_path / "private").iterdir()) == []

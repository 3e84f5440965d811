"""Files of figures: formats, names, a full disk, cancelled and outdated searches."""

from __future__ import annotations

import errno
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine import files
from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import Imagined
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.errors import Cancelled, ConfigError, RunError
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.export import Form, check, export
from mnist_tui.engine.figures.settings import ViewState
from mnist_tui.engine.runs.folder import RunFolder
from tests.engine.figures_helpers import made

pytestmark = pytest.mark.usefixtures("few_noise_images")


@pytest.mark.parametrize("format", ["svg", "pdf"])
def test_vector_formats_contain_how_they_were_made_and_are_reproducible(
    run: RunFolder, tmp_path: Path, format: str
) -> None:
    """Fails where a date or a random name gets into the file."""
    one, two = (made(run, tmp_path, "confusion", format=format) for _ in range(2))
    content = one.figure.read_bytes()
    assert content == two.figure.read_bytes()
    assert run.name.encode() in content
    assert content.startswith(b"%PDF" if format == "pdf" else b"<?xml")
    assert one.figure.name == f"confusion.{format}"
    assert two.figure.name == f"confusion-2.{format}", "nothing is overwritten"


def test_a_full_disk_leaves_no_files(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where the numbers stay though the figure could not be written."""
    whole, synced = os.fsync, []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:  # the figure; its numbers come first
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="no space left on device"):
        made(run, tmp_path, "confusion")
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_a_run_leads_no_figure_elsewhere(run: RunFolder, tmp_path: Path) -> None:
    """A copied run may contain one; a folder that the user chose may be a link."""
    (tmp_path / "elsewhere").mkdir()
    (run.path / "figures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is a symbolic link"):
        check(Form(run.path / "figures"))
    (tmp_path / "mine").symlink_to(tmp_path / "elsewhere")
    check(Form(tmp_path / "mine"))
    (run.path / "figures").unlink()


@pytest.mark.parametrize("dataset", ["a\ud800\x1b[2J", "x" * 1_000_000, ["digits"], {}])
def test_any_name_of_a_data_set_can_be_drawn(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: object
) -> None:
    manifest = RunFolder.manifest
    monkeypatch.setattr(RunFolder, "manifest", lambda self: (manifest(self)[0], {"dataset": dataset}))
    content = made(run, tmp_path, "curves", format="svg").figure.read_text()
    assert "\x1b" not in content
    assert "x" * 100 not in content


def test_file_names_get_the_first_free_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kept")
    paths = files.write_unique(tmp_path, "a", {"png": b"1", "csv": b"2"})
    assert [path.name for path in paths] == ["a-2.png", "a-2.csv"], "both have the same number"
    assert (tmp_path / "a.csv").read_text() == "kept"
    assert files.write_unique(tmp_path, "a", {"png": b"3"})[0].name == "a.png"


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_concurrent_exports_take_different_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Fails where a name is looked for first and taken later."""
    if not links:

        def refuse(*_: object) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    with ThreadPoolExecutor(8) as pool:
        added = list(
            pool.map(lambda n: files.write_unique(tmp_path, "a", {"csv": b"%d" % n, "png": b"%d" % n}), range(24))
        )
    assert sorted(path.name for paths in added for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    for number, (csv, png) in enumerate(added):
        assert csv.read_bytes() == png.read_bytes() == b"%d" % number
        assert csv.stem == png.stem


def test_cancelling_a_search_writes_nothing(run: RunFolder, tmp_path: Path) -> None:
    context = Context(Analyst(), cancelled=lambda: True)
    subject = Subject(run.path, 2, "test")
    for view in ("tsne-output", "imagine"):
        with pytest.raises(Cancelled):
            export(context, ViewState(view, subject), Form(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("view", "store"), [("tsne-output", "projections"), ("imagine", "imagined")])
def test_an_epoch_retrained_during_a_search_gets_none_of_its_results(
    run: RunFolder, tmp_path: Path, view: str, store: str
) -> None:
    """Fails where a picture of replaced weights is stored, or drawn, as one of the new weights."""
    copy = RunFolder(shutil.copytree(run.path, tmp_path / "copy"))
    shutil.rmtree(copy.path / store, ignore_errors=True)
    subject, retrained = Subject(copy.path, 2, "test"), []

    def retrain(*_: object) -> None:
        """What resuming does to an epoch that was cut short."""
        if not retrained:
            files.replace(copy.checkpoint(2), copy.checkpoint(1).read_bytes())
            retrained.append(True)

    context = Context(Analyst(), report=retrain)
    with pytest.raises(RunError, match="epoch 2 was retrained"):
        export(context, ViewState(view, subject), Form(tmp_path))
    assert retrained
    assert not list((copy.path / store).glob("*"))
    assert not list(tmp_path.glob("*.png"))
    export(context, ViewState(view, subject), Form(tmp_path))
    assert list((copy.path / store).glob("*")), "the next attempt is stored"


def test_stored_imagined_digits_are_read_back_and_damaged_ones_ignored(tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(size=(28, 28)).astype(np.float32)
    near = Neighbour(np.full((28, 28), 9, np.uint8), 4, 17, 12.5)
    imagined_store.save(tmp_path, 2, Imagined("smooth", 4, image, 0.75, 200, near))
    (found,) = imagined_store.load(tmp_path, 2, 10).values()
    np.testing.assert_array_equal(found.image, image)
    assert (found.probability, found.tried, found.nearest.index, found.nearest.label) == (0.75, 200, 17, 4)  # type: ignore[union-attr]
    (path,) = (tmp_path / "imagined").iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    assert imagined_store.load(tmp_path, 2, 10) == {}
    np.savez(path, image=np.array([{}], dtype=object), allow_pickle=True)
    assert imagined_store.load(tmp_path, 2, 10) == {}, "nothing is unpickled"

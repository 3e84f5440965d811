"""Figures of a small run: drawn, signed with how they were made, and their numbers those of the analysis."""

from __future__ import annotations

import errno
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from mnist_tui.engine import files
from mnist_tui.engine.analysis import imagined_store, listing
from mnist_tui.engine.analysis.curves import run_curves
from mnist_tui.engine.analysis.imagined import METHODS, Imagined, NearestImage
from mnist_tui.engine.analysis.pca import aligned, orientation, oriented, pca
from mnist_tui.engine.analysis.projection import Wanted, project
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.errors import Cancelled, ConfigError, RunError
from mnist_tui.engine.events import Epoch, Event, Progress
from mnist_tui.engine.figures import imagine
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.export import Exported, Form, Size, check, export, parse_size
from mnist_tui.engine.figures.registry import KINDS, select_views
from mnist_tui.engine.figures.settings import Settings, ViewState, arguments, parse, short_path
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from tests.figures import finished_run, floats, pixels, record, said, table

ONE_RUN = [view for view in KINDS if view != "compare"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return finished_run(tmp_path_factory.mktemp("figures"))


@pytest.fixture(autouse=True)
def _few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagine, "NOISE_IMAGES", 2000)


def subject_of(run: RunFolder, view: str = "mistakes", epoch: int = 3) -> Subject:
    return Subject(run.path, epoch, KINDS[view].split or "test")


def made(run: RunFolder, folder: Path, view: str, settings: Settings | None = None, **form: object) -> Exported:
    wanted = Form(folder, numbers=True, **form)  # type: ignore[arg-type]
    check(wanted)
    return export(Context(Analyst()), ViewState(view, subject_of(run, view), settings or Settings()), wanted)


@pytest.mark.parametrize("view", ONE_RUN)
def test_every_view_is_a_picture_that_says_how_it_was_made(run: RunFolder, tmp_path: Path, view: str) -> None:
    """Fails where a figure is blank, nearly blank or unsigned."""
    exported = made(run, tmp_path, view)
    picture = pixels(exported.figure)
    assert min(picture.shape[:2]) > 300
    assert 0.005 < (picture < 128).any(axis=2).mean() < 0.7, "it is nearly blank, or nearly full"
    text = said(exported.figure)
    assert text["Run"] == run.name
    assert text["View"] == view
    assert text["Seed"] == "1234"
    assert text["Version"]
    assert text["Command"] == exported.command
    assert text["Command"].startswith(f"mnist-tui export {short_path(run.path)} {view}")
    if KINDS[view].epoch:
        assert text["Epoch"] == "3"
    if KINDS[view].split:
        assert text["Split"] == KINDS[view].split
    assert exported.numbers is not None
    assert exported.numbers.stem == exported.figure.stem == view


def test_no_text_leaves_the_paper(run: RunFolder, tmp_path: Path) -> None:
    """Fails where a heading, a label or a legend is cut off: ink would touch the edge."""
    for view in ("curves", "data", "confusion", "mistakes", "image", "projection", "pca-output", "weights"):
        for size in (None, Size(4, 3)):
            picture = pixels(made(run, tmp_path, view, size=size, dpi=60).figure)
            edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
            assert all((edge > 200).all() for edge in edges), (view, size)


class TestNumbers:
    """The files' numbers are those of the analysis for the same subject, which the screens draw."""

    def test_curves(self, run: RunFolder, tmp_path: Path) -> None:
        columns = table(made(run, tmp_path, "curves", Settings(smooth=0.6)).numbers)
        data = run_curves(History.of(run.events()), smoothing=0.6)
        assert columns["curve"] == [curve.role for curve in data.curves for _ in curve.xs]
        np.testing.assert_array_equal(floats(columns["loss"]), np.concatenate([curve.loss for curve in data.curves]))
        np.testing.assert_array_equal(floats(columns["accuracy"]), np.concatenate([c.acc for c in data.curves]))
        np.testing.assert_array_equal(floats(columns["epoch"]), np.concatenate([curve.xs for curve in data.curves]))
        assert set(columns["run"]) == {run.name}

    def test_confusion(self, run: RunFolder, tmp_path: Path) -> None:
        values = record(made(run, tmp_path, "confusion").numbers)
        judged = Analyst().judged(subject_of(run))
        assert values["schema"] == "mnist-tui/confusion/1"
        assert values["counts"] == confusion_matrix(judged.labels, judged.predictions, labels=range(10)).tolist()
        assert values["correct"] == int(judged.correct.sum())
        assert values["made"]["epoch"] == 3

    def test_mistakes(self, run: RunFolder, tmp_path: Path) -> None:
        settings = Settings(sort="loss", reverse=True, filter="true:1,3,8", first=2)
        columns = table(made(run, tmp_path, "mistakes", settings).numbers)
        data = listing.compute(Analyst(), subject_of(run), listing.Wanted("true:1,3,8", "wrong", "loss", True))
        assert len(data.positions) > 3
        assert [int(i) for i in columns["index"]] == data.judged.indices[data.positions].tolist()
        np.testing.assert_array_equal(floats(columns["loss"]), data.judged.loss[data.positions])
        np.testing.assert_array_equal(floats(columns["p3"]), data.judged.probabilities[data.positions, 3])
        assert columns["rank"] == [str(i + 1) for i in range(len(data.positions))]

    @pytest.mark.parametrize("view", ["pca-output", "pca-hidden", "tsne-hidden"])
    def test_pictures(self, run: RunFolder, tmp_path: Path, view: str) -> None:
        columns = table(made(run, tmp_path, view).numbers)
        method, layer = view.split("-")
        picture = project(Analyst(), subject_of(run), Wanted(method, layer))  # type: ignore[arg-type]
        points = np.stack([floats(columns["x"]), floats(columns["y"])], axis=1)
        np.testing.assert_array_equal(points, picture.points)
        assert [int(i) for i in columns["label"]] == picture.labels.tolist()
        assert [int(i) for i in columns["index"]] == picture.indices.tolist()

    def test_images_and_weights(self, run: RunFolder, tmp_path: Path) -> None:
        analyst, subject = Analyst(), subject_of(run)
        values = record(made(run, tmp_path, "data", Settings(first=5, count=3)).numbers)
        training = analyst.images(run.path, "train")
        assert values["stored"] == training.images[4:7].tolist()
        assert values["stored"] != values["augmented"]
        wrong = listing.compute(analyst, subject, listing.Wanted()).positions
        values = record(made(run, tmp_path, "image").numbers)
        assert values["index"] == analyst.judged(subject).indices[wrong[0]]
        assert [one["epoch"] for one in values["history"]] == [0, 1, 2, 3]
        assert len(values["neighbours"]) == 10
        columns = table(made(run, tmp_path, "weights", Settings(count=4)).numbers)
        weights = run.weights(3)["input_fc.weight"].numpy()
        np.testing.assert_array_equal(floats(columns["w399"]).astype(np.float32), weights[:4, 399])

    def test_imagined_digits_are_stored_and_used_again(self, run: RunFolder, tmp_path: Path) -> None:
        """Fails where an export searches anew though the run has the pictures."""
        first = record(made(run, tmp_path, "imagine", Settings(digits=(3, 8))).numbers)
        assert [(one["method"], one["digit"]) for one in first["imagined"]] == [(m, d) for m in METHODS for d in (3, 8)]
        stored = imagined_store.load(run.path, 3, 10)
        stored[("noise", 3)].image[0, 0] = 77.0
        imagined_store.save(run.path, 3, stored[("noise", 3)])
        again = record(made(run, tmp_path, "imagine", Settings(digits=(3,))).numbers)
        assert again["imagined"][0]["pixels"][0][0] == 77.0


def test_a_comparison_needs_others_and_lays_them_over_each_other(run: RunFolder, tmp_path: Path) -> None:
    other = finished_run(tmp_path / "more", "other", replace(run.config(), epochs=1))
    context, form = Context(Analyst()), Form(tmp_path, numbers=True)
    with pytest.raises(ConfigError, match="--with"):
        export(context, ViewState("compare", subject_of(run)), form)
    exported = export(context, ViewState("compare", subject_of(run), Settings(compared=(other.path,))), form)
    columns = table(exported.numbers)
    assert columns["run"] == [run.name] * 3 + [other.name]
    assert floats(columns["loss"])[3] == History.of(other.events()).epochs[0].valid_loss


def test_curves_of_a_training_that_diverged(run: RunFolder, tmp_path: Path) -> None:
    def lost(event: Event) -> Event:
        if not isinstance(event, Progress):
            return event
        nothing = [math.nan] * len(event.losses)
        return replace(event, loss=math.nan, acc=math.nan, losses=nothing, accs=nothing)

    data = run_curves(History.of(map(lost, run.events())))
    assert any(len(curve.xs) for curve in data.curves if curve.role == "batches")
    for settings in (Settings(), Settings(log=True)):
        state = ViewState("curves", subject_of(run, "curves"), settings, data)
        assert export(Context(Analyst()), state, Form(tmp_path)).figure.exists()


def test_curves_before_there_is_a_point_even_on_an_axis_of_logarithms(run: RunFolder, tmp_path: Path) -> None:
    data = run_curves(History.of(event for event in run.events() if not isinstance(event, Progress | Epoch)))
    assert not any(len(curve.xs) for curve in data.curves)
    state = ViewState("curves", subject_of(run, "curves"), Settings(log=True), data)
    assert export(Context(Analyst()), state, Form(tmp_path)).figure.exists()


@pytest.mark.parametrize("format", ["svg", "pdf"])
def test_vectors_say_how_they_were_made_and_come_out_equal(run: RunFolder, tmp_path: Path, format: str) -> None:
    """Fails where a date or a random name gets into the file."""
    one, two = (made(run, tmp_path, "confusion", format=format) for _ in range(2))
    content = one.figure.read_bytes()
    assert content == two.figure.read_bytes()
    assert run.name.encode() in content
    assert content.startswith(b"%PDF" if format == "pdf" else b"<?xml")
    assert one.figure.name == f"confusion.{format}"
    assert two.figure.name == f"confusion-2.{format}", "nothing is overwritten"


def test_a_full_disk_leaves_nothing_behind(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_names_of_files_go_on_with_the_first_free_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kept")
    paths = files.write_unique(tmp_path, "a", {"png": b"1", "csv": b"2"})
    assert [path.name for path in paths] == ["a-2.png", "a-2.csv"], "both have the same number"
    assert (tmp_path / "a.csv").read_text() == "kept"
    assert files.write_unique(tmp_path, "a", {"png": b"3"})[0].name == "a.png"


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_two_at_the_same_moment_take_different_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
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


def test_giving_up_in_a_search_writes_nothing(run: RunFolder, tmp_path: Path) -> None:
    context = Context(Analyst(), cancelled=lambda: True)
    subject = Subject(run.path, 2, "test")
    for view in ("tsne-output", "imagine"):
        with pytest.raises(Cancelled):
            export(context, ViewState(view, subject), Form(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("view", "store"), [("tsne-output", "projections"), ("imagine", "imagined")])
def test_an_epoch_retrained_during_a_search_gets_none_of_its_findings(
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


class TestSettings:
    def test_the_command_says_them_and_is_understood(self) -> None:
        """Fails where a setting gets lost between the screen and the command."""
        settings = Settings(
            log=True, smooth=0.6, last=10, first=26, count=9, draw=3, percent=True, both=True, which="all",
            sort="margin", reverse=True, filter="true:3 conf>0.9", index=947, points=1000, classes=(0, 3),
            window=(-1.5, -2.0, 3.25, 4.0), wrong=True, axes=(-2, 1), digits=(3, 5), order="norm", unit=7, layer=1,
            each=True,
        )  # fmt: skip
        for view, kind in KINDS.items():
            words = arguments(settings, [name for name in kind.options if name != "compared"])
            from mnist_tui.engine.figures.settings import OPTIONS

            named = {option.flag: name for name, option in OPTIONS.items()}
            values, rest = {}, list(words)
            while rest:
                name = named[rest.pop(0)]
                values[name] = rest.pop(0) if OPTIONS[name].metavar else True
            understood = parse(values)
            for name in kind.options:
                if name != "compared":
                    assert getattr(understood, name) == getattr(settings, name), (view, name)
        assert arguments(Settings(), OPTIONS) == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("smooth", "1"), ("smooth", "nan"), ("smooth", "x"), ("count", "0"), ("first", "0"), ("first", "-1"),
            ("index", "1.5"), ("classes", "10"), ("classes", ""), ("classes", "a"), ("axes", "1,1"), ("axes", "3,1"),
            ("window", "1,2,3"), ("window", "3,0,1,1"), ("window", "nan,0,1,1"), ("which", "bad"), ("sort", ""),
            ("order", "x"), ("layer", "99"), ("points", "1"), ("digits", "3,"), ("unit", "²"),
        ],
    )  # fmt: skip
    def test_wrong_ones_are_named(self, name: str, value: str) -> None:
        with pytest.raises(ConfigError, match=f"--{name}"):
            parse({name: value})

    def test_what_no_view_takes_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="--unit applies only to weights"):
            select_views(("confusion",), {"unit"})
        with pytest.raises(ConfigError, match="'bogus' is not known"):
            select_views(("curves", "bogus"), set())
        assert select_views((), set()) == ONE_RUN

    @pytest.mark.parametrize("size", ["1x5", "7", "x", "7x", "nanx3", "7x50"])
    def test_wrong_sizes(self, size: str) -> None:
        with pytest.raises(ConfigError, match="--size"):
            parse_size(size)

    def test_what_the_subject_does_not_have(self, run: RunFolder, tmp_path: Path) -> None:
        for view, settings, words in (
            ("weights", Settings(layer=3), "--layer 3"),
            ("weights", Settings(unit=16), "0 to 15"),
            ("image", Settings(index=99_999), "--index 99999"),
            ("mistakes", Settings(filter="tru:3"), "--filter"),
        ):
            with pytest.raises(ConfigError, match=words):
                made(run, tmp_path, view, settings)
        assert list(tmp_path.iterdir()) == []


def test_a_turned_picture_is_named_so_that_it_can_be_turned_again() -> None:
    """Fails where the picture on the screen, turned like the epoch before, comes out mirrored."""
    random = np.random.default_rng(5)
    x = random.normal(size=(60, 5)) * [3, 2.9, 1, 1, 1]
    plain = pca(x)
    for signs in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        for order in ((0, 1), (1, 0)):
            turned = aligned(plain, plain.points[:, order] * signs)
            again = oriented(plain, orientation(turned, plain))
            np.testing.assert_array_equal(again.points, turned.points)
            np.testing.assert_array_equal(again.explained_variance_ratio, turned.explained_variance_ratio)


def test_imagined_digits_survive_the_disk_and_damage_is_left_out(tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(size=(28, 28)).astype(np.float32)
    near = NearestImage(17, 4, np.full((28, 28), 9, np.uint8), 12.5)
    imagined_store.save(tmp_path, 2, Imagined("smooth", 4, image, 0.75, 200, near))
    (found,) = imagined_store.load(tmp_path, 2, 10).values()
    np.testing.assert_array_equal(found.image, image)
    assert (found.probability, found.tried, found.nearest.index, found.nearest.label) == (0.75, 200, 17, 4)  # type: ignore[union-attr]
    (path,) = (tmp_path / "imagined").iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    assert imagined_store.load(tmp_path, 2, 10) == {}
    np.savez(path, image=np.array([{}], dtype=object), allow_pickle=True)
    assert imagined_store.load(tmp_path, 2, 10) == {}, "nothing is unpickled"

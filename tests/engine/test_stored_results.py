"""Results stored in a run's folder are found, also if another process stored them after this one looked."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine.analysis import imagined_store
from mnist_tui.engine.analysis.imagined import Imagined
from mnist_tui.engine.analysis.projection import ProjectionSpec, project, store_path, store_version, stored_variants
from mnist_tui.engine.analysis.stored_answers import imagined_digits
from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.analysis.training_images import Neighbour
from mnist_tui.engine.analysis.tsne import Embedding, save
from mnist_tui.engine.runs.folder import RunFolder


@pytest.fixture
def subject(run: RunFolder, tmp_path: Path) -> Subject:
    """A copy of the run without stored results."""
    copy = Path(shutil.copytree(run.path, tmp_path / "copy"))
    for name in ("imagined", "projections"):
        shutil.rmtree(copy / name, ignore_errors=True)
    return Subject(copy, 3, "test")


def imagined(digit: int) -> Imagined:
    image = np.random.default_rng(digit).normal(size=(28, 28)).astype(np.float32)
    return Imagined("ascent", digit, image, 0.5, 10, Neighbour(np.zeros((28, 28), np.uint8), 1, 2, 0.5))


def test_imagined_digits_of_another_process_are_seen(subject: Subject) -> None:
    analyst = Analyst()
    assert imagined_digits(analyst, subject.network) == {}
    imagined_store.save(subject.folder, subject.epoch, imagined(4))
    assert list(imagined_digits(analyst, subject.network)) == [("ascent", 4)]
    imagined_store.save(subject.folder, subject.epoch, imagined(7))
    os.utime(subject.folder / "imagined", (1, 1))  # two writes may lie within one tick of the file system's clock
    assert list(imagined_digits(analyst, subject.network)) == [("ascent", 4), ("ascent", 7)]


def test_a_digit_stored_by_a_version_that_compared_pixels_gets_its_nearest_image(subject: Subject) -> None:
    path = imagined_store.save(subject.folder, subject.epoch, imagined(4))
    with np.load(path) as stored:
        values = dict(stored)
    values["distance"] = values.pop("hidden_distance")
    np.savez(path, **values)
    analyst = Analyst()
    (found,) = imagined_digits(analyst, subject.network).values()
    _, dataset = analyst.run(subject.folder)
    state = {k: v.double().numpy() for k, v in analyst.model(subject.folder, 3).state_dict().items()}

    def hidden(x: np.ndarray) -> np.ndarray:
        for name in list(state)[:-2:2]:
            x = np.maximum(x @ state[name].T + state[name.replace("weight", "bias")], 0)
        return x

    train = analyst.images(subject.folder, "train")
    references = hidden((train.images.reshape(-1, 784) / 255 - dataset.mean) / dataset.std)
    distances = np.linalg.norm(references - hidden(found.image.reshape(1, -1).astype(float)), axis=1)
    assert found.nearest.index == train.indices[distances.argmin()]
    assert found.nearest.distance == pytest.approx(distances.min(), rel=1e-4)


def test_the_stored_tsnes_are_named_where_another_one_is_missing(subject: Subject) -> None:
    assert store_version(subject.folder) is None
    spec = ProjectionSpec("tsne")
    assert project(Analyst(), subject, spec).others == ()
    (subject.folder / "projections").mkdir()
    before = store_version(subject.folder)
    for epoch, count, layer in ((3, 100, "hidden"), (1, 297, "hidden"), (2, 297, "output")):
        embedding = Embedding(np.zeros((count, 2)), 1, 1, 0.5, "done")
        save(store_path(replace(subject, epoch=epoch), layer, count), embedding)  # type: ignore[arg-type]
    (subject.folder / "projections" / "tsne-hidden-test-x-5.npz").touch()
    assert store_version(subject.folder) != before
    assert stored_variants(subject, "hidden") == ((1, 297), (3, 100))
    projection = project(Analyst(), subject, spec)
    assert projection.points is None
    assert projection.others == ((1, 297), (3, 100))
    stored = project(Analyst(), replace(subject, epoch=1), spec)
    assert stored.points is not None
    assert stored.others == ()
    # The stored number of points can be selected, though it is none of the usual ones.
    fewer = spec.step_points(-1, 297, [100])
    assert fewer.count(297) == 100
    assert project(Analyst(), subject, fewer).points is not None
    assert fewer.step_points(1, 297, [100]).count(297) == 297

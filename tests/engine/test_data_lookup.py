"""Data sets that are nearly in the right place, or under nearly the right names."""

import gzip
import shutil
from functools import partial

import numpy as np
import pytest

from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.folder import survey
from mnist_tui.engine.data.lookup import file_names, locate, misplaced
from mnist_tui.engine.data.mirrors import DownloadError
from tests.engine.mirror import listing, source_file, tiny_data
from tests.engine.test_data_loading import run

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("no_way_out")]


@pytest.fixture
def tiny(monkeypatch):
    """Replace MNIST by the tiny data set, in the folder MNIST."""
    data = tiny_data()
    object.__setattr__(data.info, "folder", "MNIST")
    monkeypatch.setitem(CATALOG, "mnist", data.info)
    return data


def put(data, place, rename=lambda name: name, pack=lambda content: content):
    """Write the four files into a folder, under changed names."""
    for name, content in data.raw.items():
        path = place / rename(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(content))


NAMES = {
    "7-zip's": lambda name: name.replace("-idx", ".idx"),
    "underscores": lambda name: name.replace("-", "_"),
    "capitals": str.upper,
    "short": lambda name: name.rpartition("-idx")[0],
    "an extension": lambda name: f"{name}.idx",
    "a second download": lambda name: f"{name} (1).gz",
    "test instead of t10k": lambda name: name.replace("t10k", "test"),
    "a folder of the same name": lambda name: f"{name}/{name}",
    "Kaggle's": lambda name: f"{name}/{name.replace('-idx', '.idx')}",
}
PLACES = {
    "no raw": ("MNIST", "."),
    "raw twice": ("MNIST/raw/raw", "."),
    "one level too deep": ("MNIST/MNIST/raw", "."),
    "one level too deep, without raw": ("MNIST/MNIST", "."),
    "lower case": ("mnist/raw", "."),
    "the set's folder is given": ("MNIST/raw", "MNIST"),
    "the set's folder is given, without raw": ("MNIST", "MNIST"),
    "the raw folder is given": ("MNIST/raw", "MNIST/raw"),
}
"""Where the files are, and which folder is given."""


class TestTaken:
    @pytest.mark.parametrize("rename", NAMES.values(), ids=NAMES)
    @pytest.mark.parametrize("pack", [bytes, partial(gzip.compress, mtime=0)], ids=["raw", "gz"])
    def test_names(self, tmp_path, tiny, rename, pack):
        put(tiny, tmp_path / "MNIST" / "raw", rename, pack)
        before = listing(tmp_path)
        assert survey(tmp_path)["mnist"].state == "ready"
        phases, dataset = run("mnist", tmp_path)
        assert phases == ["verify", "load"]
        np.testing.assert_array_equal(dataset.images, tiny.images)
        np.testing.assert_array_equal(dataset.labels, tiny.labels)
        assert listing(tmp_path) == before

    @pytest.mark.parametrize(("place", "given"), PLACES.values(), ids=PLACES)
    def test_places(self, tmp_path, tiny, place, given):
        put(tiny, tmp_path / place)
        assert survey(tmp_path / given)["mnist"].state == "ready"
        phases, dataset = run("mnist", tmp_path / given)
        assert phases == ["verify", "load"]
        np.testing.assert_array_equal(dataset.images, tiny.images)

    @pytest.mark.parametrize("place", [".", "raw"])
    def test_the_data_folder_itself_with_published_files(self, tmp_path, mnist_folder, place):
        (tmp_path / place).mkdir(exist_ok=True)
        for source in CATALOG["mnist"].files:
            real = mnist_folder / "MNIST" / "raw" / source.name
            (tmp_path / place / source.name.replace("-idx", ".idx")).symlink_to(real.resolve())
        phases, dataset = run("mnist", tmp_path)
        assert phases == ["verify", "load"]
        assert len(dataset.images) == 60_000

    def test_the_right_place_is_preferred(self, tmp_path, tiny):
        put(tiny, tmp_path / "MNIST" / "raw")
        put(tiny, tmp_path / "MNIST", pack=lambda _: b"junk")
        put(tiny, tmp_path / "MNIST" / "raw", lambda name: f"{name} (1)", lambda _: b"junk")
        _, dataset = run("mnist", tmp_path)
        np.testing.assert_array_equal(dataset.images, tiny.images)

    def test_of_two_similar_names_the_good_file_is_taken(self, tmp_path, tiny):
        put(tiny, tmp_path / "MNIST" / "raw", lambda name: f"{name} (1)", lambda _: b"an interrupted download")
        put(tiny, tmp_path / "MNIST" / "raw", lambda name: f"{name} (2)")
        _, dataset = run("mnist", tmp_path)
        np.testing.assert_array_equal(dataset.images, tiny.images)


class TestNotTaken:
    @pytest.mark.parametrize(
        "name",
        ["._train-images-idx3-ubyte", "train-images-idx3-ubyte.gz.part", "train-images-idx3-ubyte.gz.crdownload"],
    )
    def test_partial_and_hidden_files(self, tmp_path, tiny, name):
        (tmp_path / "MNIST" / "raw").mkdir(parents=True)
        (tmp_path / "MNIST" / "raw" / name).write_bytes(tiny.raw[tiny.info.train_images.name])
        assert locate(tiny.info, tmp_path, tiny.info.train_images) is None

    def test_another_data_sets_files(self, tmp_path, tiny):
        put(tiny, tmp_path / "FashionMNIST" / "raw")
        assert locate(tiny.info, tmp_path, tiny.info.train_images) is None
        assert misplaced(tiny.info, tmp_path) == ""

    def test_unproven_files_in_the_data_folder_itself(self, tmp_path, tiny):
        put(tiny, tmp_path)  # no checksum of the uncompressed files is published, and other sets have the same names
        assert locate(tiny.info, tmp_path, tiny.info.train_images) is None

    def test_a_changed_file_in_the_data_folder_itself(self, tmp_path):
        data = tiny_data()
        known = source_file(data.info.train_images.name, 30, data.raw[data.info.train_images.name], raw_known=True)
        path = tmp_path / known.name
        path.write_bytes(data.raw[known.name])
        assert locate(data.info, tmp_path, known) == path
        path.write_bytes(data.raw[known.name][:-1] + b"\0")
        assert locate(data.info, tmp_path, known) is None


class TestNamed:
    def refused(self, folder):
        with pytest.raises(DownloadError) as caught:
            run("mnist", folder)
        text = str(caught.value)
        assert "\n" not in text
        return text

    def test_a_damaged_file_of_a_similar_name(self, tmp_path, tiny):
        put(tiny, tmp_path / "MNIST" / "raw", NAMES["7-zip's"])
        path = tmp_path / "MNIST" / "raw" / "t10k-labels.idx1-ubyte"
        path.write_bytes(b"short")
        found = survey(tmp_path)["mnist"]
        assert (found.state, found.detail) == (
            "damaged",
            "t10k-labels.idx1-ubyte is truncated: 5 bytes instead of 28",
        )

    def test_three_of_four(self, tmp_path, tiny):
        put(tiny, tmp_path / "MNIST" / "raw")
        (tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
        assert f"; put t10k-labels-idx1-ubyte into {tmp_path}/MNIST/raw" in self.refused(tmp_path)
        _, dataset = run("auto", tmp_path)
        assert dataset.note.startswith(f"t10k-labels-idx1-ubyte of Tiny is not in {tmp_path}")

    def test_two_of_four(self, tiny):
        assert file_names(tiny.info, tiny.info.files[1:3]) == "train-labels-idx1-ubyte and t10k-images-idx3-ubyte"
        assert file_names(tiny.info, tiny.info.files) == "the four files"

    @pytest.mark.parametrize("place", [".", "archive", "a/b/c"])
    def test_a_place_that_proves_nothing(self, tmp_path, tiny, place):
        put(tiny, tmp_path / place, NAMES["7-zip's"])
        path = tmp_path / place / "t10k-images.idx3-ubyte"
        words = f"move {path} and the files that belong to it into {tmp_path}/MNIST/raw"
        assert self.refused(tmp_path).endswith(f"refused the connection; {words}")
        _, dataset = run("auto", tmp_path)
        assert dataset.note.endswith(f"; to use Tiny, {words}")

    @pytest.mark.parametrize("name", ["mnist.npz", "mnist_train.csv", "MNIST.zip", "mnist.pkl.gz"])
    def test_another_format(self, tmp_path, tiny, name):
        (tmp_path / name).write_bytes(b"")
        text = self.refused(tmp_path)
        assert f"put the four files into {tmp_path}/MNIST/raw: {tmp_path}/{name} is not in the IDX format" in text

    def test_a_link_in_a_circle(self, tmp_path, tiny):
        (tmp_path / "again").symlink_to(tmp_path)
        assert misplaced(tiny.info, tmp_path) == ""

    def test_a_folder_with_very_many_files(self, tmp_path, tiny):
        for number in range(1500):
            (tmp_path / f"{number}.png").touch()
        assert misplaced(tiny.info, tmp_path) == ""
        shutil.rmtree(tmp_path)
        assert misplaced(tiny.info, tmp_path) == ""

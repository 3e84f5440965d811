"""From a name to a data set: what is read, downloaded, replaced by another data set, and refused."""

import numpy as np
import pytest

from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.loading import load
from mnist_tui.engine.data.mirrors import DownloadError
from mnist_tui.engine.errors import Cancelled, ConfigError, DataError
from tests.engine.mirror import idx, listing, mirror, tiny_data

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("no_way_out")]


@pytest.fixture
def tiny(monkeypatch):
    """Replace MNIST by the tiny data set."""
    data = tiny_data()
    monkeypatch.setitem(CATALOG, "mnist", data.info)
    return data


def run(name, folder, *, explicit=True, cancelled=lambda: False):
    """The names of the phases, each once, and the data set."""
    running = load(name, folder, explicit_folder=explicit, cancelled=cancelled)
    phases = []
    while True:
        try:
            phases.append(next(running))
        except StopIteration as end:
            return list(dict.fromkeys(phase.name for phase in phases)), end.value


class TestFromFiles:
    @pytest.mark.parametrize("name", ["auto", "mnist"])
    def test_real_mnist(self, mnist_folder, name):
        from torchvision.datasets import MNIST

        phases, dataset = run(name, mnist_folder)
        assert phases == ["verify", "load"]
        assert (dataset.name, dataset.note, len(dataset.classes)) == ("mnist", "", 10)
        for train, images, labels in (
            (True, dataset.images, dataset.labels),
            (False, dataset.test_images, dataset.test_labels),
        ):
            reference = MNIST(mnist_folder, train=train, download=False)
            np.testing.assert_array_equal(images, reference.data.numpy())
            np.testing.assert_array_equal(labels, reference.targets.numpy())
            counts = np.bincount(reference.targets.numpy())
            np.testing.assert_array_equal(dataset.class_counts(labels), counts)
        assert dataset.mean == pytest.approx(0.13066048920154572, abs=1e-7)
        train_indices, valid_indices = dataset.split(1234)
        assert (len(train_indices), len(valid_indices)) == (54_000, 6_000)

    @pytest.mark.parametrize("compressed", [False, True])
    def test_raw_or_compressed(self, tmp_path, tiny, compressed):
        tiny.write(tmp_path, compressed=compressed)
        before = listing(tmp_path)
        _, dataset = run("mnist", tmp_path)
        np.testing.assert_array_equal(dataset.images, tiny.images)
        np.testing.assert_array_equal(dataset.labels, tiny.labels)
        assert len(dataset.test_images) == len(dataset.test_labels) == 20
        assert listing(tmp_path) == before

    @pytest.mark.parametrize("name", ["auto", "mnist"])
    def test_damage_is_an_error_and_no_fallback(self, tmp_path, tiny, name):
        place = tiny.write(tmp_path)
        path = place / tiny.info.test_images.name
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(DataError, match="t10k-images-idx3-ubyte is truncated"):
            run(name, tmp_path)

    def test_damage_is_reported_before_the_rest_is_downloaded(self, tmp_path, tiny, monkeypatch):
        place = tiny.write(tmp_path)
        (place / tiny.info.train_images.name).unlink()
        (place / tiny.info.train_labels.name).write_bytes(idx(np.zeros(20, np.uint8)))
        with mirror(tiny.gz) as good:
            monkeypatch.setenv("MNIST_TUI_MIRROR", good.url)
            with pytest.raises(DataError, match="holds 20 labels instead of 30"):
                run("auto", tmp_path)
        assert good.requests == []

    def test_blank_images(self, tmp_path, tiny):
        place = tiny.write(tmp_path)
        (place / tiny.info.train_images.name).write_bytes(idx(np.zeros((30, 28, 28), np.uint8)))
        with pytest.raises(DataError, match="train-images-idx3-ubyte is blank: every pixel has the same value"):
            run("mnist", tmp_path)


class TestDownload:
    @pytest.mark.parametrize("name", ["auto", "mnist"])
    def test_missing_files_are_downloaded(self, tmp_path, tiny, monkeypatch, name):
        folder = tmp_path / "cache" / "data"
        with mirror(tiny.gz) as good:
            monkeypatch.setenv("MNIST_TUI_MIRROR", good.url)
            phases, dataset = run(name, folder, explicit=False)
        assert phases == ["download", "verify", "load"]
        assert dataset.note == ""
        np.testing.assert_array_equal(dataset.images, tiny.images)
        assert set(listing(folder / "Tiny" / "raw")) == set(tiny.gz)

    def test_named_set_can_not_be_had(self, tmp_path, tiny):
        with pytest.raises(DownloadError, match=r"Tiny could not be downloaded: 127\.0\.0\.1:1 refused the connection"):
            run("mnist", tmp_path)
        assert listing(tmp_path) == {}

    def test_auto_falls_back_and_says_so(self, tmp_path, tiny):
        phases, dataset = run("auto", tmp_path)
        assert phases == ["download", "load"]
        assert dataset.name == "digits"
        assert dataset.note == (
            f"Tiny is not in {tmp_path} and could not be downloaded (127.0.0.1:1 refused the connection): "
            "using digits instead, a small data set that works offline"
        )
        assert len(dataset.images) == 1500
        assert listing(tmp_path) == {}

    def test_auto_does_not_hide_a_wrong_mirror_address(self, tmp_path, tiny, monkeypatch):
        monkeypatch.setenv("MNIST_TUI_MIRROR", "ftp://127.0.0.1")
        with pytest.raises(ConfigError, match="MNIST_TUI_MIRROR"):
            run("auto", tmp_path)


class TestRefused:
    def test_name_that_is_not_known(self, tmp_path):
        with pytest.raises(ConfigError) as caught:
            run("cifar", tmp_path)
        assert caught.value.problems == {
            "dataset": "--dataset must be one of auto, mnist, fashion-mnist, kmnist, qmnist, digits, not 'cifar'"
        }

    @pytest.mark.parametrize("name", ["auto", "mnist"])
    def test_named_folder_that_is_missing(self, tmp_path, name):
        with pytest.raises(DataError, match="does not exist; create it"):
            run(name, tmp_path / "missing")

    def test_digits_need_no_folder(self, tmp_path):
        phases, dataset = run("digits", tmp_path / "missing")
        assert phases == ["load"]
        assert (dataset.name, dataset.note) == ("digits", "")


class TestCancel:
    @pytest.mark.parametrize("name", ["auto", "mnist", "digits"])
    def test_at_once(self, tmp_path, tiny, name):
        tiny.write(tmp_path)
        with pytest.raises(Cancelled):
            run(name, tmp_path, cancelled=lambda: True)

    def test_between_the_files(self, tmp_path, tiny):
        tiny.write(tmp_path)
        asked = []
        with pytest.raises(Cancelled):
            run("mnist", tmp_path, cancelled=lambda: asked.append(1) or len(asked) == 3)

    def test_before_a_download(self, tmp_path, tiny):
        # A cancelled download of `auto` must not end as `digits`.
        with pytest.raises(Cancelled):
            run("auto", tmp_path, cancelled=lambda: True)
        assert listing(tmp_path) == {}

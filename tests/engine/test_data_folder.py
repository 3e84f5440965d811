"""Which folder holds the data, and a quick check of its files."""

import gzip
import os
import time
from pathlib import Path

import platformdirs
import pytest

from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.folder import check_folder, data_folder, is_explicit, survey
from mnist_tui.engine.errors import ConfigError, DataError
from tests.engine.mirror import tiny_data


class TestDataFolder:
    @pytest.fixture(autouse=True)
    def _home(self, monkeypatch, tmp_path):
        monkeypatch.delenv("MNIST_TUI_DATA", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def test_option_goes_before_variable_before_cache(self, monkeypatch, tmp_path):
        assert data_folder(None) == Path(platformdirs.user_cache_dir("mnist-tui")) / "data"
        assert not is_explicit(None)
        monkeypatch.setenv("MNIST_TUI_DATA", "from/variable")
        assert data_folder(None) == Path("from/variable")
        assert is_explicit(None)
        assert data_folder("from/option") == data_folder(Path("from/option")) == Path("from/option")
        assert is_explicit("from/option")

    def test_cache_is_the_users(self, tmp_path):
        assert tmp_path in data_folder(None).parents

    def test_empty_counts_as_unset(self, monkeypatch):
        default = data_folder(None)
        monkeypatch.setenv("MNIST_TUI_DATA", "")
        assert data_folder("") == data_folder(None) == default
        assert not is_explicit("")

    def test_home(self, monkeypatch, tmp_path):
        assert data_folder("~/sets") == tmp_path / "sets"
        monkeypatch.setenv("MNIST_TUI_DATA", "~/other")
        assert data_folder(None) == tmp_path / "other"

    def test_unknown_home(self):
        with pytest.raises(ConfigError, match="starts with an unknown user's home folder") as caught:
            data_folder("~nobody-of-this-name/sets")
        assert list(caught.value.problems) == ["data_dir"]


class TestCheckFolder:
    def test_folder(self, tmp_path):
        check_folder(tmp_path, True)

    def test_missing(self, tmp_path):
        missing = tmp_path / "my data"
        check_folder(missing, False)  # the default folder is made by the first download
        with pytest.raises(DataError) as caught:
            check_folder(missing, True)
        assert str(caught.value) == (
            f"the data folder {missing} does not exist; "
            f"create it (mkdir -p '{missing}') or choose another with --data-dir"
        )

    @pytest.mark.parametrize("below", ["", "deeper"])
    def test_file(self, tmp_path, below):
        file = tmp_path / "file"
        file.write_text("")
        with pytest.raises(ConfigError, match="is a file, not a folder") as caught:
            check_folder(file / below, True)
        assert list(caught.value.problems) == ["data_dir"]
        assert caught.value.problems["data_dir"].startswith("--data-dir")

    def test_name_that_no_file_system_accepts(self):
        with pytest.raises(DataError, match="can't be opened"):
            check_folder(Path("a\0b"), True)
        with pytest.raises(DataError, match="can't be opened"):
            check_folder(Path("a" * 5000), True)


class TestSurvey:
    @pytest.fixture
    def tiny(self, monkeypatch):
        data = tiny_data()
        monkeypatch.setitem(CATALOG, "mnist", data.info)
        return data

    def test_covers_every_name_but_auto(self, tmp_path):
        assert list(survey(tmp_path)) == ["mnist", "fashion-mnist", "kmnist", "qmnist", "digits"]

    def test_real_mnist(self, mnist_folder):
        found = survey(mnist_folder)["mnist"]
        assert (found.state, found.detail, found.bytes) == ("ready", "55 MB", 54_950_048)

    def test_nothing_there(self, tmp_path):
        found = survey(tmp_path / "nowhere")
        assert (found["mnist"].state, found["mnist"].detail) == ("missing", "will be downloaded: 12 MB")
        assert found["mnist"].bytes == 9_912_422 + 28_881 + 1_648_877 + 4_542
        assert (found["digits"].state, found["digits"].bytes) == ("bundled", 0)

    def test_compressed(self, tmp_path, tiny):
        tiny.write(tmp_path, compressed=True)
        found = survey(tmp_path)["mnist"]
        assert (found.state, found.detail) == ("ready", "39 kB as .gz")
        assert found.bytes == sum(map(len, tiny.gz.values()))

    def test_another_compressors_gz(self, tmp_path, tiny):
        place = tiny.write(tmp_path)
        name = tiny.info.train_labels.name
        (place / name).unlink()
        (place / f"{name}.gz").write_bytes(gzip.compress(tiny.raw[name], 0))
        assert survey(tmp_path)["mnist"].state == "ready"

    def test_part_of_it(self, tmp_path, tiny):
        place = tiny.write(tmp_path)
        (place / tiny.info.test_labels.name).unlink()
        found = survey(tmp_path)["mnist"]
        size = len(tiny.gz[f"{tiny.info.test_labels.name}.gz"])
        assert (found.state, found.detail) == ("missing", f"t10k-labels-idx1-ubyte will be downloaded: {size} bytes")
        assert found.bytes == size

    def test_damaged(self, tmp_path, tiny):
        place = tiny.write(tmp_path)
        name = tiny.info.train_labels.name
        (place / name).write_bytes(b"short")
        found = survey(tmp_path)["mnist"]
        assert (found.state, found.detail) == ("damaged", f"{name} is truncated: 5 bytes instead of 38")

    def test_damage_is_reported_before_absence(self, tmp_path, tiny):
        place = tiny.write(tmp_path)
        (place / tiny.info.train_images.name).unlink()
        (place / tiny.info.test_labels.name).write_bytes(b"")
        assert survey(tmp_path)["mnist"].state == "damaged"

    @pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "/dev/null"])
    def test_never_raises(self, name):
        assert survey(Path(name))["digits"].state == "bundled"

    def test_reads_no_content(self, mnist_folder):
        begin = time.perf_counter()
        survey(mnist_folder)
        assert time.perf_counter() - begin < 2  # it takes under a millisecond; reading and hashing takes more

    def test_circular_link(self, tmp_path, tiny):
        place = tmp_path / "Tiny" / "raw"
        place.mkdir(parents=True)
        os.symlink(tiny.info.train_images.name, place / tiny.info.train_images.name)
        found = survey(tmp_path)["mnist"]
        assert found.state == "damaged"
        assert "can't be read" in found.detail

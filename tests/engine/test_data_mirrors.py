"""Which mirrors are tried."""

import sys

import pytest

from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.mirrors import mirrors
from mnist_tui.engine.errors import ConfigError, DataError
from tests.engine.downloads import INFO, fetch
from tests.engine.mirror import listing

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("impatient")]


class TestMirrors:
    @pytest.fixture(autouse=True)
    def _unset(self, monkeypatch):
        monkeypatch.delenv("MNIST_TUI_MIRROR", raising=False)

    @pytest.mark.parametrize("name", CATALOG)
    def test_torchvisions(self, name):
        from torchvision import datasets

        info = CATALOG[name]
        known = getattr(datasets, info.torchvision_class)
        if name == "qmnist":
            addresses = [url for part in ("train", "test") for url, _ in known.resources[part]]
            assert [f"{mirrors(info)[0]}{file.name}.gz" for file in info.files] == addresses
            assert len(mirrors(info)) == 1
        else:
            assert mirrors(info) == known.mirrors

    @pytest.mark.parametrize("base", ["http://127.0.0.1:8000", "http://127.0.0.1:8000/", " http://127.0.0.1:8000 "])
    def test_a_configured_mirror_is_the_only_one(self, monkeypatch, base):
        monkeypatch.setenv("MNIST_TUI_MIRROR", base)
        assert mirrors(CATALOG["fashion-mnist"]) == ["http://127.0.0.1:8000/FashionMNIST/raw/"]

    @pytest.mark.parametrize(
        "base",
        ["ftp://host/x", "file:///etc", "host/x", "http://", "http://[::1", "http://host:port", "http://host/a b"],
    )
    def test_wrong_address(self, monkeypatch, base):
        monkeypatch.setenv("MNIST_TUI_MIRROR", base)
        with pytest.raises(ConfigError, match="MNIST_TUI_MIRROR must be an http or https URL") as caught:
            mirrors(INFO)
        assert list(caught.value.problems) == ["mirror"]

    @pytest.mark.parametrize("base", ["http://me:hidden@host/x", "https://host/x?key=hidden", "https://host/x#hidden"])
    def test_secrets_are_not_repeated(self, monkeypatch, base):
        monkeypatch.setenv("MNIST_TUI_MIRROR", base)
        with pytest.raises(ConfigError, match="must be a plain URL") as caught:
            mirrors(INFO)
        assert "hidden" not in str(caught.value)

    def test_torchvision_that_does_not_fit(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "torchvision", None)
        with pytest.raises(DataError, match="torchvision, which lists the mirrors, can't be imported"):
            fetch(tmp_path)
        assert listing(tmp_path) == {}

"""Fixtures that several modules of the engine's tests share; slow ones are made once per process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_tui.engine.analysis.tsne import tsne
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data import download
from mnist_tui.engine.data.dataset import Dataset
from mnist_tui.engine.data.digits import load_digits_dataset
from mnist_tui.engine.figures import imagine
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.training import loop
from mnist_tui.engine.training.model import MLP
from tests.engine.downloads import DATA, INFO
from tests.engine.tsne_helpers import DIGITS
from tests.figures import finished_run
from tests.helpers import QUICK, noise_dataset, run_training


@pytest.fixture
def bundled_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the data folder: only the data set that is bundled with scikit-learn is found."""
    monkeypatch.delenv("MNIST_TUI_DATA", raising=False)


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no request reach a real mirror: the only one is a port without a listener."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MNIST_TUI_MIRROR", "http://127.0.0.1:1")
    monkeypatch.setattr(download, "BACK_OFF", 0.02)


@pytest.fixture
def noise() -> Dataset:
    return noise_dataset()


@pytest.fixture
def every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report progress after every batch, so that a test can act at a certain one."""
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[RunWriter]:
    """The writer of a new run; closed at the end."""
    writer = RunWriter.create(tmp_path, "first", QUICK, {"dataset": "digits"})
    yield writer
    writer.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow no proxy between the tests and their mirror, and only short waits."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "SOCKET_TIMEOUT", 0.3)
    monkeypatch.setattr(download, "BACK_OFF", 0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that already holds one of the files, and one that is not part of any data set."""
    place = tmp_path / "data" / "Tiny" / "raw"
    place.mkdir(parents=True)
    (place / INFO.train_labels.name).write_bytes(DATA.raw[INFO.train_labels.name])
    (place / "notes.part").write_text("a foreign file")
    return tmp_path / "data"


@pytest.fixture(scope="session")
def trained() -> MLP:
    """A network of the notebook's size, trained on the bundled digits."""
    config = RunConfig(dataset="digits", epochs=8, batch_size=32, device="cpu", threads=1)
    model = MLP(config.layer_sizes)
    model.load_state_dict(run_training(config, load_digits_dataset()).weights[8])
    return model


@pytest.fixture(scope="session")
def whole() -> list[object]:
    """All pictures of a t-SNE of 300 digits."""
    return list(tsne(DIGITS[:300], every=20))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of three epochs."""
    return finished_run(tmp_path_factory.mktemp("figures"))


@pytest.fixture
def few_noise_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a noise search draw few images."""
    monkeypatch.setattr(imagine, "NOISE_IMAGES", 2000)

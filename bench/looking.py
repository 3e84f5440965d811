"""Analyses of the network: the noise search, PCA and t-SNE, each against the usual implementation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from bench.row import Row, Setting, at_least, at_most, seconds
from mnist_tui.engine.analysis.noise_search import noise_search
from mnist_tui.engine.analysis.pca import pca
from mnist_tui.engine.analysis.tsne import tsne
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.training.loop import train
from mnist_tui.engine.training.model import MLP

SEARCH = 1_600_000
"""Images of the notebook's search."""
LOOP = 32_000
"""Images that its loop is timed with."""


def network(setting: Setting) -> MLP:
    """A network of the notebook's recipe after two epochs."""
    weights: dict[int, Mapping[str, torch.Tensor]] = {}
    config = RunConfig(epochs=2, threads=1, device="cpu")
    for _ in train(config, setting.dataset, save=weights.__setitem__):
        pass
    model = MLP(config.layer_sizes)
    model.load_state_dict(weights[2])
    return model


@torch.no_grad()
def notebook_search(model: MLP, images: int) -> float:
    """The notebook's loop: 32 images of noise at a time, the best one's probability kept."""
    best = 0.0
    for _ in range(images // 32):
        probabilities = torch.softmax(model(torch.randn(32, 1, 28, 28))[0], dim=-1)[:, 3]
        found, index = torch.max(probabilities, dim=0)
        best = max(best, found.item())
        index.item()
    return best


def search(setting: Setting) -> list[Row]:
    """Seconds for each image of both, in turn on one thread."""
    torch.set_num_threads(1)
    model, images = network(setting), SEARCH // 10 if setting.quick else SEARCH
    peers, mines = [], []
    for _ in range(setting.repeats(3)):
        peers.append(seconds(lambda: notebook_search(model, LOOP)) / LOOP)
        mines.append(seconds(lambda: list(noise_search(model, [3], images=images))) / images)
    ratios = [a / b for a, b in zip(peers, mines, strict=True)]
    figures: dict[str, object] = {"loop_s_per_image": peers, "mnist_tui_s_per_image": mines, "images": images}
    why = "normal numbers and the first layer's triangular product take most of the time"
    return [at_least("noise search, 1.6 million images, against the notebook's loop", 8, ratios, figures, why)]


def components(setting: Setting) -> list[Row]:
    """PCA of as many hidden representations as there are training images."""
    x = np.random.default_rng(0).normal(size=(60_000, 100)).astype(np.float32)
    taken = [seconds(lambda: pca(x)) for _ in range(setting.repeats(5))]
    return [at_most("PCA of 60,000 × 100", 0.5, " s", taken, {"seconds": taken})]


def neighbours(setting: Setting) -> list[Row]:
    """t-SNE of 5,000 points, in turn with scikit-learn's."""
    from sklearn.manifold import TSNE

    count = 1000 if setting.quick else 5000
    pixels = setting.dataset.images[:count].reshape(count, -1).astype(np.float32) / 255
    with torch.no_grad():
        x = network(setting)(torch.from_numpy(pixels))[1].numpy()
    peers, mines = [], []
    for _ in range(setting.repeats(2)):
        peers.append(seconds(lambda: TSNE(random_state=0, n_jobs=1).fit_transform(x)))
        mines.append(seconds(lambda: list(tsne(x))))
    ratios = [a / b for a, b in zip(mines, peers, strict=True)]
    figures: dict[str, object] = {"scikit_learn_s": peers, "mnist_tui_s": mines, "points": count}
    return [at_most(f"t-SNE of {count:,} points against scikit-learn's", 1.2, "×", ratios, figures)]

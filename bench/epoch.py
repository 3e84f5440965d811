"""An epoch of the notebook's recipe beside the notebook-style loop, and beside its bare matrix products."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator

import torch

from bench.notebook_loop import NotebookLoop
from bench.row import Row, Setting, at_least, at_most, epoch_operations, seconds, sgemm_rate
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.events import Epoch
from mnist_tui.engine.training.loop import train

PER_TURN = 3
"""Our epochs in each turn, of which the mean counts: one of the loop's takes longer than all of them."""


def epochs(setting: Setting, device: str, count: int) -> Iterator[float]:
    """Seconds of each epoch, training and validation, of ours."""
    config = RunConfig(epochs=count, threads=1, device=device)
    return (event.seconds for event in train(config, setting.dataset) if isinstance(event, Epoch))


def step_products(times: int = 100) -> float:
    """Seconds of the matrix products of one step alone, in their shapes: the best of some."""
    sizes = RunConfig().layer_sizes
    weights = [torch.randn(outputs, inputs) for inputs, outputs in itertools.pairwise(sizes)]
    given = [torch.randn(size, RunConfig().batch_size) for size in sizes]

    def work() -> None:
        for i, weight in enumerate(weights):
            torch.mm(weight, given[i])
            torch.mm(given[i + 1], given[i].t())
            if i > 0:
                torch.mm(weight.t(), given[i + 1])

    return min(seconds(work) for _ in range(times))


def on_the_cpu(setting: Setting) -> list[Row]:
    """Both loops and the floor in turn on one thread, A B C A B C …"""
    torch.set_num_threads(1)
    repeats = setting.repeats(5)
    peer = NotebookLoop(setting.folder, 1234).epochs(repeats)
    ours = epochs(setting, "cpu", repeats * PER_TURN)
    peers, mines, floors, products = [], [], [], []
    for _ in range(repeats):
        peers.append(next(peer).seconds)
        mines.append(statistics.mean(next(ours) for _ in range(PER_TURN)))
        rate = sgemm_rate()
        floors.append(epoch_operations() / rate)
        products.append(step_products() * 54_000 / RunConfig().batch_size + epoch_operations(train=0) / rate)
    figures: dict[str, object] = {
        "notebook_loop_s": peers,
        "mnist_tui_s": mines,
        "floor_s": floors,
        "products_s": products,
    }
    quicker = [a / b for a, b in zip(peers, mines, strict=True)]
    above = [a / b for a, b in zip(mines, floors, strict=True)]
    bare = statistics.median(a / b for a, b in zip(products, floors, strict=True))
    why = f"its matrix products, of 64 images each, take {bare:.2f}×; the rest is the augmentation and Adam"
    return [
        at_least("one epoch, one CPU thread, against the notebook-style loop", 10, quicker, figures),
        at_most("the same against the floor, its matrix products", 1.6, "×", above, figures, why),
    ]


def with_workers(setting: Setting) -> list[Row]:
    """The notebook-style loop with a worker process, which is given a core of its own, in turn with ours."""
    torch.set_num_threads(1)
    repeats = setting.repeats(3)
    peer = NotebookLoop(setting.folder, 1234, workers=2).epochs(repeats)
    ours = epochs(setting, "cpu", repeats * PER_TURN)
    peers, mines = [], []
    for _ in range(repeats):
        peers.append(next(peer).seconds)
        mines.append(statistics.mean(next(ours) for _ in range(PER_TURN)))
    ratios = [a / b for a, b in zip(peers, mines, strict=True)]
    figures: dict[str, object] = {"notebook_loop_s": peers, "mnist_tui_s": mines}
    return [at_least("the same against the notebook-style loop with 2 worker processes", 1, ratios, figures)]


def on_cuda(setting: Setting) -> list[Row]:
    """Both loops on the GPU, and ten epochs of ours."""
    names = ("one epoch on CUDA against the notebook-style loop on the same GPU", "ten epochs on CUDA")
    if not torch.cuda.is_available():
        return [
            Row(name, goal, "–", None, "no CUDA device")
            for name, goal in zip(names, ("≥ 150×", "< 0.6 s"), strict=True)
        ]
    repeats = setting.repeats(3)
    peers = [epoch.seconds for epoch in NotebookLoop(setting.folder, 1234, device="cuda").epochs(repeats)]
    rounds = [list(epochs(setting, "cuda", 10)) for _ in range(repeats + 1)][1:]  # the first one initialises the device
    ratios = [peer * 10 / sum(ten) for peer, ten in zip(peers, rounds, strict=True)]
    figures: dict[str, object] = {
        "notebook_loop_s": peers,
        "mnist_tui_s": rounds,
        "device": torch.cuda.get_device_name(),
    }
    return [
        at_least(names[0], 150, ratios, figures),
        at_most(names[1], 0.6, " s", [sum(ten) for ten in rounds], figures),
    ]

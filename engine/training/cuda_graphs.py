"""Several steps in a row: one by one, or on a GPU as one recorded graph.

A step of a network as small as the notebook's is some twenty kernels of a few microseconds each, and to launch one
costs the host as long as it runs. A CUDA graph records the kernels of many steps once; from then on a group of batches
is two copies and one launch.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from mnist_tui.engine.training.step import Step

EXAMPLES = 4096
"""Examples that a graph trains on, where the network is small …"""
OPERATIONS = 2e11
"""… and floating-point operations that it does at most: some 20 ms of a GPU, so that a pause need not wait for long."""
AHEAD = 4
"""Graphs that the host launches ahead of the device."""


class Steps:
    """Trains on a few batches, one after the other."""

    together = 1
    """Batches that are best given at once."""

    def __init__(self, step: Step, batch_size: int) -> None:
        self.step, self.batch_size = step, batch_size

    def __call__(self, x: Tensor, y: Tensor, rates: Sequence[float]) -> Tensor:
        """Learn from batches that lie one behind the other; only the last may be short.

        Args:
            x: (examples, inputs); y: (examples,) int64.
            rates: the learning rate of each batch's step.

        Returns:
            (examples, classes): each batch's logits before its step.
        """
        if len(rates) == 1:
            return self.step(x, y, rates[0])
        parts = zip(torch.split(x, self.batch_size), torch.split(y, self.batch_size), rates, strict=True)
        return torch.cat([self.step(*part) for part in parts])


class Mark(Protocol):
    """A place in a device's queue."""

    def synchronize(self) -> None:
        """Wait until the device has come there."""


class Graphs(Protocol):
    """What it takes of a device to record work and repeat it."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record what `work` queues on the device; the result queues the same again, on the same memory."""

    def mark(self) -> Mark:
        """The place in the queue behind all that was queued."""


class CudaGraphs:
    """CUDA's."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        # Libraries make themselves ready at their first call, which must not be recorded.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            work()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may ask for the device's name
            work()
        return graph.replay

    def mark(self) -> Mark:
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        return event


class GraphedSteps(Steps):
    """Trains on full groups of batches by a recorded graph, on what is left one by one."""

    def __init__(self, step: Step, batch_size: int, together: int, graphs: Graphs) -> None:
        """Records the graph; the network and the optimiser's memory stay as they are.

        Args:
            together: batches that are trained on by one graph.
        """
        super().__init__(step, batch_size)
        self.together, self.graphs = together, graphs
        examples, device = batch_size * together, step.parameters.device
        self._x = step.parameters.new_zeros(examples, step.layers[0].weight.shape[1])
        self._y = torch.zeros(examples, dtype=torch.int64, device=device)
        self._rates = step.parameters.new_zeros(together)
        before = step.state()
        try:
            self._replay = graphs.record(self._work)
        finally:  # where it can't be recorded, the training goes on one by one
            step.restore(before)
        self._ahead: deque[Mark] = deque()

    def _work(self) -> None:
        xs, ys = (torch.split(whole, self.batch_size) for whole in (self._x, self._y))
        self._logits = torch.cat([self.step(*part) for part in zip(xs, ys, self._rates.unbind(), strict=True)])

    def __call__(self, x: Tensor, y: Tensor, rates: Sequence[float]) -> Tensor:
        if len(x) != len(self._x):
            return super().__call__(x, y, rates)
        self._x.copy_(x)
        self._y.copy_(y)
        self._rates.copy_(torch.tensor(rates))
        self._replay()
        # Whoever pauses or stops waits for what was launched, so that must not be too much.
        self._ahead.append(self.graphs.mark())
        if len(self._ahead) > AHEAD:
            self._ahead.popleft().synchronize()
        return self._logits.clone()  # the next replay writes over them


def make_steps(step: Step, batch_size: int) -> Steps:
    """The quickest way to take this step on its device: graphs on CUDA, one by one everywhere else."""
    if step.parameters.device.type == "cuda":
        try:
            return GraphedSteps(step, batch_size, batches_together(step, batch_size), CudaGraphs())
        except RuntimeError:  # an old driver, or too little memory
            logging.getLogger(__name__).warning("CUDA graphs can't be had: training step by step", exc_info=True)
    return Steps(step, batch_size)


def batches_together(step: Step, batch_size: int) -> int:
    """How many batches a graph trains on."""
    operations = 6 * len(step.parameters) * batch_size
    return max(1, min(EXAMPLES // batch_size, int(OPERATIONS / operations)))

"""Runs several training steps in a row: one by one, or on a GPU as one CUDA graph.

A step of a small network launches some twenty kernels of a few microseconds each, and launching a kernel takes the host
as long as running it. A CUDA graph records the kernels of many steps once; from then on a group of batches takes two
copies and one launch.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from mnist_tui.engine.training.step import Step

EXAMPLES_PER_GRAPH = 4096
"""Examples per graph if the network is small."""
MAX_OPERATIONS_PER_GRAPH = 2e11
"""Floating-point operations per graph, at most: some 20 ms on a GPU, so that a pause takes effect quickly."""
MAX_QUEUED_GRAPHS = 4
"""Maximum number of graphs queued on the device."""


class Steps:
    """Trains on several batches, one after the other."""

    group_size = 1
    """Preferred number of batches per call."""

    def __init__(self, step: Step, batch_size: int) -> None:
        self.step, self.batch_size = step, batch_size

    def __call__(self, x: Tensor, y: Tensor, rates: Sequence[float]) -> Tensor:
        """Train on consecutive batches; only the last may be smaller.

        Args:
            x: (examples, inputs); y: (examples,) int64.
            rates: The learning rate for each batch.

        Returns:
            (examples, classes): the logits of each batch before its step.
        """
        if len(rates) == 1:
            return self.step(x, y, rates[0])
        parts = zip(torch.split(x, self.batch_size), torch.split(y, self.batch_size), rates, strict=True)
        return torch.cat([self.step(*part) for part in parts])


class QueueMarker(Protocol):
    """A position in a device's queue of work."""

    def synchronize(self) -> None:
        """Wait until the device has reached this position."""


class GraphRecorder(Protocol):
    """Records work of a device for later replay."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record the work queued by `work`; calling the result queues the same work on the same memory again."""

    def mark(self) -> QueueMarker:
        """Return the current end of the queue."""


class CudaGraphRecorder:
    """Records CUDA graphs."""

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        # Warm up first: libraries initialize themselves on their first call, which must not be recorded.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            work()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may query the device
            work()
        return graph.replay

    def mark(self) -> QueueMarker:
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        return event


class GraphedSteps(Steps):
    """Trains on complete groups of batches by replaying a recorded graph, and on the remainder one by one."""

    def __init__(self, step: Step, batch_size: int, group_size: int, recorder: GraphRecorder) -> None:
        """Record the graph; parameters and optimizer state are unchanged afterwards.

        Args:
            together: Number of batches per graph.
        """
        super().__init__(step, batch_size)
        self.group_size, self.recorder = group_size, recorder
        examples, device = batch_size * group_size, step.parameters.device
        self._x = step.parameters.new_zeros(examples, step.layers[0].weight.shape[1])
        self._y = torch.zeros(examples, dtype=torch.int64, device=device)
        self._rates = step.parameters.new_zeros(group_size)
        state = step.state()
        try:
            self._replay = recorder.record(self._train_group)
        finally:  # also if recording fails, since training then continues step by step
            step.restore(state)
        self._queued: deque[QueueMarker] = deque()

    def _train_group(self) -> None:
        xs, ys = (torch.split(whole, self.batch_size) for whole in (self._x, self._y))
        self._logits = torch.cat([self.step(*part) for part in zip(xs, ys, self._rates.unbind(), strict=True)])

    def __call__(self, x: Tensor, y: Tensor, rates: Sequence[float]) -> Tensor:
        if len(x) != len(self._x):
            return super().__call__(x, y, rates)
        self._x.copy_(x)
        self._y.copy_(y)
        self._rates.copy_(torch.tensor(rates))
        self._replay()
        # A pause or stop waits for all queued graphs, so limit their number.
        self._queued.append(self.recorder.mark())
        if len(self._queued) > MAX_QUEUED_GRAPHS:
            self._queued.popleft().synchronize()
        return self._logits.clone()  # the next replay overwrites them


def make_steps(step: Step, batch_size: int) -> Steps:
    """Return the fastest way to run steps on the device: CUDA graphs on CUDA, else one by one."""
    if step.parameters.device.type == "cuda":
        try:
            return GraphedSteps(step, batch_size, batches_per_graph(step, batch_size), CudaGraphRecorder())
        except RuntimeError:  # an old driver, or not enough memory
            logging.getLogger(__name__).warning("CUDA graphs are not available: training step by step", exc_info=True)
    return Steps(step, batch_size)


def batches_per_graph(step: Step, batch_size: int) -> int:
    """Return the number of batches per graph."""
    operations = 6 * len(step.parameters) * batch_size
    return max(1, min(EXAMPLES_PER_GRAPH // batch_size, int(MAX_OPERATIONS_PER_GRAPH / operations)))

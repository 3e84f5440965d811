"""The one cache of computed answers, bounded in bytes and shared by all threads."""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from mnist_tui.engine.errors import Cancelled

Answer = TypeVar("Answer")

LIMIT = 256 << 20
"""Bytes of answers that are kept; an epoch's on 10,000 images take 5 MB, on 54,000 images 24 MB."""


class Answers:
    """A cache that computes each answer once; the least recently used answers are dropped first.

    Every method may be called from any thread. Threads that ask for the same key wait for one computation; different
    keys do not block each other. A key holds all that its answer depends on, such as the version of the weights.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._pending: dict[Hashable, Future[Any]] = {}
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of the answers that are kept."""
        return self._size

    def known(self, key: Hashable) -> Any:
        """Return the answer where it is kept, else None."""
        with self._lock:
            return self._find(key)

    def get(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer, computed now where it is not kept; None is never kept.

        Whatever `compute` raises is raised to all threads that wait for it, and nothing is kept. Where it raises
        `Cancelled`, the next waiting thread computes instead.
        """
        while True:
            with self._lock:
                kept = self._find(key)
                if kept is not None:
                    return cast("Answer", kept)
                pending = self._pending.get(key)
                if pending is None:
                    mine: Future[Any] = Future()
                    self._pending[key] = mine
            if pending is None:
                return self._compute(key, compute, mine)
            try:
                return cast("Answer", pending.result())
            except Cancelled:
                continue

    def update(self, key: Hashable, change: Callable[[Any], Answer]) -> Answer:
        """Replace an answer by `change(old)`, which must be quick; `old` is None where none is kept."""
        with self._lock:
            new = change(self._find(key))
            self._keep(key, new)
            return new

    def _compute(self, key: Hashable, compute: Callable[[], Answer], pending: Future[Any]) -> Answer:
        try:
            answer = compute()
        except BaseException as error:
            with self._lock:
                del self._pending[key]
            pending.set_exception(error)
            raise
        with self._lock:
            del self._pending[key]
            self._keep(key, answer)
        pending.set_result(answer)
        return answer

    def _find(self, key: Hashable) -> Any:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def _keep(self, key: Hashable, answer: Any) -> None:
        size = size_of(answer)
        self._size += size - (self._kept.pop(key)[1] if key in self._kept else 0)
        self._kept[key] = answer, size
        while self._size > self._limit and len(self._kept) > 1:  # the newest is kept even where it alone is too large
            self._size -= self._kept.popitem(last=False)[1][1]


def size_of(answer: object) -> int:
    """Return about how many bytes an answer of arrays, dataclasses and containers takes; shared parts count once."""
    seen: set[int] = set()
    waiting: list[Any] = [answer]
    total = 0
    while waiting:
        one = waiting.pop()
        while hasattr(one, "nbytes") and hasattr(getattr(one, "base", None), "nbytes"):
            one = one.base  # a view keeps the whole array alive
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += getattr(one, "nbytes", 0) or sys.getsizeof(one)
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            waiting += [getattr(one, field.name) for field in dataclasses.fields(one)]
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, tuple | list | set | frozenset):
            waiting += one
    return total

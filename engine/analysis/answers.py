"""Thread-safe cache of computed answers, bounded in bytes."""

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

MAX_BYTES = 256 << 20
"""Default capacity; the answers for one epoch take 5 MB on 10,000 images and 24 MB on 54,000."""


class Answers:
    """Cache that computes each answer once and evicts the least recently used ones.

    All methods are thread-safe. Threads that request the same key wait for one computation; different keys do not
    block each other. A key must contain everything that its answer depends on, such as the version of the weights.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._pending: dict[Hashable, Future[Any]] = {}
        self._size = 0

    @property
    def size(self) -> int:
        """Size of the cached answers in bytes."""
        return self._size

    def peek(self, key: Hashable) -> Any:
        """Return the cached answer, or None."""
        with self._lock:
            return self._lookup(key)

    def get(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the cached answer, or compute it; None is never cached.

        An exception of `compute` is raised in all threads that wait for it, and nothing is cached. If it is
        `Cancelled`, the next waiting thread computes the answer instead.
        """
        while True:
            with self._lock:
                kept = self._lookup(key)
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
        """Replace an answer by `change(old)`, called with the lock held; `old` is None if nothing is cached."""
        with self._lock:
            new = change(self._lookup(key))
            self._insert(key, new)
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
            self._insert(key, answer)
        pending.set_result(answer)
        return answer

    def _lookup(self, key: Hashable) -> Any:
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def _insert(self, key: Hashable, answer: Any) -> None:
        size = size_of(answer)
        self._size += size - (self._entries.pop(key)[1] if key in self._entries else 0)
        self._entries[key] = answer, size
        # The newest answer is never evicted, even if it is too large.
        while self._size > self._limit and len(self._entries) > 1:
            self._size -= self._entries.popitem(last=False)[1][1]


def size_of(answer: object) -> int:
    """Estimate the size in bytes of arrays, dataclasses and containers; shared objects count once."""
    seen: set[int] = set()
    stack: list[Any] = [answer]
    total = 0
    while stack:
        one = stack.pop()
        while hasattr(one, "nbytes") and hasattr(getattr(one, "base", None), "nbytes"):
            one = one.base  # a view keeps its base array alive
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += getattr(one, "nbytes", 0) or sys.getsizeof(one)
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            stack += [getattr(one, field.name) for field in dataclasses.fields(one)]
        elif isinstance(one, dict):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, tuple | list | set | frozenset):
            stack += one
    return total

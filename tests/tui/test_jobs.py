"""Jobs: what work in a thread delivers to its owner on the screen's loop, and what it must never deliver."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen

from mnist_tui.engine.errors import Cancelled, RunError
from mnist_tui.tui.messages import JobUpdate
from mnist_tui.tui.state.jobs import PROGRESS_SECONDS, Job, Jobs
from tests.tui.conftest import until


class Owner(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self)
        self.told: list[Any] = []
        self.threads: set[int] = set()

    async def on_job_update(self, message: JobUpdate) -> None:
        await message.deliver()

    def tell(self, value: Any) -> None:
        self.told.append(value)
        self.threads.add(threading.get_ident())

    def start(self, work: Callable[[Job], Any], name: str = "job", **options: Any) -> Job:
        return self.jobs.start(
            name,
            work,
            on_result=lambda result: self.tell(("result", result)),
            on_progress=lambda news: self.tell(("progress", news)),
            on_failure=lambda line: self.tell(("failure", line)),
            **options,
        )


class Stage(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.owner = Owner()

    async def on_mount(self) -> None:
        await self.push_screen(self.owner)


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.begun, self.open, self.ended = threading.Event(), threading.Event(), threading.Event()

    def work(self, value: Any) -> Callable[[Job], Any]:
        def work(job: Job) -> Any:
            self.begun.set()
            assert self.open.wait(20)
            job.report(f"{value} late")
            self.ended.set()
            return value

        return work


async def test_a_result_is_delivered_on_the_screens_thread() -> None:
    app = Stage()
    async with app.run_test() as pilot:
        worked: list[int] = []
        app.owner.start(lambda job: worked.append(threading.get_ident()) or 7)
        await until(pilot, lambda: app.owner.told)
        assert app.owner.told == [("result", 7)]
        assert app.owner.threads == {threading.get_ident()}
        assert worked != [threading.get_ident()]
        assert not app.owner.jobs.is_active("job")


async def test_callbacks_may_be_async() -> None:
    app = Stage()
    async with app.run_test() as pilot:

        async def told(result: int) -> None:
            await asyncio.sleep(0)
            app.owner.tell(result)

        app.owner.jobs.start("job", lambda job: 3, on_result=told)
        await until(pilot, lambda: app.owner.told == [3])


async def test_nothing_of_a_replaced_job_is_delivered() -> None:
    """Fails where a late answer is drawn over a newer one."""
    app, first = Stage(), Gate()
    async with app.run_test() as pilot:
        old = app.owner.start(first.work("old"))
        await until(pilot, first.begun.is_set)
        app.owner.start(lambda job: "never", delay=0.0)
        app.owner.start(lambda job: "new")
        assert old.cancelled
        first.open.set()
        await until(pilot, lambda: app.owner.told and first.ended.is_set())
        await pilot.pause(2 * PROGRESS_SECONDS)
        assert app.owner.told == [("result", "new")]


async def test_a_posted_result_is_not_delivered_once_the_job_is_replaced() -> None:
    """Fails where only the thread looks whether it is still wanted."""
    app = Stage()
    async with app.run_test() as pilot:
        done = threading.Event()

        def work(job: Job) -> str:
            done.set()
            return "old"

        app.owner.start(work)
        assert done.wait(20)
        time.sleep(0.1)  # without the loop's turn: the message is in the queue by then
        app.owner.start(lambda job: "new")
        await until(pilot, lambda: app.owner.told)
        await pilot.pause(0.1)
        assert app.owner.told == [("result", "new")]


async def test_jobs_of_one_name_work_one_after_the_other_and_skip_the_replaced_ones() -> None:
    app, first = Stage(), Gate()
    worked: list[int] = []
    async with app.run_test() as pilot:
        app.owner.start(first.work("first"))
        await until(pilot, first.begun.is_set)
        for i in range(30):
            app.owner.start(lambda job, i=i: worked.append(i))
        assert sum(thread.name == "job job" for thread in threading.enumerate()) == 1
        other = app.owner.start(lambda job: "other", "another name")
        await until(pilot, lambda: other.is_done)
        assert worked == []
        first.open.set()
        await until(pilot, lambda: worked)
        assert worked == [29]


async def test_an_overlapping_job_does_not_wait_for_one_that_hangs() -> None:
    app, hanging = Stage(), Gate()
    async with app.run_test() as pilot:
        app.owner.start(hanging.work("old"))
        await until(pilot, hanging.begun.is_set)
        app.owner.start(lambda job: "new", overlap=True)
        await until(pilot, lambda: app.owner.told == [("result", "new")])
        assert not hanging.open.is_set()
        hanging.open.set()
        assert hanging.ended.wait(20)
        await pilot.pause(2 * PROGRESS_SECONDS)
        assert app.owner.told == [("result", "new")]


async def test_a_queued_job_lets_the_one_before_deliver_and_replaces_what_waits() -> None:
    app, first = Stage(), Gate()
    async with app.run_test() as pilot:
        app.owner.start(first.work("first"))
        await until(pilot, first.begun.is_set)
        for value in ("second", "third"):
            app.owner.start(lambda job, value=value: value, queue=True)
        first.open.set()
        await until(pilot, lambda: ("result", "third") in app.owner.told)
        assert [value for kind, value in app.owner.told if kind == "result"] == ["first", "third"]


async def test_a_stopped_job_delivers_what_it_has_and_a_cancelled_one_nothing() -> None:
    def work(job: Job) -> str:
        while not job.stopping:
            time.sleep(0.001)
        return "stopped" if job.stopped else "cancelled"

    app = Stage()
    async with app.run_test() as pilot:
        app.owner.start(work)
        app.owner.jobs.stop("job")
        await until(pilot, lambda: app.owner.told == [("result", "stopped")])
        app.owner.start(work)
        app.owner.jobs.cancel("job")
        await pilot.pause(0.1)
        assert len(app.owner.told) == 1
        assert not app.owner.jobs.is_active("job")


async def test_failures_become_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """An expected failure is its own line and not logged; an unexpected one is logged once and names its kind."""

    def fail(error: Exception) -> Callable[[Job], None]:
        def work(job: Job) -> None:
            raise error

        return work

    app = Stage()
    async with app.run_test() as pilot:
        app.owner.start(fail(RunError("epoch 3 is missing")))
        await until(pilot, lambda: app.owner.told == [("failure", "epoch 3 is missing")])
        assert not caplog.records
        app.owner.start(fail(ZeroDivisionError("by 0")), failure="this can't be shown")
        await until(pilot, lambda: len(app.owner.told) == 2)
        assert app.owner.told[1] == ("failure", "this can't be shown (ZeroDivisionError: by 0); L shows the log")
        assert len(caplog.records) == 1
        app.owner.start(fail(Cancelled()))
        await until(pilot, lambda: not app.owner.jobs.is_active("job"))
        assert len(app.owner.told) == 2
        app.owner.jobs.start("the sum", fail(ValueError("[/b] no sum")))
        await until(pilot, lambda: app._notifications)
        (note,) = app._notifications
        assert note.message == "the sum failed (ValueError: [/b] no sum); L shows the log"


async def test_a_flood_of_progress_is_thinned_out_and_its_newest_is_never_lost() -> None:
    """Fails where every report becomes a message, or where the last one before a long silence is dropped."""
    app, gate = Stage(), threading.Event()

    def work(job: Job) -> str:
        end = time.monotonic() + 4.5 * PROGRESS_SECONDS
        count = 0
        while time.monotonic() < end:
            count += 1
            job.report(count)
        job.report("last")
        assert gate.wait(20)
        return str(count)

    async with app.run_test() as pilot:
        app.owner.start(work)
        await until(pilot, lambda: ("progress", "last") in app.owner.told)
        assert 2 <= len(app.owner.told) <= 8
        counts = [value for _, value in app.owner.told[:-1]]
        assert counts == sorted(counts)
        gate.set()
        await until(pilot, lambda: app.owner.told[-1][0] == "result")
        assert int(app.owner.told[-1][1]) > 1000, "reporting holds the work up"


async def test_a_job_whose_owner_is_gone_ends_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    app, gate, seen = Stage(), Gate(), []

    def work(job: Job) -> str:
        gate.work("late")(job)
        seen.append(job.cancelled)
        raise ZeroDivisionError

    async with app.run_test() as pilot:
        app.owner.start(work)
        await until(pilot, gate.begun.is_set)
        await app.pop_screen()
        await until(pilot, lambda: not app.owner.is_running)
        gate.open.set()
        await until(pilot, lambda: seen == [True])
    outliving, late = Stage(), Gate()
    async with outliving.run_test() as pilot:
        outliving.owner.start(late.work("later"))
        await until(pilot, late.begun.is_set)
    late.open.set()
    assert late.ended.wait(20)
    time.sleep(0.05)
    assert app.owner.told == outliving.owner.told == []
    assert not caplog.records


async def test_a_delayed_job_that_is_replaced_never_works() -> None:
    app = Stage()
    worked: list[str] = []
    async with app.run_test() as pilot:
        app.owner.start(lambda job: worked.append("early"), delay=0.05)
        assert app.owner.jobs.is_active("job")
        app.owner.start(lambda job: worked.append("late"), delay=0.1)
        await until(pilot, lambda: worked)
        assert worked == ["late"]


async def test_only_a_long_job_is_busy() -> None:
    app, gate = Stage(), Gate()
    async with app.run_test() as pilot:
        app.owner.start(lambda job: "short", on_busy=lambda: app.owner.tell("busy"))
        await until(pilot, lambda: app.owner.told)
        await pilot.pause(0.3)
        assert app.owner.told == [("result", "short")]
        app.owner.start(gate.work("long"), on_busy=lambda: app.owner.tell("busy"))
        await until(pilot, lambda: "busy" in app.owner.told)
        gate.open.set()

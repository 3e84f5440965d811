"""The state objects without an app: the messages they post, and how they handle late ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.message import Message
from textual.message_pump import MessagePump

from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.events import Phase, Progress
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.tui.messages import ExportFinished, ExportsChanged, RunFollowed, SubjectChanged, TrainingChanged
from mnist_tui.tui.state.export_job import Export
from mnist_tui.tui.state.exports import Exports
from mnist_tui.tui.state.jobs import Jobs
from mnist_tui.tui.state.preferences import Preferences
from mnist_tui.tui.state.scrubber import Scrubber
from mnist_tui.tui.state.shown_run import ShownRun
from mnist_tui.tui.state.training import Trainings
from mnist_tui.tui.state.training_thread import FollowingThread


@pytest.fixture
def posted() -> list[Message]:
    return []


@pytest.fixture
def training(posted: list[Message], tmp_path: Path) -> Trainings:
    return Trainings(posted.append, Scrubber(posted.append), Analyst(), tmp_path)


@pytest.fixture
def exports(posted: list[Message], tmp_path: Path) -> Exports:
    return Exports(posted.append, Jobs(MessagePump()), Scrubber(posted.append), Analyst(), tmp_path)


def followed(training: Trainings, folder: Path, number: int) -> ShownRun:
    run = RunFolder(folder)
    training.shown = ShownRun(run, History(), FollowingThread(lambda message: None, run, number))  # never started
    return training.shown


def test_news_of_a_cancelled_follower_are_ignored(training: Trainings, tmp_path: Path) -> None:
    shown = followed(training, tmp_path / "run", 2)
    training.add_followed(RunFollowed(1, None, [Phase("train")], live=False))
    assert shown.history.phase is None
    assert training.is_following
    training.add_followed(RunFollowed(2, None, [Phase("train")], live=False))
    assert shown.history.phase.name == "train"
    assert not training.is_following


def test_progress_alone_asks_for_nothing_to_be_drawn(training: Trainings, posted: list[Message]) -> None:
    before = training.revision
    training.add(Progress(1, 1, 10, 0.5, 0.9, 100.0))
    assert training.revision > before
    assert posted == []
    training.add(Phase("train"))
    assert [type(message) for message in posted] == [TrainingChanged, SubjectChanged]


def test_without_a_training_following_leaves_the_shown_run(training: Trainings, tmp_path: Path) -> None:
    shown = followed(training, tmp_path / "run", 0)
    training.follow()
    assert training.shown is shown


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_copied_of_an_export_is_the_figure_or_the_folder(
    exports: Exports, posted: list[Message], tmp_path: Path, everything: bool
) -> None:
    subject = Subject(tmp_path, 1, "test") if everything else None
    paths = [tmp_path / "a.png", tmp_path / "a.csv"]
    exports._finish(Export((), subject, tmp_path, "", Preferences()), paths, "")
    assert [type(message) for message in posted] == [SubjectChanged, ExportsChanged, ExportFinished]
    assert posted[-1].path == (tmp_path if everything else paths[0])
    assert exports.text == (f"2 files in {tmp_path}" if everything else f"{paths[0]}  {paths[1]}")
    assert not exports.dismiss("of an earlier export")
    assert exports.dismiss()
    assert exports.text == ""
    assert not exports.dismiss()

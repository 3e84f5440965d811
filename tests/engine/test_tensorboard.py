"""Event files that TensorBoard's own reader understands."""

from __future__ import annotations

import errno
import importlib.util
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer.record_writer import RecordWriter

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.errors import RunError
from mnist_tui.engine.events import Epoch, Event, Notice, Phase, Progress, RunFinished, Test
from mnist_tui.engine.runs import tensorboard
from mnist_tui.engine.runs.folder import RunFolder
from mnist_tui.engine.runs.history import History
from mnist_tui.engine.runs.writer import RunWriter
from mnist_tui.engine.session import resume, start
from mnist_tui.engine.training.control import Control
from tests.engine.resumed_runs import trained
from tests.helpers import QUICK, command, of_kind


def test_the_curves_are_in_the_runs_folder(tmp_path: Path) -> None:
    """Fails where a curve is missing, or a point is at another step or value than the event's."""
    config = RunConfig.from_json(QUICK.to_json() | {"batch_size": 8})
    runs = tmp_path / "runs"
    events = list(
        tensorboard.recorded(start(config, runs, data_dir=str(tmp_path), name="board"), lambda run: runs / run)
    )
    (run,) = runs.iterdir()
    reader = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    reader.Reload()

    def points(tag: str) -> list[tuple[int, float]]:
        return [(scalar.step, scalar.value) for scalar in reader.Scalars(tag)]

    epochs = of_kind(events, Epoch)
    assert points("loss/validation") == [(e.epoch, pytest.approx(e.valid_loss)) for e in epochs]
    assert points("accuracy/training") == [(e.epoch, pytest.approx(e.train_acc)) for e in epochs]
    (test,) = of_kind(events, Test)
    assert points("test/accuracy") == [(test.epoch, pytest.approx(test.acc))]
    progress = of_kind(events, Progress)
    fine = points("batches/loss")
    assert [value for _, value in fine] == pytest.approx([loss for event in progress for loss in event.losses])
    steps = [step for step, _ in fine]
    assert steps == sorted(set(steps)), "each point has a step of its own"
    assert steps[0] > 0
    assert steps[-1] <= progress[-1].batches * config.epochs + progress[-1].group


@pytest.mark.usefixtures("every_batch")
def test_a_resumed_run_writes_each_step_once(tmp_path: Path) -> None:
    """Fails where a part of an epoch, or a batch that is repeated after a kill, is written a second time."""
    control = Control()
    folder_of = tmp_path.joinpath
    for event in tensorboard.recorded(start(QUICK, tmp_path, name="run", control=control), folder_of):
        if isinstance(event, Progress) and (event.epoch, event.batch) == (2, 5):
            control.stop()
    folder = RunFolder(tmp_path / event.run)
    resumed = list(tensorboard.recorded(resume(folder), folder_of))
    list(tensorboard.recorded(resume(folder, epochs=QUICK.epochs + 1), folder_of))
    reader = EventAccumulator(str(folder.path / "tensorboard"), size_guidance={"scalars": 0})
    reader.Reload()
    history = History.of(folder.events())
    values = [(scalar.step, scalar.value) for scalar in reader.Scalars("loss/training")]
    assert values == [(epoch.epoch, pytest.approx(epoch.train_loss)) for epoch in history.epochs]
    assert len(of_kind(resumed, Epoch)) == 2, "the second epoch was resumed"
    steps = [scalar.step for scalar in reader.Scalars("batches/loss")]
    assert steps == sorted(set(steps))
    assert len(steps) == len(history.fine_curve()[0])


@pytest.mark.usefixtures("every_batch")
def test_curves_begun_on_resume_are_whole(tmp_path: Path) -> None:
    """Without --tensorboard at first, the resumed training writes what the log has of before."""
    folder = trained(tmp_path, stop_at=(2, 5))
    list(tensorboard.recorded(resume(folder), lambda run: folder.path))
    reader = EventAccumulator(str(folder.path / "tensorboard"), size_guidance={"scalars": 0})
    reader.Reload()
    assert [scalar.step for scalar in reader.Scalars("accuracy/validation")] == [1, 2, 3, 4]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard's own thread ends so
@pytest.mark.parametrize("place", ["flush", "write", "folder"])
def test_a_full_disk_ends_the_event_file_and_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    events: list[Event] = []
    for event in tensorboard.recorded(
        start(QUICK, tmp_path, data_dir=str(tmp_path), name="board"), lambda run: tmp_path / run
    ):
        if isinstance(event, Epoch) and event.epoch == 1 and place != "folder":
            monkeypatch.setattr(RecordWriter, place, fail)
        elif isinstance(event, Phase) and place == "folder":
            monkeypatch.setattr(RecordWriter, "__init__", fail)
        events.append(event)
    (notice,) = of_kind(events, Notice)
    assert "curves for TensorBoard can't be stored (no space left on device)" in notice.words
    assert [epoch.epoch for epoch in of_kind(events, Epoch)] == [1, 2, 3]
    assert isinstance(events[-1], RunFinished)
    assert (events[-1].status, events[-1].stored) == ("completed", True)


def test_a_full_disk_prints_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(RecordWriter, "write", fail)
    outcome = command(
        "train", "--dataset", "digits", "--epochs", "1", "--hidden", "8", "--device", "cpu", "--tensorboard"
    )
    assert outcome.status == 0
    assert "curves for TensorBoard can't be stored" in outcome.out + outcome.err
    assert "Traceback" not in outcome.err


def test_a_link_to_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    writer = RunWriter.create(tmp_path, "board", QUICK, {})
    writer.close()
    (writer.folder.path / tensorboard.FOLDER).symlink_to(tmp_path)
    with pytest.raises(RunError, match="tensorboard is a symbolic link"):
        RunWriter.reopen(writer.folder)


def test_the_command_writes_event_files_or_names_the_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_TUI_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    words = ("train", "--dataset", "digits", "--epochs", "1", "--hidden", "8", "--device", "cpu", "--tensorboard")
    assert command(*words).status == 0
    assert list(tmp_path.glob("runs/*/tensorboard/events.out.tfevents.*"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    outcome = command(*words)
    assert outcome.status == 2
    assert outcome.err.strip().splitlines()[-1] == (
        "mnist-tui: --tensorboard needs the package tensorboard: pip install tensorboard"
    )
    assert len(list(tmp_path.glob("runs/*"))) == 1, "no run was begun"

"""What the tests of figures share."""

from __future__ import annotations

from pathlib import Path

from mnist_tui.engine.analysis.subject import Analyst, Subject
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.export import Exported, Form, check, export
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.engine.figures.settings import Settings, ViewState
from mnist_tui.engine.runs.folder import RunFolder

ONE_RUN = [view for view in KINDS if view != "compare"]


def subject_of(run: RunFolder, view: str = "mistakes", epoch: int = 3) -> Subject:
    return Subject(run.path, epoch, KINDS[view].split or "test")


def made(run: RunFolder, folder: Path, view: str, settings: Settings | None = None, **form: object) -> Exported:
    wanted = Form(folder, numbers=True, **form)  # type: ignore[arg-type]
    check(wanted)
    return export(Context(Analyst()), ViewState(view, subject_of(run, view), settings or Settings()), wanted)

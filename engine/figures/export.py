"""Writing a figure: drawn, with how it was made in its metadata, and its numbers beside it."""

from __future__ import annotations

import io
import os
import shlex
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mnist_tui.engine import __version__, files
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures import style
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import encode
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.engine.figures.settings import Standing, arguments, short_path
from mnist_tui.engine.figures.style import Page, Size
from mnist_tui.engine.runs.folder import RunFolder

Format: TypeAlias = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)
DPI = 150
MOST_PIXELS = 20_000
SCHEMA = 1
_ONE_AT_A_TIME = threading.Lock()
"""The style is matplotlib's and so the whole process's."""


@dataclass(frozen=True, slots=True)
class Form:
    """What kind of file a figure becomes."""

    folder: Path
    format: Format = "png"
    size: Size | None = None
    """None is each figure's own."""
    dpi: int = DPI
    numbers: bool = False
    """Whether the numbers are written too."""
    name: str = ""
    """The files' name without the ending; the view's where it is empty."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A figure that was written."""

    figure: Path
    numbers: Path | None
    command: str
    """Makes it again, in any folder; empty where no run can say how."""


def parse_size(text: str) -> Size | None:
    """`7x5` as inches; `auto` is None. Raises `ConfigError`."""
    if text.strip() in ("", "auto"):
        return None
    try:
        width, height = (float(part) for part in text.lower().replace("×", "x").split("x"))
    except ValueError:
        width = height = 0.0
    if not (2 <= width <= 40 and 2 <= height <= 40):
        raise ConfigError(
            {"size": f"--size must be WIDTHxHEIGHT in inches, each from 2 to 40, such as 7x5, not {text!r}"}
        )
    return Size(width, height)


def check(form: Form) -> None:
    """Make the folder where it is missing; raises `ConfigError` for a form that can't be."""
    if form.format not in FORMATS:
        raise ConfigError({"format": f"--format {form.format!r} is not known: choose one of {', '.join(FORMATS)}"})
    if not 30 <= form.dpi <= 1200:
        raise ConfigError({"dpi": f"--dpi must be a whole number from 30 to 1,200, not {form.dpi}"})
    if form.name and (
        len(form.name.encode()) > 200 or Path(form.name).name != form.name or not form.name.isprintable()
    ):
        raise ConfigError({"name": f"{form.name!r} can't be the name of a file: no / and at most 200 bytes"})
    reason = files.make_writable_folder(form.folder)
    if reason:
        raise ConfigError({"out": f"figures can't be written into {form.folder} ({reason}): name another with --out"})


def export(context: Context, standing: Standing, form: Form) -> Exported:
    """Compute what is missing, draw and write a figure.

    Raises `ConfigError` where settings are not allowed or the file can't be written, and what `Kind.compute` raises; no
    half-written file is left behind.
    """
    kind = KINDS[standing.view]
    settings, subject = standing.settings, standing.subject
    data = standing.data
    if data is None:
        assert subject is not None, "without a run there is nothing to compute from"
        data = kind.compute(context, subject, settings)
    natural = kind.natural(data, settings)
    size = form.size or natural
    if max(size.width, size.height) * form.dpi > MOST_PIXELS:
        raise ConfigError({"dpi": f"the figure would have more than {MOST_PIXELS:,} pixels: take a lower --dpi"})
    made = _made(standing, form, context.analyst.data_dir or os.environ.get("MNIST_TUI_DATA"))
    scale = min(size.width / natural.width, size.height / natural.height)
    with _ONE_AT_A_TIME, style.applied(scale):
        page = Page(size, scale, _subject_words(standing))
        kind.draw(page, data, settings)
        page.settle(form.dpi)
        picture = io.BytesIO()
        page.figure.savefig(picture, format=form.format, dpi=form.dpi, metadata=_metadata(made, form.format))
    contents: dict[str, bytes] = {form.format: picture.getvalue()}
    if form.numbers:
        ending, content = encode(kind.numbers(data, settings), f"mnist-tui/{standing.view}/{SCHEMA}", made)
        contents = {ending: content} | contents  # the figure last: where it is, its numbers are
    try:
        *numbers, figure = files.add(form.folder, form.name or standing.view, contents)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError({"out": f"{form.folder} takes no figure ({reason}): name another with --out"}) from error
    return Exported(figure, numbers[0] if numbers else None, made["command"])


def command(standing: Standing, form: Form, data_dir: str | None) -> str:
    """The command that makes the figure again, in whatever folder it is called."""
    if standing.subject is None:
        return ""
    kind, subject = KINDS[standing.view], standing.subject
    words = ["mnist-tui", "export", short_path(subject.folder), standing.view]
    words += ["--epoch", str(subject.epoch)] if kind.epoch else []
    words += ["--split", subject.split] if kind.split is not None else []
    words += arguments(standing.settings, kind.options)
    words += ["--format", form.format] if form.format != "png" else []
    words += ["--size", f"{form.size.width:g}x{form.size.height:g}"] if form.size is not None else []
    words += ["--dpi", str(form.dpi)] if form.dpi != DPI else []
    words += ["--data-dir", short_path(Path(data_dir))] if data_dir else []
    return shlex.join([*words, "--out", "."])


def _made(standing: Standing, form: Form, data_dir: str | None) -> dict[str, Any]:
    """How the figure was made, for its metadata."""
    kind, subject = KINDS[standing.view], standing.subject
    config = RunFolder(subject.folder).config() if subject is not None else None
    return {
        "view": standing.view,
        "run": subject.folder.name if subject is not None else "",
        "epoch": subject.epoch if subject is not None and kind.epoch else None,
        "split": subject.split if subject is not None and kind.split is not None else None,
        "seed": config.seed if config is not None else None,
        "version": __version__,
        "command": command(standing, form, data_dir),
    }


def _subject_words(standing: Standing) -> str:
    kind, subject = KINDS[standing.view], standing.subject
    if subject is None:
        return "before any run"
    if standing.view == "compare":
        return f"{1 + len(standing.settings.compared)} runs, every epoch, validation images"
    if standing.view == "curves":
        return f"run {subject.folder.name}, every epoch, training and validation images"
    plain = standing.view == "weights" and standing.settings.unit is None
    split = None if plain else subject.split if kind.split is not None else None
    return style.subject_words(subject.folder.name, subject.epoch if kind.epoch else None, split)


def _metadata(made: dict[str, Any], format: Format) -> dict[str, Any]:
    """What the file says about itself, in the words of its format; no time, so that equal figures are equal files."""
    title = f"{made['view']} of {made['run']}"
    creator = f"mnist-tui {made['version']}"
    said = {key: str(value) for key, value in made.items() if value is not None}
    if format == "png":
        return {"Title": title, "Software": creator} | {key.capitalize(): value for key, value in said.items()}
    words = "; ".join(f"{key}: {value}" for key, value in said.items())
    if format == "svg":
        return {"Title": title, "Creator": creator, "Description": words, "Source": said["command"], "Date": None}
    return {"Title": title, "Creator": creator, "Subject": words, "Keywords": said["command"], "CreationDate": None}

"""Exports a figure: draws it, with its provenance as metadata, and optionally writes its data to a second file."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mnist_tui.engine import __version__, files
from mnist_tui.engine.analysis.curves import MAX_DATASET_NAME
from mnist_tui.engine.analysis.grids import GridsData
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError, RunError, printable
from mnist_tui.engine.figures import style
from mnist_tui.engine.figures.context import Context
from mnist_tui.engine.figures.numbers import Table, encode
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.engine.figures.settings import ViewState, arguments, short_path
from mnist_tui.engine.figures.style import Page, Size
from mnist_tui.engine.runs.folder import EVENTS, RunFolder
from mnist_tui.engine.runs.history import History, epoch_label

Format: TypeAlias = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)
DPI = 150
MAX_PIXELS = 20_000
SCHEMA = 1
CURVE_SPLITS = {"curves": "train, valid", "compare": "valid"}
"""Splits of the figures that show all epochs of a run."""
_DRAW_LOCK = threading.Lock()
"""Serializes drawing, since matplotlib's style is global to the process."""


@dataclass(frozen=True, slots=True)
class Form:
    """Format, size and location of an exported figure."""

    folder: Path
    format: Format = "png"
    size: Size | None = None
    """None for the figure's natural size."""
    dpi: int = DPI
    numbers: bool = False
    """Whether to write the figure's data as CSV or JSON, too."""
    name: str = ""
    """File name without suffix; the name of the view if empty."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of an exported figure."""

    figure: Path
    numbers: Path | None
    command: str
    """The command that reproduces the figure, in any folder; empty for a figure without a run."""


def parse_size(text: str) -> Size | None:
    """Parse a size such as `7x5`, in inches; `auto` is None. Raise `ConfigError` if it is invalid."""
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
    """Create the output folder if it is missing; raise `ConfigError` if it is not writable or `form` is invalid."""
    if form.format not in FORMATS:
        raise ConfigError({"format": f"--format must be one of {', '.join(FORMATS)}, not {form.format!r}"})
    if not 30 <= form.dpi <= 1200:
        raise ConfigError({"dpi": f"--dpi must be a whole number from 30 to 1,200, not {form.dpi}"})
    if form.name and (
        len(form.name.encode()) > 200 or Path(form.name).name != form.name or not form.name.isprintable()
    ):
        raise ConfigError({"name": f"{form.name!r} is not a valid file name: use at most 200 bytes, and no /"})
    reason = "" if not _is_link_in_run(form.folder) else "is a symbolic link"
    reason = reason or files.make_writable_folder(form.folder)
    if reason:
        problem = f"figures can't be written to {form.folder} ({reason}): choose another folder with --out"
        raise ConfigError({"out": problem})


def _is_link_in_run(folder: Path) -> bool:
    """Return whether a folder in a run is a symlink, through which a copied run could redirect figures elsewhere."""
    return folder.is_symlink() and (folder.parent / EVENTS).is_file()


def export(context: Context, state: ViewState, form: Form) -> Exported:
    """Compute the data if missing, draw a figure and write its files, all of them or none.

    Raises:
        ConfigError: The settings are invalid or the files cannot be written.
        Exception: As raised by `Kind.compute`.
    """
    kind = KINDS[state.view]
    settings, subject = state.settings, state.subject
    data = state.data
    if data is None:
        assert subject is not None, "without a run there is nothing to compute from"
        data = kind.compute(context, subject, settings)
    natural = kind.natural(data, settings)
    size = form.size or natural
    if max(size.width, size.height) * form.dpi > MAX_PIXELS:
        raise ConfigError({"dpi": f"the figure would have more than {MAX_PIXELS:,} pixels: use a lower --dpi"})
    state = replace(state, data=data)
    provenance = _provenance(state, form, context.analyst.data_dir or os.environ.get("MNIST_TUI_DATA"))
    facts = kind.facts(context, data) if kind.facts is not None else {}
    scale = min(size.width / natural.width, size.height / natural.height)
    with _DRAW_LOCK, style.apply_style(scale):
        page = Page(size, scale, _subject_label(state, provenance))
        kind.draw(page, data, settings)
        page.freeze_layout(form.dpi)
        picture = io.BytesIO()
        page.figure.savefig(
            picture, format=form.format, dpi=form.dpi, metadata=_metadata(provenance, facts, form.format)
        )
    contents: dict[str, bytes] = {form.format: picture.getvalue()}
    if form.numbers:
        numbers = kind.numbers(data, settings)
        if isinstance(numbers, Table):
            numbers = replace(numbers, facts=facts)
        suffix, content = encode(numbers, f"mnist-tui/{state.view}/{SCHEMA}", provenance)
        contents = {suffix: content} | contents  # the figure last, so that its existence implies that of its data
    try:
        *others, figure = files.write_unique(form.folder, form.name or state.view, contents)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problem = f"the figure can't be written to {form.folder} ({reason}): choose another folder with --out"
        raise ConfigError({"out": problem}) from error
    return Exported(figure, others[0] if others else None, provenance["command"])


def command(state: ViewState, form: Form, data_dir: str | None) -> str:
    """Return the command that reproduces the figure, independent of the current folder."""
    if state.subject is None:
        return ""
    kind, subject = KINDS[state.view], state.subject
    words = ["mnist-tui", "export", short_path(subject.folder), state.view]
    words += ["--epoch", str(subject.epoch)] if kind.epoch else []
    words += ["--split", subject.split] if kind.split is not None else []
    words += arguments(state.settings, kind.options)
    words += ["--format", form.format] if form.format != "png" else []
    words += ["--size", f"{form.size.width:g}x{form.size.height:g}"] if form.size is not None else []
    words += ["--dpi", str(form.dpi)] if form.dpi != DPI else []
    words += ["--data-dir", short_path(Path(data_dir))] if data_dir else []
    return " ".join(map(_shell_word, [*words, "--out", "."]))


def _shell_word(text: str) -> str:
    """Quote a word for a shell; printable also for a path with control characters or bytes that are not UTF-8."""
    if text.isprintable():
        return shlex.quote(text)
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}" for byte in os.fsencode(text))
    return f"$'{''.join(plain)}'"


def _provenance(state: ViewState, form: Form, data_dir: str | None) -> dict[str, Any]:
    """Return how the figure was made, for its metadata."""
    kind, subject = KINDS[state.view], state.subject
    config = RunFolder(subject.folder).config() if subject is not None else None
    epoch: int | str | None = subject.epoch if subject is not None and kind.epoch else None
    split: str | None = subject.split if subject is not None and kind.split is not None else None
    if isinstance(state.data, GridsData):
        epoch, split = state.data.epoch if state.data.config.fade else None, state.data.split
    if state.view in CURVE_SPLITS:
        epoch, split = "all", CURVE_SPLITS[state.view]
    runs = [printable(subject.folder.name)] if subject is not None else []
    if state.view == "compare":
        runs += [printable(folder.name) for folder in state.settings.compared]
    return {
        "view": state.view,
        "dataset": _dataset_label(state),
        "run": ", ".join(runs),
        "epoch": epoch,
        "partial": _is_partial(subject) if subject is not None and kind.epoch else None,
        "split": split,
        "seed": config.seed if config is not None else None,
        "version": __version__,
        "command": command(state, form, data_dir),
    }


def _is_partial(subject: Subject) -> bool:
    """Return whether the weights of the epoch are those of a part of it."""
    with contextlib.suppress(RunError):
        return History.of(RunFolder(subject.folder).events(progress=False)).partial_epoch == subject.epoch
    return False


def _dataset_label(state: ViewState) -> str:
    """Return the name of the data set, or of all data sets that are compared."""
    if state.subject is None:
        return state.data.name if isinstance(state.data, GridsData) else ""
    folders = [state.subject.folder, *(state.settings.compared if state.view == "compare" else ())]
    return ", ".join(dict.fromkeys(map(_dataset_of, folders)))


def _dataset_of(folder: Path) -> str:
    with contextlib.suppress(RunError):  # curves can be drawn even without a readable configuration
        return printable(str(RunFolder(folder).manifest()[1].get("dataset") or "unknown data set")[:MAX_DATASET_NAME])
    return "unknown data set"


def _subject_label(state: ViewState, provenance: dict[str, Any]) -> str:
    kind, subject, dataset = KINDS[state.view], state.subject, provenance["dataset"]
    if subject is None:
        return f"{dataset}, no run"
    if state.view == "compare":
        return f"{dataset}, {1 + len(state.settings.compared)} runs, every epoch, validation images"
    if state.view == "curves":
        return f"{dataset}, run {printable(subject.folder.name)}, every epoch, training and validation images"
    needs_no_images = state.view == "weights" and state.settings.unit is None
    split = None if needs_no_images else subject.split if kind.split is not None else None
    epoch = epoch_label(subject.epoch, complete=not provenance["partial"]) if kind.epoch else None
    return style.subject_label(dataset, printable(subject.folder.name), epoch, split)


def _metadata(provenance: dict[str, Any], facts: Mapping[str, Any], format: Format) -> dict[str, Any]:
    """Return the metadata in the keys of the format; without a timestamp, so that equal figures are identical files."""
    if facts:
        provenance = provenance | {"numbers": ", ".join(f"{name} {value}" for name, value in facts.items())}
    title = f"{provenance['view']} of {provenance['run'] or provenance['dataset']}"
    creator = f"mnist-tui {provenance['version']}"
    entries = {key: str(value) for key, value in provenance.items() if value is not None}
    if format == "png":
        return {"Title": title, "Software": creator} | {key.capitalize(): value for key, value in entries.items()}
    words = "; ".join(f"{key}: {value}" for key, value in entries.items())
    if format == "svg":
        return {"Title": title, "Creator": creator, "Description": words, "Source": entries["command"], "Date": None}
    return {"Title": title, "Creator": creator, "Subject": words, "Keywords": entries["command"], "CreationDate": None}

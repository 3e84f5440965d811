"""Settings of the views, apart from their subject, and the command-line options that set them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias

from mnist_tui.engine.analysis.orders import SORTS, WHICH, Order, Sort, Which
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError

ORDERS: tuple[Order, ...] = ("index", "norm", "structure")
UNLIMITED = 1 << 30
"""Upper limit of options without a limit of their own."""

Window: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top of the visible region, in axis units."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the views, with their defaults; each view uses the ones that apply to it."""

    log: bool = False
    smooth: float = 0.0
    """Weight of the previous value in the moving average, below 1."""
    last: int = 0
    """Number of the last epochs to show; 0 for all."""
    compared: tuple[Path, ...] = ()
    """Folders of the runs to compare with."""
    first: int = 1
    """Rank of the first picture to show, from 1."""
    count: int = 25
    draw: int = 0
    at_epoch: int = 1
    """Epoch whose strength the augmentation has."""
    percent: bool = False
    both: bool = False
    which: Which = "wrong"
    sort: Sort = "confidence"
    reverse: bool = False
    filter: str = ""
    index: int | None = None
    """Index of an image in the data set's file; None for the first of the mistakes."""
    points: int = 5000
    classes: tuple[int, ...] = ()
    """Classes to show; empty for all."""
    window: Window | None = None
    wrong: bool = False
    axes: tuple[int, int] = (1, 2)
    """Principal components on the x and y axes; a negative one is mirrored."""
    digits: tuple[int, ...] = ()
    """Imagined classes to show; empty for all."""
    order: Order = "index"
    unit: int | None = None
    layer: int = 0
    """0 is the first layer."""
    each: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """Command-line option of a setting."""

    flag: str
    metavar: str
    """Empty for a flag without a value."""
    help: str
    parse: Callable[[str], Any] = str
    """Raises `ValueError` with a message that names the allowed values."""
    write: Callable[[Any], str] = str


@dataclass(frozen=True, slots=True, eq=False)
class ViewState:
    """The state of a view: what it shows and how."""

    view: str
    """Name of the view, as in the registry of figures."""
    subject: Subject | None
    """None if the view needs no weights of a run; `settings.compared` then lists the runs."""
    settings: Settings = field(default_factory=Settings)
    data: Any = None
    """The computed data; None if it has yet to be computed."""


def _whole_number(low: int, high: int = UNLIMITED) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low:,}" + (f" to {high:,}" if high < UNLIMITED else ""))
        return int(text)

    return parse


def _choice(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def _weight(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 0.999:
        raise ValueError("must be a number from 0 to 0.999")
    return value


def _classes(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) < 10 for part in parts):
        raise ValueError("must be numbers of classes, such as 3 or 3,5,8")
    return tuple(sorted({int(part) for part in parts}))


def _axes(text: str) -> tuple[int, int]:
    if text not in {f"{a * i},{b * j}" for i, j in ((1, 2), (2, 1)) for a in (1, -1) for b in (1, -1)}:
        raise ValueError("must be 1,2 or 2,1, each with or without a minus sign")
    across, up = map(int, text.split(","))
    return across, up


def _window(text: str) -> Window:
    try:
        left, bottom, right, top = (float(part) for part in text.split(","))
    except ValueError:
        left = bottom = right = top = 0.0
    if not (-1e12 < left < right < 1e12 and -1e12 < bottom < top < 1e12):
        raise ValueError("must be LEFT,BOTTOM,RIGHT,TOP in axis units, such as -3,-2.5,3,2.5")
    return left, bottom, right, top


def _comma_separated(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


OPTIONS: dict[str, Option] = {
    "log": Option("--log", "", "Logarithmic loss axis."),
    "smooth": Option("--smooth", "X", "Weight of the previous value in a moving average, such as 0.6.", _weight),
    "last": Option("--last", "N", "Only the last N epochs.", _whole_number(0)),
    "first": Option("--first", "N", "Start at the N-th picture.", _whole_number(1)),
    "count": Option("--count", "N", "Number of pictures.", _whole_number(1, 400)),
    "draw": Option("--draw", "N", "Seed of the random augmentation.", _whole_number(0)),
    "at_epoch": Option("--at-epoch", "N", "Epoch whose strength the augmentation has.", _whole_number(1)),
    "percent": Option("--percent", "", "Percentages of the row instead of counts."),
    "both": Option("--both", "", "Count confused pairs in both directions together."),
    "which": Option("--which", "|".join(WHICH), "Which images.", _choice(WHICH)),
    "sort": Option("--sort", "|".join(SORTS), "Order of the images.", _choice(SORTS)),
    "reverse": Option("--reverse", "", "Reverse the order."),
    "filter": Option("--filter", "WORDS", "Only matching images, such as 'true:3 pred:5 conf>0.9'."),
    "index": Option("--index", "N", "Index of the image in the data set's file.", _whole_number(0)),
    "points": Option("--points", "N", "Number of points; at most 10,000 for t-SNE.", _whole_number(2)),
    "classes": Option("--classes", "N,N", "Only these classes.", _classes, _comma_separated),
    "window": Option("--window", "L,B,R,T", "Only this region, in axis units.", _window, _comma_separated),
    "wrong": Option("--wrong", "", "Highlight misclassified images."),
    "axes": Option(
        "--axes", "1,2", "Principal components on x and y; a minus sign mirrors one.", _axes, _comma_separated
    ),
    "digits": Option("--digits", "N,N", "Only these imagined classes.", _classes, _comma_separated),
    "order": Option("--order", "|".join(ORDERS), "Order of the units.", _choice(ORDERS)),
    "unit": Option("--unit", "N", "One unit of the first layer in detail.", _whole_number(0)),
    "layer": Option("--layer", "N", "A deeper layer as a matrix: 1, 2 …", _whole_number(0, 20)),
    "each": Option("--each", "", "A separate colour scale for each picture."),
}
"""Options of all settings but `compared`, which is set by `--with`."""


def parse(values: dict[str, Any]) -> Settings:
    """Create settings from the values of options, by name; raise `ConfigError` listing all invalid ones."""
    problems: dict[str, str] = {}
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        option = OPTIONS[name]
        try:
            parsed[name] = option.parse(value) if option.metavar else value
        except ValueError as error:
            problems[name] = f"{option.flag} {error}, not {value!r}"
    if problems:
        raise ConfigError(problems)
    return Settings(**parsed)


def arguments(settings: Settings, names: Iterable[str]) -> list[str]:
    """Return the command-line arguments that produce these settings, omitting defaults."""
    words: list[str] = []
    defaults = Settings()
    for name in names:
        value = getattr(settings, name)
        if name == "compared":
            words += [word for path in value for word in ("--with", short_path(path))]
        elif value != getattr(defaults, name):
            option = OPTIONS[name]
            words += [option.flag, option.write(value)] if option.metavar else [option.flag]
    return words


def short_path(path: Path) -> str:
    """Return an absolute path, abbreviated with `~`, that is valid in any current folder."""
    path = path.absolute()
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


assert set(OPTIONS) == {f.name for f in fields(Settings)} - {"compared"}

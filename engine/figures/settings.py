"""How a view stands, beyond its subject: what the console's keys set and the command's options say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias

from mnist_tui.engine.analysis.orders import SORTS, WHICH, Order, Sort, Which
from mnist_tui.engine.analysis.subject import Subject
from mnist_tui.engine.errors import ConfigError

ORDERS: tuple[Order, ...] = ("index", "norm", "structure")
WHOLE = 1 << 30
"""More than there can be."""

Window: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top of what is seen."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the views stand; the defaults are how they begin. Each view takes what concerns it."""

    log: bool = False
    smooth: float = 0.0
    """Weight of the past, below 1."""
    last: int = 0
    """How many of the last epochs are seen; 0 is all."""
    compared: tuple[Path, ...] = ()
    """Folders of further runs."""
    first: int = 1
    """The first picture's place in its list, from 1."""
    count: int = 25
    draw: int = 0
    percent: bool = False
    both: bool = False
    which: Which = "wrong"
    sort: Sort = "confidence"
    reverse: bool = False
    filter: str = ""
    index: int | None = None
    """An image's place in the data set's file; None is the first of the mistakes."""
    points: int = 5000
    classes: tuple[int, ...] = ()
    """Those that are seen; none stands for all."""
    window: Window | None = None
    wrong: bool = False
    axes: tuple[int, int] = (1, 2)
    """The principal components across and up, negative where they are mirrored."""
    digits: tuple[int, ...] = ()
    """The imagined classes; none stands for all."""
    order: Order = "index"
    unit: int | None = None
    layer: int = 0
    """0 is the first."""
    each: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """A setting as an option of the command."""

    flag: str
    metavar: str
    """Empty for a switch."""
    help: str
    parse: Callable[[str], Any] = str
    """Raises ValueError, whose text says what is allowed."""
    write: Callable[[Any], str] = str


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A view as it stands on a screen."""

    view: str
    """Its name among the figures."""
    subject: Subject | None
    """None where no run's weights are asked; `settings.compared` then names the runs."""
    settings: Settings = field(default_factory=Settings)
    data: Any = None
    """What is drawn; None where it must be computed."""


def _whole(low: int, high: int = WHOLE) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low:,}" + (f" to {high:,}" if high < WHOLE else ""))
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
        raise ValueError("must be 1,2 or 2,1, each with or without a minus")
    across, up = map(int, text.split(","))
    return across, up


def _window(text: str) -> Window:
    try:
        left, bottom, right, top = (float(part) for part in text.split(","))
    except ValueError:
        left = bottom = right = top = 0.0
    if not (-1e12 < left < right < 1e12 and -1e12 < bottom < top < 1e12):
        raise ValueError("must be LEFT,BOTTOM,RIGHT,TOP of what is seen, such as -3,-2.5,3,2.5")
    return left, bottom, right, top


def _commas(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


OPTIONS: dict[str, Option] = {
    "log": Option("--log", "", "Logarithmic loss axis."),
    "smooth": Option("--smooth", "X", "Weight of the past in a moving average, such as 0.6.", _weight),
    "last": Option("--last", "N", "Only the last N epochs.", _whole(0)),
    "first": Option("--first", "N", "Begin with the N-th picture.", _whole(1)),
    "count": Option("--count", "N", "How many pictures.", _whole(1, 400)),
    "draw": Option("--draw", "N", "Another random draw of the augmentation.", _whole(0)),
    "percent": Option("--percent", "", "Per cent of the row instead of counts."),
    "both": Option("--both", "", "Confused pairs in both directions together."),
    "which": Option("--which", "|".join(WHICH), "Which images.", _choice(WHICH)),
    "sort": Option("--sort", "|".join(SORTS), "Order of the images.", _choice(SORTS)),
    "reverse": Option("--reverse", "", "Turn the order around."),
    "filter": Option("--filter", "WORDS", "Only images such as 'true:3 pred:5 conf>0.9'."),
    "index": Option("--index", "N", "The image at this place in the data set's file.", _whole(0)),
    "points": Option("--points", "N", "How many points; t-SNE takes 10,000 at most.", _whole(2)),
    "classes": Option("--classes", "N,N", "Only these classes.", _classes, _commas),
    "window": Option("--window", "L,B,R,T", "Only this part of the picture.", _window, _commas),
    "wrong": Option("--wrong", "", "Let the wrong images stand out."),
    "axes": Option("--axes", "1,2", "Components across and up; a minus mirrors one.", _axes, _commas),
    "digits": Option("--digits", "N,N", "Only these imagined classes.", _classes, _commas),
    "order": Option("--order", "|".join(ORDERS), "Order of the units.", _choice(ORDERS)),
    "unit": Option("--unit", "N", "One unit of the first layer in detail.", _whole(0)),
    "layer": Option("--layer", "N", "A deeper layer as a matrix: 1, 2 …", _whole(0, 20)),
    "each": Option("--each", "", "A colour scale for each picture of its own."),
}
"""All but the further runs, which the command names `--with`."""


def parse(values: dict[str, Any]) -> Settings:
    """Settings from what the command's options said, by name; raises `ConfigError` naming every wrong one."""
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
    """The command's options that set these, where they are not as they begin."""
    words: list[str] = []
    start = Settings()
    for name in names:
        value = getattr(settings, name)
        if name == "compared":
            words += [word for path in value for word in ("--with", short_path(path))]
        elif value != getattr(start, name):
            option = OPTIONS[name]
            words += [option.flag, option.write(value)] if option.metavar else [option.flag]
    return words


def short_path(path: Path) -> str:
    """An absolute path, `~` standing for the home folder: it can be named from any folder."""
    path = path.expanduser().absolute()
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


assert set(OPTIONS) == {f.name for f in fields(Settings)} - {"compared"}

"""Settings: what a field of a configuration declares about itself, once.

    lr: float = setting(1e-3, Number(0, 100, above=True), OPTIMIZATION, "Peak learning rate", "Peak learning rate.")

The check and its messages, the option of `mnist-tui train`, the field of the form, the help and the table in the README
are all made of that declaration; none of them has to be changed for a new field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, TypeGuard, TypeVar

from mnist_tui.engine.errors import ConfigError

Value = TypeVar("Value")

_KEY = "setting"
_METAVARS = {"°": "DEG", "px": "PX"}
_SHOWN = 40
"""Characters of an invalid value that a message repeats."""
_tables: dict[type[Any], dict[str, Setting]] = {}


class Kind(ABC):
    """What a setting may be, and how it is written as text and as JSON."""

    metavar: str
    """The placeholder for a value in the command's help."""
    values: str
    """The allowed values, such as `from 0 to 180°`."""
    rule: str
    """What a value must be, such as `must be a number from 0 to 180°`."""
    choices: tuple[str, ...] = ()
    """The allowed words, if there are only a few."""
    placeholder = ""
    """The word that an empty field of the form stands for."""

    @abstractmethod
    def violation(self, value: object) -> tuple[str, object] | None:
        """Return the rule that the value violates and the part of it that does; None if the value is valid."""

    @abstractmethod
    def read(self, text: str) -> Any:
        """Return the value that a text stands for, unchecked; raise ValueError if the text is of another kind."""

    def text(self, value: Any) -> str:
        """Return the value as `read` reads it."""
        return str(value)

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: Any) -> Any:
        return value


class Whole(Kind):
    """A whole number; with `zero`, 0 is valid too and written as that word."""

    def __init__(self, low: int, high: int, *, unit: str = "", zero: str = "") -> None:
        self.low, self.high, self.placeholder = low, high, zero
        ends = f"from {low:,} to {high:,}{_suffix(unit)}"
        self.values = f"{ends}, or {zero}" if zero else ends
        self.rule = f"must be {f'{zero} or ' if zero else ''}a whole number {ends}"
        self.metavar = _METAVARS.get(unit, "N")

    def violation(self, value: object) -> tuple[str, object] | None:
        if _is_whole(value) and (self.low <= value <= self.high or (self.placeholder and value == 0)):
            return None
        return self.rule, value

    def read(self, text: str) -> int:
        if not self.placeholder:
            return int(text)
        value = 0 if text == self.placeholder else int(text)
        if value == 0 and text != self.placeholder:
            raise ValueError("0 is written as a word")
        return value

    def text(self, value: Any) -> str:
        return self.placeholder if self.placeholder and value == 0 else str(value)


class Number(Kind):
    """A number from `low` to `high`; with `above`, `low` itself is excluded."""

    def __init__(self, low: float, high: float, *, above: bool = False, unit: str = "") -> None:
        self.low, self.high, self.above = low, high, above
        ends = f"above {low:g} and at most {high:g}" if above else f"from {low:g} to {high:g}"
        self.values = ends + _suffix(unit)
        self.rule = f"must be a number {self.values}"
        self.metavar = _METAVARS.get(unit, "X")

    def violation(self, value: object) -> tuple[str, object] | None:
        # The comparison is exact for integers beyond any float, and false for NaN.
        if not (isinstance(value, float) or _is_whole(value)):
            return self.rule, value
        valid = self.low <= value <= self.high and not (self.above and value == self.low)
        return None if valid else (self.rule, value)

    def read(self, text: str) -> float:
        return float(text)

    def text(self, value: Any) -> str:
        short = f"{value:g}"
        return short if float(short) == value else repr(value)


class Choice(Kind):
    """One of a few words."""

    metavar = "NAME"

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.values = f"one of {', '.join(choices)}"
        self.rule = f"must be {self.values}"

    def violation(self, value: object) -> tuple[str, object] | None:
        return None if value in self.choices else (self.rule, value)

    def read(self, text: str) -> str:
        return text


class Sizes(Kind):
    """Sizes of layers, possibly none."""

    metavar = "N,N"
    values = "separated by commas, or none"
    rule = "must be layer sizes separated by commas, such as 250,100, or none"

    def __init__(self, high: int, *, layers: int) -> None:
        """`high` is the largest size, `layers` the largest number of layers."""
        self.high, self.layers = high, layers

    def violation(self, value: object) -> tuple[str, object] | None:
        if not isinstance(value, tuple) or not all(_is_whole(size) for size in value):
            return self.rule, value
        if len(value) > self.layers:
            return f"must be at most {self.layers} layers", len(value)
        invalid = [size for size in value if not 1 <= size <= self.high]
        return (f"must be sizes from 1 to {self.high:,}", invalid[0]) if invalid else None

    def read(self, text: str) -> tuple[int, ...]:
        return () if text.lower() == "none" else tuple(int(part) for part in text.split(","))

    def text(self, value: Any) -> str:
        return ",".join(map(str, value)) or "none"

    def to_json(self, value: Any) -> Any:
        return list(value)

    def from_json(self, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a configuration, as declared by `setting`."""

    kind: Kind
    group: str
    """Settings of one group stand together in the form and in the help."""
    label: str
    """Its name in the form."""
    help: str
    """A sentence about it; the allowed values are appended."""
    note: str = ""
    """A few words behind the field of the form; the allowed range if empty."""
    in_form: bool = True
    in_recipes: bool = True
    """Whether a recipe may set it; if not, it keeps its value when another recipe is selected."""
    on_resume: bool = False
    """Whether it may change when a run is resumed."""
    needs: tuple[str, Any] | None = None
    """Another setting and the value of it without which this one has no effect."""
    name: str = ""
    """The field's name; `settings_of` fills it in, and `default` too."""
    default: Any = None

    @property
    def option(self) -> str:
        """The option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def full_help(self) -> str:
        """The help sentence and the allowed values."""
        return f"{self.help} {self.kind.values[0].upper()}{self.kind.values[1:]}."

    @property
    def form_note(self) -> str:
        return self.note or ("" if self.kind.choices else self.kind.values.removeprefix("from "))

    def message(self, rule: str, value: object) -> str:
        """Return the message that a value violates a rule; `brief` is the opposite."""
        shown = repr(value)
        return f"{self.option} {rule}, not {shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + '…'}"

    def problem(self, value: object) -> str:
        """Return what is wrong with a value; empty if it is valid."""
        violation = self.kind.violation(value)
        return self.message(*violation) if violation else ""

    def parse(self, text: str) -> Any:
        """Return the value that a text stands for; whether it is in range is left to `problem`.

        Raises `ConfigError` if the text is of another kind.
        """
        try:
            return self.kind.read(text.strip())
        except ValueError:
            raise ConfigError({self.name: self.message(self.kind.rule, text)}) from None


def setting(default: Value, kind: Kind, group: str, label: str, help: str, **more: Any) -> Value:
    """Declare a field; `more` are the other fields of `Setting`."""
    declared: Value = field(default=default, metadata={_KEY: Setting(kind, group, label, help, **more)})
    return declared


def settings_of(configuration: type[Any]) -> dict[str, Setting]:
    """Return what a class declares of its fields, by the field's name."""
    if configuration not in _tables:
        declared = {f.name: (f.metadata[_KEY], f.default) for f in fields(configuration)}
        _tables[configuration] = {
            name: replace(about, name=name, default=default) for name, (about, default) in declared.items()
        }
    return _tables[configuration]


def brief(problem: str) -> str:
    """Return the rule in a message, without the option and the value, for a form that shows both beside it."""
    rule = problem.partition(" ")[2] if problem.startswith("--") else problem
    return rule.rpartition(", not ")[0] or rule


class Configuration:
    """Base of a frozen dataclass all of whose fields are declared by `setting`.

    Raises `ConfigError` naming every field that is invalid when it is created.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        settings = settings_of(type(self))
        problems = {name: about.problem(getattr(self, name)) for name, about in settings.items()}
        if not any(problems.values()):
            problems = {name: settings[name].message(rule, value) for name, rule, value in self._conflicts()}
        problems = {name: problem for name, problem in problems.items() if problem}
        if problems:
            raise ConfigError(problems)

    def _conflicts(self) -> Iterator[tuple[str, str, object]]:
        """Yield a field, the rule and the value where fields that are valid by themselves do not fit together."""
        yield from ()

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as JSON values; null for a setting that has no effect."""
        return {
            name: about.kind.to_json(getattr(self, name)) if self.uses(name) else None
            for name, about in settings_of(type(self)).items()
        }

    def uses(self, name: str) -> bool:
        """Return whether a setting has an effect beside the others."""
        needs = settings_of(type(self))[name].needs
        return needs is None or getattr(self, needs[0]) == needs[1]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the configuration that `to_json` wrote; unknown names are ignored, missing ones have the default.

        The value of a setting without effect is not stored, so that it has the default.

        Raises `ConfigError` if a value is invalid or of another type.
        """
        if not isinstance(values, Mapping):
            raise ConfigError({"config": "a configuration must be an object with names and values"})
        stored = {
            name: about
            for name, about in settings_of(cls).items()
            if name in values and not (about.needs and values[name] is None)
        }
        return cls(**{name: about.kind.from_json(values[name]) for name, about in stored.items()})


def _suffix(unit: str) -> str:
    return f" {unit}" if unit.isalpha() else unit


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)

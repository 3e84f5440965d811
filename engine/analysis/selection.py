"""Which images to look at, said in words: `true:3 pred:5 conf>0.9`.

Terms stand side by side and all must hold. A term is
    true:3  true:3,5  true:Coat        the true class, by number or name; a blank in a name is written as -
    pred:5                             the predicted class
    index:947  index:100-200,947       the place in the data set's file
    conf>0.9  conf>=90%                the predicted class's probability; also < and <=
    ptrue<0.01  margin<10%  p3>0.2     the true class's, the two largest ones' difference, class 3's
    loss>2                             the cross-entropy, in nats
    wrong  right
and `!` or `-` in front of one turns it round. Upper and lower case are the same.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mnist_tui.engine.analysis.mistakes import Judged

DIGITS = tuple("0123456789")
CLASS_FIELDS = ("true", "pred")
PROBABILITIES = ("conf", "margin", "ptrue")
WORDS = ("wrong", "right")
COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}

_TERM = re.compile(r"([^<>:=]*)(>=|<=|>|<|:|=)(.*)")
_WHOLE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(?:e([+-]?[0-9]{1,3}))?(%?)")
_CLASS_PROBABILITY = re.compile(r"p([0-9]{1,9})")


class SelectionError(ValueError):
    """A filter that can't be understood; its text is one line that names the term and what is allowed."""


@dataclass(frozen=True, slots=True)
class Member:
    """`true`, `pred` or `index` lies in one of some ranges."""

    field: str
    ranges: tuple[tuple[int, int], ...]
    """First and last of each, ascending, with a gap between them."""

    def mask(self, judged: Judged) -> NDArray[np.bool_]:
        """Where it holds: (N,) bool."""
        values = {"true": judged.labels, "pred": judged.predictions, "index": judged.indices}[self.field]
        firsts, lasts = np.array(self.ranges, np.int64).T
        place = np.searchsorted(firsts, values, side="right") - 1
        inside: NDArray[np.bool_] = (place >= 0) & (values <= lasts[place])
        return inside

    def describe(self, classes: Sequence[str]) -> str:
        """The term in words."""
        if self.field == "index":
            parts = [str(first) if first == last else f"{first}-{last}" for first, last in self.ranges]
        else:
            parts = [_class_word(i, classes) for first, last in self.ranges for i in range(first, last + 1)]
        return f"{self.field}:{','.join(parts)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A number of each image is above or below a limit."""

    field: str
    operator: str
    limit: float

    def mask(self, judged: Judged) -> NDArray[np.bool_]:
        """Where it holds: (N,) bool."""
        if match := _CLASS_PROBABILITY.fullmatch(self.field):
            values = judged.probabilities[:, int(match[1])]
        else:
            values = {
                "conf": judged.confidence,
                "margin": judged.margin,
                "ptrue": judged.true_probability,
                "loss": judged.loss,
            }[self.field]
        return np.asarray(COMPARE[self.operator](values, self.limit))

    def describe(self, classes: Sequence[str]) -> str:
        """The term in words."""
        return f"{self.field}{self.operator}{str(self.limit).removesuffix('.0')}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The image is answered rightly or not."""

    word: str

    def mask(self, judged: Judged) -> NDArray[np.bool_]:
        """Where it holds: (N,) bool."""
        return judged.correct if self.word == "right" else ~judged.correct

    def describe(self, classes: Sequence[str]) -> str:
        """The term in words."""
        return self.word


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that must all hold."""

    terms: tuple[tuple[bool, Member | Comparison | Verdict], ...]
    """Each with whether it is turned round."""
    classes: tuple[str, ...]

    def mask(self, judged: Judged) -> NDArray[np.bool_]:
        """Which of N judged images are selected: (N,) bool."""
        chosen = np.ones(len(judged), bool)
        for negated, condition in self.terms:
            chosen &= condition.mask(judged) ^ negated
        return chosen

    def describe(self) -> str:
        """The canonical text, which parses to an equal selection; empty where everything is selected."""
        return " ".join("!" * negated + condition.describe(self.classes) for negated, condition in self.terms)


def parse(text: str, classes: Sequence[str] = DIGITS) -> Selection:
    """The selection that a text means; an empty one selects everything.

    Args:
        classes: the names of the data set's classes 0, 1, …; a number always means the class of that number.

    Raises `SelectionError`.
    """
    text = text.replace("≥", ">=").replace("≤", "<=")
    terms = re.sub(r"\s*([<>]=?|[:,])\s*", r"\1", text).split()  # conf > 0.9 is one term
    parsed = (_term(term, classes) for term in terms)
    return Selection(tuple(dict.fromkeys(parsed)), tuple(classes))


def _term(term: str, classes: Sequence[str]) -> tuple[bool, Member | Comparison | Verdict]:
    negated = term[0] in "!-"
    body = term[negated:]
    if body.casefold() in WORDS:
        return negated, Verdict(body.casefold())
    match = _TERM.fullmatch(body)
    field, sign, value = match.groups() if match else (body, "", "")
    field = field.casefold()
    if field in (*CLASS_FIELDS, "index"):
        what = "whole numbers such as 947 or 100-200" if field == "index" else "classes such as 3 or 3,5"
        if sign != ":" or not all(value.split(",")):
            raise _error(term, f"{what} belong behind {field}:")
        ranges = [_index(term, item) if field == "index" else _class(term, item, classes) for item in value.split(",")]
        return negated, Member(field, _merged(ranges))
    class_probability = _CLASS_PROBABILITY.fullmatch(field)
    if class_probability and int(class_probability[1]) >= len(classes):
        raise _error(term, f"classes are 0 to {len(classes) - 1}")
    if class_probability or field in (*PROBABILITIES, "loss"):
        if sign not in COMPARE:
            example = "loss>2" if field == "loss" else f"{field}>0.9"
            raise _error(term, f"{field} is compared by >, >=, < or <=, such as {example}")
        field = f"p{int(class_probability[1])}" if class_probability else field
        return negated, Comparison(field, sign, _limit(term, sign, value, probability=field != "loss"))
    known = ("true", "pred", "index", *PROBABILITIES, "loss", *WORDS)
    close = difflib.get_close_matches(field, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    listed = f"{', '.join(known[:-2])}, p0 to p{len(classes) - 1}, wrong and right"
    raise _error(term, f"{hint or 'there is no such term. '}Terms begin with {listed}")


def _index(term: str, item: str) -> tuple[int, int]:
    match = _WHOLE.fullmatch(item)
    if not match:
        raise _error(term, "whole numbers such as 947 or 100-200 belong behind index:")
    return _ascending(term, int(match[1]), int(match[2] or match[1]))


def _class(term: str, item: str, classes: Sequence[str]) -> tuple[int, int]:
    if match := _WHOLE.fullmatch(item):
        first, last = _ascending(term, int(match[1]), int(match[2] or match[1]))
        if last < len(classes):
            return first, last
    names = [_key(name) for name in classes]
    if _key(item) in names:
        number = names.index(_key(item))
        return number, number
    allowed = f"classes are 0 to {len(classes) - 1}"
    if tuple(classes) != DIGITS:
        close = difflib.get_close_matches(_key(item), names, n=1, cutoff=0.5)
        words = [_class_word(i, classes) for i in range(len(classes))]
        hint = f"did you mean {words[names.index(close[0])]}? " if close else ""
        allowed = f"{hint or 'there is no such class. '}Classes are 0 to {len(classes) - 1} or {', '.join(words)}"
    raise _error(term, allowed)


def _limit(term: str, sign: str, value: str, *, probability: bool) -> float:
    match = _NUMBER.fullmatch(value.casefold())
    # Per cent go into the exponent, so that 99.9% is exactly what 0.999 is; 99.9 / 100 is not.
    limit = float(f"{match[1]}e{int(match[2] or 0) - 2 * bool(match[3])}") if match else math.inf
    if not match or math.isinf(limit) or (match[3] and not probability):
        raise _error(term, f"a number such as {'0.9 or 90%' if probability else '2 or 0.5'} belongs behind {sign}")
    if probability and limit > 1:
        raise _error(term, f"a number from 0 to 1, or 0% to 100%, belongs behind {sign}")
    return limit


def _ascending(term: str, first: int, last: int) -> tuple[int, int]:
    if first > last:
        raise _error(term, f"the range {first}-{last} ends before it starts: write {last}-{first}")
    return first, last


def _merged(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same numbers in ranges that ascend and do not touch."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return tuple(merged)


def _key(name: str) -> str:
    """A class's name as it is compared: in lower case, blanks as -."""
    return "-".join(name.casefold().split())


def _class_word(number: int, classes: Sequence[str]) -> str:
    """What a class is called in a filter: its name if that can be read back, else its number."""
    word = "-".join(classes[number].split())
    readable = re.fullmatch(r"[^<>≤≥:=,]+", word) and not _WHOLE.fullmatch(word)
    unique = [_key(name) for name in classes].index(_key(word)) == number
    return word if readable and unique else str(number)


def _error(term: str, problem: str) -> SelectionError:
    shown = "".join(character if character.isprintable() else "�" for character in term)
    return SelectionError(f"{shown if len(shown) <= 40 else shown[:39] + '…'}: {problem}")

"""Filter expressions for images, such as `true:3 pred:5 conf>0.9`.

An expression is a sequence of terms, separated by spaces, that must all hold. A term is
    true:3  true:3,5  true:Coat        the true class, by number or name; spaces in a name are written as -
    pred:5                             the predicted class
    index:947  index:100-200,947       the index in the data set's file
    conf>0.9  conf>=90%                the probability of the predicted class; also < and <=
    ptrue<0.01  margin<10%  p3>0.2     that of the true class, the difference of the two largest, that of class 3
    loss>2                             the cross-entropy in nats
    wrong  right
and is negated by a preceding `!` or `-`. Expressions are case-insensitive.
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
    from mnist_tui.engine.analysis.mistakes import ImageScores

DIGITS = tuple("0123456789")
CLASS_FIELDS = ("true", "pred")
PROBABILITIES = ("conf", "margin", "ptrue")
KEYWORDS = ("wrong", "right")
OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}

_TERM = re.compile(r"([^<>:=]*)(>=|<=|>|<|:|=)(.*)")
_INTEGER_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(?:e([+-]?[0-9]{1,3}))?(%?)")
_CLASS_PROBABILITY = re.compile(r"p([0-9]{1,9})")


class SelectionError(ValueError):
    """Invalid filter expression; the message names the term and the allowed values in one line."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Condition that `true`, `pred` or `index` lies in one of several ranges."""

    field: str
    ranges: tuple[tuple[int, int], ...]
    """First and last value of each range, ascending and disjoint."""

    def mask(self, scores: ImageScores) -> NDArray[np.bool_]:
        """Return where the condition holds: (N,) bool."""
        values = {"true": scores.labels, "pred": scores.predictions, "index": scores.indices}[self.field]
        firsts, lasts = np.array(self.ranges, np.int64).T
        place = np.searchsorted(firsts, values, side="right") - 1
        inside: NDArray[np.bool_] = (place >= 0) & (values <= lasts[place])
        return inside

    def describe(self, classes: Sequence[str]) -> str:
        """Return the canonical text of the term."""
        if self.field == "index":
            parts = [str(first) if first == last else f"{first}-{last}" for first, last in self.ranges]
        else:
            parts = [_class_label(i, classes) for first, last in self.ranges for i in range(first, last + 1)]
        return f"{self.field}:{','.join(parts)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Condition that a score is above or below a limit."""

    field: str
    operator: str
    limit: float

    def mask(self, scores: ImageScores) -> NDArray[np.bool_]:
        """Return where the condition holds: (N,) bool."""
        if match := _CLASS_PROBABILITY.fullmatch(self.field):
            values = scores.probabilities[:, int(match[1])]
        else:
            values = {
                "conf": scores.confidence,
                "margin": scores.margin,
                "ptrue": scores.true_probability,
                "loss": scores.loss,
            }[self.field]
        return np.asarray(OPERATORS[self.operator](values, self.limit))

    def describe(self, classes: Sequence[str]) -> str:
        """Return the canonical text of the term."""
        return f"{self.field}{self.operator}{str(self.limit).removesuffix('.0')}"


@dataclass(frozen=True, slots=True)
class Correctness:
    """Condition that an image is correctly classified or misclassified."""

    word: str

    def mask(self, scores: ImageScores) -> NDArray[np.bool_]:
        """Return where the condition holds: (N,) bool."""
        return scores.correct if self.word == "right" else ~scores.correct

    def describe(self, classes: Sequence[str]) -> str:
        """Return the canonical text of the term."""
        return self.word


@dataclass(frozen=True, slots=True)
class Selection:
    """Conjunction of conditions."""

    terms: tuple[tuple[bool, Membership | Comparison | Correctness], ...]
    """Conditions, each preceded by whether it is negated."""
    classes: tuple[str, ...]

    def mask(self, scores: ImageScores) -> NDArray[np.bool_]:
        """Return which of N images are selected: (N,) bool."""
        chosen = np.ones(len(scores), bool)
        for negated, condition in self.terms:
            chosen &= condition.mask(scores) ^ negated
        return chosen

    def describe(self) -> str:
        """Return the canonical expression, which parses to an equal selection; empty if there are no conditions."""
        return " ".join("!" * negated + condition.describe(self.classes) for negated, condition in self.terms)


def parse(text: str, classes: Sequence[str] = DIGITS) -> Selection:
    """Parse a filter expression; an empty one selects everything.

    Args:
        classes: names of the classes 0, 1, …; a number always refers to the class with that index.

    Raises `SelectionError`.
    """
    text = text.replace("≥", ">=").replace("≤", "<=")
    terms = re.sub(r"\s*([<>]=?|[:,])\s*", r"\1", text).split()  # conf > 0.9 is one term
    parsed = (_parse_term(term, classes) for term in terms)
    return Selection(tuple(dict.fromkeys(parsed)), tuple(classes))


def _parse_term(term: str, classes: Sequence[str]) -> tuple[bool, Membership | Comparison | Correctness]:
    negated = term[0] in "!-"
    body = term[negated:]
    if body.casefold() in KEYWORDS:
        return negated, Correctness(body.casefold())
    match = _TERM.fullmatch(body)
    field, sign, value = match.groups() if match else (body, "", "")
    field = field.casefold()
    if field in (*CLASS_FIELDS, "index"):
        what = "whole numbers such as 947 or 100-200" if field == "index" else "classes such as 3 or 3,5"
        if sign != ":" or not all(value.split(",")):
            raise _error(term, f"{what} must follow {field}:")
        items = value.split(",")
        ranges = [_parse_index(term, i) if field == "index" else _parse_class(term, i, classes) for i in items]
        return negated, Membership(field, _merged(ranges))
    class_probability = _CLASS_PROBABILITY.fullmatch(field)
    if class_probability and int(class_probability[1]) >= len(classes):
        raise _error(term, f"classes are 0 to {len(classes) - 1}")
    if class_probability or field in (*PROBABILITIES, "loss"):
        if sign not in OPERATORS:
            example = "loss>2" if field == "loss" else f"{field}>0.9"
            raise _error(term, f"{field} must be followed by >, >=, < or <=, such as {example}")
        field = f"p{int(class_probability[1])}" if class_probability else field
        return negated, Comparison(field, sign, _parse_limit(term, sign, value, probability=field != "loss"))
    known = ("true", "pred", "index", *PROBABILITIES, "loss", *KEYWORDS)
    close = difflib.get_close_matches(field, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    listed = f"{', '.join(known[:-2])}, p0 to p{len(classes) - 1}, wrong and right"
    raise _error(term, f"{hint or 'unknown term. '}Terms start with {listed}")


def _parse_index(term: str, item: str) -> tuple[int, int]:
    match = _INTEGER_RANGE.fullmatch(item)
    if not match:
        raise _error(term, "whole numbers such as 947 or 100-200 must follow index:")
    return _ascending(term, int(match[1]), int(match[2] or match[1]))


def _parse_class(term: str, item: str, classes: Sequence[str]) -> tuple[int, int]:
    if match := _INTEGER_RANGE.fullmatch(item):
        first, last = _ascending(term, int(match[1]), int(match[2] or match[1]))
        if last < len(classes):
            return first, last
    names = [_normalized(name) for name in classes]
    if _normalized(item) in names:
        number = names.index(_normalized(item))
        return number, number
    allowed = f"classes are 0 to {len(classes) - 1}"
    if tuple(classes) != DIGITS:
        close = difflib.get_close_matches(_normalized(item), names, n=1, cutoff=0.5)
        labels = [_class_label(i, classes) for i in range(len(classes))]
        hint = f"did you mean {labels[names.index(close[0])]}? " if close else ""
        allowed = f"{hint or 'unknown class. '}Classes are 0 to {len(classes) - 1} or {', '.join(labels)}"
    raise _error(term, allowed)


def _parse_limit(term: str, sign: str, value: str, *, probability: bool) -> float:
    match = _NUMBER.fullmatch(value.casefold())
    # Percentages are scaled in the exponent, so that 99.9% equals 0.999 exactly; 99.9 / 100 does not.
    limit = float(f"{match[1]}e{int(match[2] or 0) - 2 * bool(match[3])}") if match else math.inf
    if not match or math.isinf(limit) or (match[3] and not probability):
        raise _error(term, f"a number such as {'0.9 or 90%' if probability else '2 or 0.5'} must follow {sign}")
    if probability and limit > 1:
        raise _error(term, f"a number from 0 to 1, or 0% to 100%, must follow {sign}")
    return limit


def _ascending(term: str, first: int, last: int) -> tuple[int, int]:
    if first > last:
        raise _error(term, f"the range {first}-{last} ends before it starts: write {last}-{first}")
    return first, last


def _merged(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Merge ranges into ascending, disjoint and non-adjacent ones."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return tuple(merged)


def _normalized(name: str) -> str:
    """Normalize a class name for comparison: lower case, spaces as -."""
    return "-".join(name.casefold().split())


def _class_label(number: int, classes: Sequence[str]) -> str:
    """Return the name of a class in a filter: its name if it parses unambiguously, else its number."""
    word = "-".join(classes[number].split())
    readable = re.fullmatch(r"[^<>≤≥:=,]+", word) and not _INTEGER_RANGE.fullmatch(word)
    unique = [_normalized(name) for name in classes].index(_normalized(word)) == number
    return word if readable and unique else str(number)


def _error(term: str, problem: str) -> SelectionError:
    shown = "".join(character if character.isprintable() else "�" for character in term)
    return SelectionError(f"{shown if len(shown) <= 40 else shown[:39] + '…'}: {problem}")

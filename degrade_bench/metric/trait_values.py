"""The values that the traits of a metric may have: tests for them, and the words that say which they are."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any


@dataclass(frozen=True)
class Values:
    """The values that a trait may have: a test for them, and the words that say which they are."""

    expected: str
    valid: Callable[[Any], bool]


def _number(value: Any, above: float = -math.inf) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return above < float(value) < math.inf
    except OverflowError:
        return False


def _names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(_one_line(name, LONGEST_NAME) for name in value)


def _range(value: Any) -> bool:
    if not isinstance(value, tuple | list) or len(value) != 2:
        return False
    bounds = [bound for bound in value if bound is not None]
    return all(_number(bound) for bound in bounds) and (len(bounds) < 2 or bounds[0] < bounds[1])


def _whole_above_zero(value: Any) -> bool:
    return isinstance(value, Integral) and _number(value, above=0)


def _seconds(value: Any) -> bool:
    return _number(value) and 0 <= value <= LONGEST_SECONDS


def _one_line(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and str.isprintable(value)


def _text(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return False
    return all(c.isprintable() or c in "\t\n\r" or unicodedata.category(c) == "Zs" for c in str.__str__(value))


def _name(value: Any) -> bool:
    if not _one_line(value, LONGEST_NAME) or not value:
        return False
    text = str.__str__(value)
    return text[0].isalnum() and text == text.strip() and all(c.isalnum() or c in NAME_SIGNS for c in text)


LONGEST_NAME, LONGEST_TEXT = 60, 2000
LONGEST_SECONDS = 86400.0 * 7
HIGHEST_RATE = 10_000_000
NAME_SIGNS = " -_.+()[]%#@"
"""What a name may hold beside letters and digits: nothing that means something to a path, a shell, a page, a
spreadsheet, mathematical text or ``--set NAME.KEY=VALUE``."""

FLAG = Values("True or False", lambda value: isinstance(value, bool))
TEXT = Values(f"a text of printable characters, at most {LONGEST_TEXT}", _text)
VERSION = Values(f"a text of one line, at most {LONGEST_NAME} characters", lambda v: _one_line(v, LONGEST_NAME))
NAME = Values(
    f"a text of 1 to {LONGEST_NAME} letters, digits, spaces and signs of `{NAME_SIGNS.strip()}`, that begins with "
    "a letter or a digit",
    _name,
)
RATE = Values(
    f"a whole number of Hz from 1 to {HIGHEST_RATE}, or None",
    lambda value: value is None or (_whole_above_zero(value) and value <= HIGHEST_RATE),
)
SECONDS = Values("seconds from 0 to those of a week", _seconds)
SECONDS_OR_NONE = Values(
    "seconds above 0, at most those of a week, or None",
    lambda value: value is None or (_seconds(value) and value > 0),
)
RANGE = Values("the lowest and the highest score, each a number or None", _range)
CONTROLS = Values("names of controls, such as ('gain',)", _names)
SETTINGS = Values("names of settings, such as ('checkpoint',)", _names)


def plain(value: Any) -> Any:
    """A value of Python's types where it is one of their kind: numpy's numbers and flags, subclasses, lists."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    if type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, tuple | list):
        return tuple(plain(item) for item in value)
    return value

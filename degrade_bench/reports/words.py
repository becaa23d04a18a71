"""How numbers, intervals, durations and detection strengths are written in the report and on the command line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from degrade_bench._support import numbers
from degrade_bench._support.numbers import with_unit

MARGINS = {
    "effect": "the smallest effect of interest, a share of the standard deviation of clean scores",
    "controls": "the spread of single clips under a control",
    "shift": "the mean shift that a control brings about",
    "resolution": "its resolution",
    "rounding": "what the rounding of its scores can account for",
    "given": "as given",
    "none": "there is no control to take a floor from",
}
"""Where a margin comes from that is not the nuisance floor."""


def missing(value: Any) -> bool:
    """Whether there is nothing to show: None, NA or NaN."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows with None for what is missing."""
    return [
        {str(key): None if missing(value) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


def number(value: Any, digits: int = numbers.DIGITS) -> str:
    """A number as :func:`degrade_bench._support.numbers.number` writes it; a text as it is; – for none."""
    if missing(value) or isinstance(value, bool | str):
        return numbers.NOT_KNOWN if missing(value) else str(value)
    return numbers.number(value, digits)


def fixed(value: Any, decimals: int = 2) -> str:
    """A share or a correlation, with so many decimals; – for none."""
    return numbers.NOT_KNOWN if missing(value) else numbers.fixed(value, decimals)


def within(value: Any, low: Any, high: Any) -> str:
    """A number with as many digits as its interval allows; – for none.

    Args:
        value: the number, or an end of its interval.
        low: the interval's lower end, or None.
        high: its upper end, or None.
    """
    return numbers.within(*(None if missing(one) else one for one in (value, low, high)))


def p_value(p: Any) -> str:
    """A p value with its sign of relation; – for none."""
    return numbers.p_value(None if missing(p) else p)


def percent(share: Any, decimals: int | None = None) -> str:
    """A share in per cent; – for none."""
    return numbers.percent(None if missing(share) else share, decimals)


def duration(seconds: Any) -> str:
    """Seconds in words; – for none.

    >>> duration(484.2)
    '8 min 4 s'
    """
    if missing(seconds):
        return "–"
    minutes, rest = divmod(round(float(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if not hours else ""]
    return " ".join(part for part in parts if part)


def when(stamp: Any) -> str:
    """An ISO time stamp as a reader wants it; – for none.

    >>> when("2026-11-24T02:03:04+00:00")
    '2026-11-24 02:03:04 UTC'
    """
    return str(stamp).replace("T", " ").replace("+00:00", " UTC") if stamp else "–"


def level_and_strength(level: Any, strengths: Mapping[int, float], unit: Any) -> str:
    """A level with its strength; – without a level.

    Args:
        level: a level of the ladder, or None.
        strengths: the ladder's strengths by level.
        unit: the unit of the strengths.

    >>> level_and_strength(3, {1: 40.0, 3: 20.0}, "dB SNR")
    'level 3 (20 dB SNR)'
    """
    if missing(level):
        return numbers.NOT_KNOWN
    strength = strengths.get(int(level))
    return f"level {int(level)}" + ("" if missing(strength) else f" ({with_unit(number(strength), unit)})")


def detection(verdict: Mapping[str, Any], strengths: Mapping[int, float]) -> tuple[str, str]:
    """Where the mean drop crosses the margin, and the interval of that, ``""`` where it is not known.

    The strength is interpolated between levels where the analysis could do so; elsewhere it is the level from which
    on the damage is heard.

    Args:
        verdict: a row of the analysis's verdicts.
        strengths: the ladder's strengths by level.
    """
    if missing(verdict["detection_at"]):
        return level_and_strength(verdict["detection_level"], strengths, verdict["unit"]), ""
    at, low, high = (_at(verdict, end) for end in ("", "_low", "_high"))
    if at == low == high or not (low[0] or high[0]):
        return with_unit(*at), ""
    first = low[0] if high[1] else with_unit(*low)  # the unit once, behind both
    return with_unit(*at), f"{first or 'below level 1'} to {with_unit(*high) or 'beyond the ladder'}"


def _at(verdict: Mapping[str, Any], end: str) -> tuple[str, str]:
    """A strength and its unit; a level where the ladder gives no strength, such as below its first; or nothing."""
    strength, level = verdict[f"detection_strength{end}"], verdict[f"detection_at{end}"]
    if missing(level):
        return "", ""
    if level < 1:
        return "below level 1", ""
    if missing(strength):
        return f"level {number(level)}", ""
    ends = (verdict[f"detection_strength{of}"] for of in ("_low", "_high"))
    return within(strength, *ends), verdict["unit"]


def with_interval(value: Any, low: Any, high: Any) -> str:
    """A value with its interval, or alone where that is not known; – for none.

    Args:
        value: the value, in any unit.
        low: the interval's lower end in the same unit, or None.
        high: its upper end, or None.

    >>> with_interval(0.5, 0.4, 0.6)
    '0.50 (0.40 to 0.60)'
    """
    if missing(value) or missing(low) or missing(high):
        return number(value)
    at, *ends = (within(one, low, high) for one in (value, low, high))
    return f"{at} ({' to '.join(ends)})"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

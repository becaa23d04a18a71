"""How numbers are written for readers, everywhere: in the page, its figures, a terminal, cards and Markdown.

A number that has an interval shows the two digits in which the interval is wide; one without shows three
significant digits. Digits before the decimal point are never rounded away, and stand in groups of three. There is
no exponent but for what is very small or very large, and that is written as a power of ten.
"""

from __future__ import annotations

import math
import re

NOT_KNOWN = "–"
"""Stands for what is missing."""

DIGITS = 3
"""Significant digits of a number without an interval."""
MOST_DIGITS = 4
"""Significant digits of a number with an interval, however narrow."""
SMALL, LARGE = 1e-4, 1e15
"""Below and from these on a number is written as a power of ten."""
ROUNDED_AWAY = 2.0**-126
"""The smallest normal number of single precision: what is smaller is what rounding left, and is written as 0."""
SMALLEST_P = 0.001
"""A smaller p value is said to be smaller."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = DIGITS) -> str:
    """A number with so many significant digits; – for none.

    Args:
        value: any number, also NaN, which is none, or an infinite one.
        digits: significant digits; of a whole number, and before the decimal point, all are shown.

    >>> [number(value) for value in (4843.2, 0.51234, 58079, 20.0, -0.0, 9.09e-313, 2.5e-5, None)]
    ['4,843', '0.512', '58,079', '20', '0', '0', '2.5 × 10⁻⁵', '–']
    """
    if value is None or math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size < ROUNDED_AWAY:
        return "0"
    if size < SMALL or size >= LARGE:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        raised = str(int(power)).translate(_RAISED)
        short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{_signed(short)} × 10{raised}"
    text = f"{value:.{digits}g}"
    return _signed(f"{value:,.0f}" if "e" in text or size >= 10**digits else text)


SINGULARS = {
    "clicks": "click",
    "fifths": "fifth",
    "instruments": "instrument",
    "octaves": "octave",
    "repeats": "repeat",
    "semitones": "semitone",
}
"""Of words that ladders count in."""


def with_unit(amount: str, unit: str | None) -> str:
    """An amount and its unit, which is in the singular for one.

    Args:
        amount: as one of these functions writes it.
        unit: such as ``dB SNR``; nothing for a bare number.

    >>> with_unit("1", "semitones"), with_unit("2", "semitones"), with_unit("1", "clicks/s"), with_unit("0.2", None)
    ('1 semitone', '2 semitones', '1 click/s', '0.2')
    """
    if not unit:
        return amount
    word = re.match(r"\w*", unit)
    if amount == "1" and word is not None:
        unit = SINGULARS.get(word[0], word[0]) + unit[word.end() :]
    return f"{amount} {unit}"


def fixed(value: float | None, decimals: int = 2) -> str:
    """A number with so many decimals, such as a share or a correlation; – for none.

    Args:
        value: any number, also NaN, which is none.
        decimals: how many.

    >>> fixed(-0.001), fixed(-0.4), fixed(1.0)
    ('0.00', '−0.40', '1.00')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    text = f"{value:,.{decimals}f}"
    return _signed(text.lstrip("-") if set(text) <= set("-0.") else text)


def decimals_within(low: float | None, high: float | None) -> int | None:
    """How many decimals show two digits of half an interval's width; None where there is no interval.

    >>> decimals_within(0.40, 0.63), decimals_within(200, 2300), decimals_within(1, 1)
    (2, 0, None)
    """
    if low is None or high is None or not math.isfinite(high - low) or not abs(high - low) >= ROUNDED_AWAY:
        return None
    half = abs(high - low) / 2
    wanted = 1 - math.floor(math.log10(half) + 1e-9)
    before = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    return max(0, min(wanted, MOST_DIGITS - before))


def within(value: float | None, low: float | None, high: float | None) -> str:
    """A number with as many digits as its interval allows; – for none.

    Args:
        value: the number, or an end of its interval.
        low: the interval's lower end, or None.
        high: its upper end, or None.

    >>> within(0.51234, 0.4012, 0.6345), within(0.6345, 0.4012, 0.6345), within(0.51234, None, None)
    ('0.51', '0.63', '0.512')
    """
    decimals = decimals_within(low, high)
    if decimals is None or value is None or not math.isfinite(value):
        return number(value)
    size = max(abs(end) for end in (value, low, high) if end is not None)
    if size < SMALL:
        return number(value, DIGITS)
    return fixed(value, decimals)


def percent(share: float | None, decimals: int | None = None) -> str:
    """A share in per cent; – for none.

    Args:
        share: of 1.
        decimals: how many; None for as few as it has, three digits at most.

    >>> percent(0.95), percent(0.12345), percent(0.12345, 1), percent(0.999)
    ('95 %', '12.3 %', '12.3 %', '99.9 %')
    """
    if share is None or math.isnan(share):
        return NOT_KNOWN
    return f"{number(100 * share) if decimals is None else fixed(100 * share, decimals)} %"


def p_value(p: float | None) -> str:
    """A p value with its sign of relation, to stand behind the letter; – for none.

    >>> p_value(0.0123), p_value(3e-9), p_value(0.5), p_value(1.0)
    ('= 0.012', '< 0.001', '= 0.50', '= 1.00')
    """
    if p is None or math.isnan(p):
        return NOT_KNOWN
    return f"< {number(SMALLEST_P)}" if p < SMALLEST_P else f"= {fixed(p, 3 if p < 0.1 else 2)}"


def gigabytes(size: float, decimals: int = 1) -> str:
    """A number of bytes, in 10⁹ of them.

    >>> gigabytes(5.6e9)
    '5.6 GB'
    """
    return f"{fixed(size / 1e9, decimals)} GB"


def counted(count: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "clip"), counted(1200, "clip")
    ('1 clip', '1,200 clips')
    """
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def _signed(text: str) -> str:
    """With a true minus, and none before zero."""
    return text.replace("-", "−")

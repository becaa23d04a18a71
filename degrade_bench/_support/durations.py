"""Durations, as people write and read them."""

from __future__ import annotations

import re
from typing import Any

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])\s*")
_PARTS = re.compile(rf"(?:{_PART.pattern})+")


def parse_seconds(text: Any) -> Any:
    """Seconds of such as ``45s``, ``30m`` or ``1h30m``, or of a number of seconds.

    Anything that is not text is returned unchanged.

    Raises:
        ValueError: a text that is no duration.

    >>> [parse_seconds(text) for text in ("45s", "30m", "1h 30m", "90", 12)]
    [45.0, 1800.0, 5400.0, 90.0, 12]
    """
    if not isinstance(text, str):
        return text
    words = text.strip().lower()
    if _PARTS.fullmatch(words):
        return sum(float(count) * UNITS[unit] for count, unit in _PART.findall(words))
    try:
        return float(words)
    except ValueError:
        raise ValueError(f"expected seconds, or a time such as 45s, 30m or 1h30m, got {text[:40]!r}") from None


def human_seconds(seconds: float) -> str:
    """Such as ``40 s``, ``6 min`` or ``2 h 10 min``.

    >>> [human_seconds(seconds) for seconds in (0.2, 40, 400, 7800)]
    ['1 s', '40 s', '7 min', '2 h 10 min']
    """
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"

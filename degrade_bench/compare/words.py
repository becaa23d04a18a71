"""How the notes of a comparison list names, counts and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MOST = 6
"""Names that a note lists before it only counts."""


def listed(names: Iterable[object], most: int = MOST, separator: str = ", ") -> str:
    """Names, the first few of them, and how many more there are.

    Args:
        names: any number of them.
        most: how many are shown.
        separator: between names.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    texts = [str(name) for name in names]
    shown = separator.join(texts[:most])
    return shown + (f" and {len(texts) - most} more" if len(texts) > most else "")


def where(values: Mapping[str, object]) -> str:
    """Which value stands in which run.

    >>> where({"a": 1, "b": 2, "c": 1})
    '1 in a and c, 2 in b'
    """
    by_value: dict[str, list[str]] = {}
    for label, value in values.items():
        by_value.setdefault(str(value), []).append(label)
    return ", ".join(f"{value} in {' and '.join(labels)}" for value, labels in by_value.items())

"""Texts from outside in one line: of values and of errors whose own words may be anything, or may fail."""

from __future__ import annotations

import reprlib
from typing import Any

LONGEST = 200
"""Characters of a foreign text that a message shows."""


def one_line(text: str, longest: int = LONGEST) -> str:
    r"""A text in one line of printable characters, cut where it is longer.

    >>> print(one_line("two\nlines \x1b[31m"))
    two lines \x1b[31m
    """
    words = " ".join(str.split(text))
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def shown(value: Any) -> str:
    """The ``repr`` of a value in one line; of one that has none, its type."""
    try:
        return one_line(repr(value) if isinstance(value, str) else reprlib.Repr().repr(value))
    except BaseException as error:  # a foreign __repr__ may raise anything
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"a {one_line(type(value).__name__)} that cannot be shown"


class ForeignError(Exception):
    """What foreign code did wrong, said in full by its text."""


def said(error: BaseException) -> str:
    """The type of an error and what it says, in one line; its type alone where it says nothing or cannot.

    A :class:`ForeignError` is said by its text alone.

    >>> said(ValueError("too loud")), said(SystemExit())
    ('ValueError: too loud', 'SystemExit')
    """
    kind = one_line(type(error).__name__)
    try:
        text = one_line(str(error))
    except BaseException as other:  # a foreign __str__ may raise anything
        if isinstance(other, KeyboardInterrupt):
            raise
        return kind
    if isinstance(error, ForeignError):
        return text
    return f"{kind}: {text}" if text else kind

"""Texts from outside in one line."""

from __future__ import annotations

import pytest

from degrade_bench._support.texts import LONGEST, one_line, said, shown


class SilentError(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31m", "\ud800", "\u202eabc", "x" * 1000, "", "\x00"])
def test_any_text_is_one_printable_line_of_bounded_length(text):
    for line in (one_line(text), said(ValueError(text)), shown(text)):
        assert line.isprintable()
        assert len(line) <= LONGEST + len("ValueError: ")


def test_errors_and_values_that_cannot_be_shown_are_named_by_their_type():
    assert said(SilentError()) == "SilentError"
    assert "SilentError" in shown(SilentError())

"""Texts that can be stored and printed."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from degrade_bench._support.plain_text import BIDI_CONTROLS, plain


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        (os.fsdecode(b"caf\xe9\xff"), r"caf\xe9\xff"),
        ("a\nb\tc\r\x00\x1b[31m\x7f\x85", r"a\nb\tc\r\x00\x1b[31m\x7f\x85"),
        ("\u202eabc\u2066\u200f\u061c", r"\u202eabc\u2066\u200f\u061c"),
        ("\u2028\u2029\ud800", r"\u2028\u2029\ud800"),
        ("日本語 é e\u0301 🎵 שלום <b>$&", "日本語 é e\u0301 🎵 שלום <b>$&"),
    ],
)
def test_what_becomes_of_a_text(text, becomes):
    assert plain(text) == becomes


@given(st.text(st.characters()) | st.binary().map(os.fsdecode))
def test_every_text_becomes_one_that_can_be_stored_and_stays_so(text):
    made = plain(text)
    made.encode("utf-8")
    assert plain(made) == made
    assert not set(made) & BIDI_CONTROLS
    assert not {unicodedata.category(character) for character in made} & {"Cc", "Cs", "Zl", "Zp"}

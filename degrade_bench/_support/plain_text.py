"""Texts from outside, such as names of files, made fit to be stored, printed and told apart."""

from __future__ import annotations

import unicodedata

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of the text around them."""


def plain(text: str) -> str:
    r"""A text in which whatever cannot be encoded, or would act on a terminal, is written as an escape.

    These are bytes of a file's name that are not UTF-8 (Python holds them as lone surrogates), control characters,
    line and paragraph separators, and marks that turn the direction of writing. All else stays as it is.

    >>> plain("caf\udce9\n.wav"), plain("Ça va")
    ('caf\\xe9\\n.wav', 'Ça va')
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # an undecodable byte, as os.fsdecode keeps it
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character in BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character

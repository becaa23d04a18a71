"""Letters that the figures' font has not: another font that is installed, or the number of the letter."""

from __future__ import annotations

from functools import cache

OWN = "DejaVu Sans"
"""It comes with matplotlib, so figures look the same everywhere."""

OTHERS = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "SimHei",
    "Arial Unicode MS",
    "Hiragino Sans GB",
    "Yu Gothic",
    "Malgun Gothic",
    "Noto Sans Devanagari",
)
"""Fonts that other letters are looked for in, where they are installed."""


@cache
def _covered(family: str) -> frozenset[int]:
    """The letters of a font that can be embedded; none where it is not installed."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    if family not in {entry.name for entry in fontManager.ttflist}:
        return frozenset()
    path = fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False)
    with open(path, "rb") as file:
        if file.read(4) == b"OTTO":  # no outlines of TrueType: a PDF could not embed a part of it
            return frozenset()
    return frozenset(get_font(path).get_charmap())


@cache
def lettered(text: str) -> str:
    """A text in which a letter that no font of ours has is written by its number.

    >>> lettered("noise é")
    'noise é'
    """
    if text.isascii():
        return text
    families = families_for(text)
    known = frozenset().union(*map(_covered, families))
    return "".join(
        one if ord(one) in known or one == "\n" else one.encode("unicode_escape").decode("ascii") for one in text
    )


@cache
def families_for(text: str) -> tuple[str, ...]:
    """The fonts that a text is drawn with: ours, and where it lacks a letter, those that have it."""
    if text.isascii():
        return (OWN,)
    lacking = {ord(one) for one in text if one != "\n"} - _covered(OWN)
    chosen = [OWN]
    for family in OTHERS:
        if lacking & _covered(family):
            chosen.append(family)
            lacking -= _covered(family)
    return tuple(chosen)

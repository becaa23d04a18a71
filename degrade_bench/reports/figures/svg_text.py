"""An SVG of matplotlib's in half as many bytes: a page holds dozens of them."""

from __future__ import annotations

import re

from degrade_bench.reports.figures.letters import OWN

SIMILAR = "'Bitstream Vera Sans', Verdana, sans-serif"
"""Fonts whose letters are as wide as ours, for programs that have not ours."""

_NOTHING = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>", flags=re.DOTALL)
_ANY_TAG = re.compile(r"<[^>]*>")
_TAG = re.compile(r"<g(?: id=\"[^\"]*\")?>|<g [^>]*>|</g>")
_PLACES = re.compile(r"(?<= d=\")[^\"]*|(?<= [xy]=\")[^\"]*|(?<=translate\()[^)]*")
_DIGITS = re.compile(r"(\d\.\d\d)\d+")
_BREAK = re.compile(r"\s*\n\s*")


def shorter(svg: str) -> str:
    """The same picture without comments, groups that say nothing, digits that nobody sees, and indentation.

    Places keep two digits after the point, which are of a hundredth of a point. Letters are letters, which can be
    searched, read aloud and edited: where the figures' font is not installed, the reader's program takes one of
    nearly the same widths.

    Args:
        svg: a whole document.
    """
    svg = _without_groups(_NOTHING.sub("", svg))
    svg = _ANY_TAG.sub(lambda tag: _PLACES.sub(lambda place: _DIGITS.sub(r"\1", place[0]), tag[0]), svg)
    return _BREAK.sub("\n", svg).replace(f"'{OWN}'", f"'{OWN}', {SIMILAR}")


def _without_groups(svg: str) -> str:
    """Without groups that have no attribute but a name, to which nothing refers."""
    kept: list[bool] = []

    def of(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            kept.append(" " in tag[0].replace("<g id=", "<g"))
            return tag[0] if kept[-1] else ""
        return "</g>" if kept.pop() else ""

    return _TAG.sub(of, svg)

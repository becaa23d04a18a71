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
_STEP = re.compile(r"\s*([A-Za-z])\s*")
_UNTURNED = re.compile(r" transform=\"rotate\(-?0 [^\"]*\"")
_FAMILY = f"font-family: '{OWN}'; "
_STYLE = '<style type="text/css">'
_ONE = r"<(?:use|path) (?:(?! transform)[^>])*"
_ALIKE = re.compile(rf"{_ONE}?((?: clip-path=\"[^\"]*\")? style=\"[^\"]*\")/>(?:\s*{_ONE}\1/>)+")
_POINT = re.compile(r"<path d=\"M[-0-9. ]*\"[^>]*fill: none[^>]*/>")
_BREAK = re.compile(r"\s*\n\s*")


def shorter(svg: str) -> str:
    """The same picture without comments, groups that say nothing, digits that nobody sees, and indentation.

    Places keep two digits after the point, which are of a hundredth of a point. What many marks or letters have in
    common is said once. Letters are letters, which can be searched, read aloud and edited: where the figures' font
    is not installed, the reader's program takes one of nearly the same widths.

    Args:
        svg: a whole document.
    """
    svg = _ANY_TAG.sub(lambda tag: _shorter_tag(tag[0]), _without_groups(_NOTHING.sub("", svg)))
    svg = _ALIKE.sub(lambda marks: f"<g{marks[1]}>{marks[0].replace(marks[1], '')}</g>", _POINT.sub("", svg))
    return _BREAK.sub("\n", svg).replace(_STYLE, f"{_STYLE}text{{font-family: '{OWN}', {SIMILAR}}}", 1)


def _shorter_tag(tag: str) -> str:
    tag = _PLACES.sub(lambda place: _STEP.sub(r"\1", _DIGITS.sub(r"\1", place[0])).strip(), tag)
    tag = _UNTURNED.sub("", tag).replace(_FAMILY, "")
    return tag.replace(f"'{OWN}'", f"'{OWN}', {SIMILAR}")


def _without_groups(svg: str) -> str:
    """Without groups that have no attribute but a name, to which nothing refers."""
    kept: list[bool] = []

    def of(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            kept.append(" " in tag[0].replace("<g id=", "<g"))
            return tag[0] if kept[-1] else ""
        return "</g>" if kept.pop() else ""

    return _TAG.sub(of, svg)

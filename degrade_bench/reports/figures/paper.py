"""The paper that figures are drawn for: widths of columns, sizes of letters, and places in inches.

Every place is found by measuring the letters beforehand, so that nothing overlaps and nothing has to be drawn twice
to be laid out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from degrade_bench.errors import ConfigError
from degrade_bench.reports.figures.letters import families_for, lettered
from degrade_bench.reports.style import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Column = Literal["single", "double"]

INCHES: Mapping[str, float] = {"single": 3.5, "double": 7.16}
"""Widths of one and of two columns of a paper: IEEE's author guidelines on graphics (88.9 mm and 181.9 mm),
from which other publishers' columns differ by little (Nature: 89 and 183 mm)."""

TALLEST = 9.3
"""Inches: a figure of an ordinary run fits a page of letter paper or A4 with its margins."""

DPI = 300
SMALLEST, SMALL, NORMAL = 6.5, 7.0, 8.0
"""Points: numbers at axes, what stands beside data, names and headings."""
EDGE = 0.06
"""Inches that stay free at each edge of a figure."""
HINTED = 1.03
"""Letters on a screen stand on its dots, and take somewhat more room than on paper."""
LINE = 1.25
"""The height of a line in sizes of its letters."""


def width_of(column: str) -> float:
    """A column's width in inches.

    Raises:
        ConfigError: there is no such column.
    """
    if column not in INCHES:
        raise ConfigError(f"column must be {' or '.join(map(repr, INCHES))}, got {column!r}")
    return INCHES[column]


def line_height(size: float, lines: int = 1) -> float:
    """Inches that so many lines of letters take."""
    return lines * LINE * size / 72


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Inches that the longest line of a text takes."""
    from matplotlib.textpath import text_to_path

    def line_width(line: str) -> float:
        if not line:
            return 0.0
        width, _, _ = text_to_path.get_text_width_height_descent(line, _font(size, families_for(line)), False)
        return float(width)

    return HINTED * max(map(line_width, text.split("\n"))) / 72


@cache
def _font(size: float, families: tuple[str, ...]) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=list(families), size=size)


def fitted(text: str, width: float, size: float = NORMAL, lines: int = 1) -> str:
    """A text in at most so many lines of a width in inches; what does not fit becomes … in its middle.

    Lines are broken after spaces, dashes and underscores where that suffices, and elsewhere where it does not.

    Args:
        text: any text.
        width: inches.
        size: of the letters, in points.
        lines: as many as there may be.
    """
    text = lettered(text)
    broken = _broken(text, width, size)
    keep = len(text)
    while len(broken) > lines and keep > 1:
        keep -= max(1, keep // 12)
        head = (keep + 1) // 2
        broken = _broken(f"{text[:head]}…{text[len(text) - keep + head :]}", width, size)
    return "\n".join(broken[:lines])


def _broken(text: str, width: float, size: float) -> list[str]:
    """The lines of a text, each as long as the width allows."""
    lines, rest = [], text
    while rest and text_width(rest, size) > width:
        end = len(rest) - 1
        while end > 1 and text_width(rest[:end].rstrip(), size) > width:
            end -= 1
        gap = max(rest.rfind(sign, 1, end) for sign in " -_")
        end = gap + 1 if gap > 0 else end
        lines.append(rest[:end].rstrip(" "))
        rest = rest[end:]
    return [*lines, rest] if rest or not lines else lines


@dataclass(frozen=True)
class Key:
    """An entry of a legend.

    Attributes:
        label: what is said.
        look: how a line or a mark of it is drawn, in the words of matplotlib's lines.
        band: the colour of the band that it is, in place of a line.
    """

    label: str
    look: Mapping[str, Any] = field(default_factory=dict)
    band: str = ""


HANDLE, GAP = 0.22, 0.16
"""Inches: what a legend draws before a word, and what stays free after it."""


def key_rows(keys: Sequence[Key], width: float, size: float = SMALL) -> list[list[Key]]:
    """The entries of a legend in rows of a width in inches.

    Args:
        keys: the entries.
        width: inches.
        size: of the letters, in points.
    """
    rows: list[list[Key]] = []
    used = 0.0
    for key in keys:
        needed = _key_width(key, size)
        if not rows or used + needed > width + GAP:
            rows.append([])
            used = 0.0
        rows[-1].append(key)
        used += needed
    return rows


def _key_width(key: Key, size: float) -> float:
    handle = HANDLE + 0.05 if key.look or key.band else 0.0
    return handle + text_width(key.label, size) + GAP


class Sheet:
    """A figure whose parts are placed in inches from its upper left corner.

    Attributes:
        figure: the figure.
        width, height: in inches.
    """

    def __init__(self, width: float, height: float) -> None:
        from degrade_bench.reports.figures.shown import ShownFigure

        self.width, self.height = width, height
        self.figure: Figure = ShownFigure(figsize=(width, height), dpi=DPI)

    def axes(self, left: float, top: float, width: float, height: float, **options: Any) -> Axes:
        """Axes in a rectangle of inches.

        Args:
            left: of the rectangle, from the figure's left edge.
            top: of the rectangle, from the figure's upper edge.
            width: of the rectangle.
            height: of the rectangle.
            options: for matplotlib.
        """
        bottom = self.height - top - height
        place = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(place, **options)

    def write(self, left: float, top: float, text: str, size: float = NORMAL, **options: Any) -> Text:
        """A text whose upper left corner is at a place in inches.

        Args:
            left: from the figure's left edge.
            top: from the figure's upper edge.
            text: as :func:`fitted` gives it.
            size: of the letters, in points.
            options: for matplotlib.
        """
        place = (left, self.height - top)
        chosen: dict[str, Any] = {
            "va": "top",
            "ha": "left",
            "color": INK,
            "linespacing": 1.1,
            "fontsize": size,
        } | options
        family = families_for(text)
        return self.figure.text(
            *place, text, transform=self.figure.dpi_scale_trans, fontfamily=list(family), **chosen
        )

    def legend(self, keys: Sequence[Key], left: float, top: float, size: float = SMALL) -> float:
        """Draw a legend from a place in inches on, to the right edge.

        Args:
            keys: its entries.
            left: from the figure's left edge.
            top: from the figure's upper edge.
            size: of the letters, in points.

        Returns:
            the height that it takes.
        """
        from matplotlib.lines import Line2D
        from matplotlib.patches import Rectangle

        rows = key_rows(keys, self.width - left - EDGE, size)
        inches = self.figure.dpi_scale_trans
        for row, entries in enumerate(rows):
            x, y = left, self.height - top - line_height(size, row) - 0.55 * line_height(size)
            for key in entries:
                if key.band:
                    self.figure.add_artist(
                        Rectangle((x, y - 0.035), HANDLE, 0.07, transform=inches, facecolor=key.band, linewidth=0)
                    )
                elif key.look:
                    handle = [x + HANDLE / 2] if key.look.get("linestyle") == "none" else [x, x + HANDLE]
                    marks: dict[str, Any] = {"markevery": [0]} if len(handle) == 2 else {}
                    self.figure.add_artist(Line2D(handle, [y] * len(handle), transform=inches, **marks, **key.look))
                shift = HANDLE + 0.05 if key.look or key.band else 0.0
                self.write(x + shift, self.height - y, key.label, size, va="center_baseline")
                x += _key_width(key, size)
        return line_height(size, len(rows))

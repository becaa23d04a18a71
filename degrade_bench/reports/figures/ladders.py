"""The axis of strengths: a clean clip, then the levels of a ladder, each with its strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from degrade_bench.reports.figures.paper import SMALLEST, Sheet, line_height, text_width
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import SERIES
from degrade_bench.reports.words import missing, number

CLEAN = "clean"
MARKERS = ("o", "s", "^", "D", "v", "P")
BEFORE, AFTER = 0.45, 0.65
"""What stays free beside a ladder, in levels."""


@dataclass(frozen=True)
class Panel:
    """A damage's part of an axis.

    Attributes:
        name: the damage.
        start: where its clean clip stands.
        strengths: its ladder, by level.
        unit: of the strengths.
        colour, marker: of its curve; its placebo has the marker, too.
    """

    name: str
    start: float
    strengths: Mapping[int, float]
    unit: str
    colour: str
    marker: str

    @property
    def labels(self) -> dict[float, str]:
        """What is said of each place on the axis."""
        levels = {
            self.start + level: f"level {level}" if missing(strength) else number(strength)
            for level, strength in self.strengths.items()
        }
        return {self.start: CLEAN, **levels}


def panels(run: View, damages: Sequence[str]) -> tuple[list[Panel], float]:
    """Damages side by side on one axis, and how much of the axis each takes.

    Args:
        run: with its analysis.
        damages: their names.
    """
    ladders = [run.strengths(name) for name in damages]
    span = max(max(ladder) for ladder in ladders) + BEFORE + AFTER
    places = [
        Panel(name, BEFORE + index * span, ladder, run.unit_of[name], SERIES[index % 6], MARKERS[index % 6])
        for index, (name, ladder) in enumerate(zip(damages, ladders, strict=True))
    ]
    return places, span


@dataclass(frozen=True)
class LevelLabels:
    """The labels of an axis, upright where they have no room side by side.

    Attributes:
        texts: by place on the axis.
        inches: of a level on the paper.
        upright: whether they stand upright.
        height: inches that they take.
    """

    texts: Mapping[float, str]
    inches: float
    upright: bool
    height: float

    def write(self, sheet: Sheet, left: float, top: float) -> None:
        """Write them.

        Args:
            sheet: the figure.
            left: inches at which the axis begins.
            top: inches at which they begin.
        """
        turned = {"rotation": 90} if self.upright else {}
        for place, text in self.texts.items():
            sheet.write(left + place * self.inches, top, text, SMALLEST, ha="center", **turned)


def level_labels(places: Sequence[Panel], inches: float) -> LevelLabels:
    """The labels of damages side by side.

    Args:
        places: the damages.
        inches: of a level on the paper.
    """
    texts = {place: text for panel in places for place, text in panel.labels.items()}
    widths = {place: text_width(text, SMALLEST) for place, text in texts.items()}
    ordered = sorted(widths)
    upright = any((widths[one] + widths[two]) / 2 + 0.04 > (two - one) * inches for one, two in pairwise(ordered))
    height = max(widths.values()) + 0.02 if upright else line_height(SMALLEST)
    return LevelLabels(texts, inches, upright, height)

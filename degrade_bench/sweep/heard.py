"""Which damage the report plays, and in what form its sound is kept: all of it within :func:`room`.

A damage that is played is played whole: every level that was run, and its placebo at the highest. All damages are
played, in the best of :data:`FORMS_OF_ALL` in which they fit. Where they fit in none, one damage of each family is
played, the first of the run, in the best of :data:`FORMS`; where these fit in none, as many families as the last
form has room for. What damage to bandwidth and by codecs does is what MP3 itself does, so that their sound is kept
at :data:`CAREFUL_KBPS`. The clean version is kept at each bit rate: what a player switches between differs in the
damage alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.degrade.base import Degradation
from degrade_bench.sweep.cells import levels_of

AUDIO_BYTES = 7_000_000
"""Of all MP3s. Inside a page they take a third more; with 7 metrics and 64 damages it stays below 15 MB."""
METRICS, BYTES_OF_A_METRIC = 7, 400_000
"""How many metrics leave so much room, and how much less there is for each one beyond."""

CAREFUL_FAMILIES = frozenset({"bandwidth", "codec"})
CAREFUL_KBPS = 256
OVERHEAD = 1.02
"""What the first and the last frame of a stream add to its bit rate, at most, over four seconds or more."""


@dataclass(frozen=True)
class Form:
    """How long an excerpt is, in seconds, and its MP3's bit rate, in kbit/s."""

    seconds: float
    kbps: int

    def kbps_of(self, degradation: Degradation) -> int:
        """The bit rate for a damage, its placebo, and the clean version beside them, in kbit/s."""
        return CAREFUL_KBPS if degradation.family in CAREFUL_FAMILIES else self.kbps


FORMS_OF_ALL = (Form(5, 256), Form(5, 192), Form(5, 160), Form(5, 128))
FORMS = (*FORMS_OF_ALL, Form(5, 112), Form(4, 112), Form(4, 96))
"""From the best to the smallest; the first ones are good enough to play more than one damage of a family."""


@dataclass(frozen=True)
class Heard:
    """A damage that is played.

    Attributes:
        damage: that the player is of.
        made: what is rendered, and at which level: the damage at each, then its placebo.
    """

    damage: Degradation
    made: tuple[tuple[Degradation, int], ...]


def room(metrics: int) -> int:
    """Bytes that all MP3s may take beside the figures and tables of so many metrics."""
    return max(0, AUDIO_BYTES - BYTES_OF_A_METRIC * max(0, metrics - METRICS))


def choose(
    degradations: Sequence[Degradation], levels: Sequence[int], metrics: int = 1
) -> tuple[list[Heard], Form]:
    """What is played, in the run's order, and in which form.

    Args:
        degradations: of the run, controls included; these are not played.
        levels: of the run.
        metrics: how many the run has.
    """
    tested = [_heard(one, levels) for one in degradations if one.group != "control"]
    first_of_family: dict[tuple[str, str], Heard] = {}
    for one in tested:
        first_of_family.setdefault((one.damage.group, one.damage.family), one)
    of_each_family = list(first_of_family.values())
    for several, forms in ((tested, FORMS_OF_ALL), (of_each_family, FORMS)):
        for form in forms:
            if size(several, form) <= room(metrics):
                return several, form
    smallest = FORMS[-1]
    while of_each_family and size(of_each_family, smallest) > room(metrics):
        of_each_family.pop()
    return of_each_family, smallest


def size(several: Sequence[Heard], form: Form) -> float:
    """The most bytes that the MP3s of some damages and of the clean clip take.

    Args:
        several: the damages.
        form: of their excerpts.
    """
    kbps = [form.kbps_of(one.damage) for one in several]
    in_all = sum(set(kbps)) + sum(rate * len(one.made) for rate, one in zip(kbps, several, strict=True))
    return OVERHEAD * form.seconds * in_all * 1000 / 8


def _heard(damage: Degradation, levels: Sequence[int]) -> Heard:
    """A damage at its levels; its placebo at the highest, or at its own highest where its ladder is shorter."""
    made = [(damage, level) for level in levels_of(damage, levels)]
    placebo = damage.placebo
    if placebo is not None:
        made.append((placebo, min(max(levels), placebo.ladder.levels[-1])))
    return Heard(damage, tuple(made))

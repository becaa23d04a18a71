"""Which damage the report plays, and in what form its sound is kept: all of it within :data:`BYTES`.

A damage that is played is played whole: every level that was run, and its placebo at the highest. All damages are
played, in the best of :data:`FORMS_OF_ALL` in which they fit. Where they fit in none, one damage of each family is
played, the first of the run, in the best of :data:`FORMS`; where these fit in none, as many families as the last
form has room for. What damage to bandwidth and by codecs does is what MP3 itself does, so that their sound is kept
at :data:`CAREFUL_KBPS`. The clean version is kept at each bit rate: what a player switches between differs in the
damage alone. Before that, room is set aside for the pictures of all damages, and for recordings that stand out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.degrade.base import Degradation
from degrade_bench.sweep.cells import levels_of

BYTES = 7_000_000
"""Of all MP3s and pictures; inside a page they take a third more."""
VERDICTS, BYTES_OF_A_VERDICT = 7 * 64, 6_200
"""How many verdicts (metrics times damages) leave so much room, and how much less there is for each one beyond: so
much its figures and tables take. A page stays below 15 MB: tried with 7 metrics and 64 damages, and 12 and 103."""
BYTES_OF_A_PICTURE = 7_500
"""Of a damage's picture, in the mean."""
BYTES_OF_RECORDINGS, SHARE_OF_RECORDINGS = 1_200_000, 1 / 6
"""Of recordings that stand out, at most; and of all room."""

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

    def bytes_at(self, kbps: int) -> float:
        """The most bytes that an excerpt takes.

        Args:
            kbps: its bit rate, in kbit/s.
        """
        return OVERHEAD * self.seconds * kbps * 1000 / 8


FORMS_OF_ALL = (Form(5, 256), Form(5, 192), Form(5, 160), Form(5, 128))
FORMS = (*FORMS_OF_ALL, Form(5, 112), Form(4, 112), Form(4, 96))
"""From the best to the smallest; the first ones are good enough to play more than one damage of a family."""
FORM_OF_RECORDINGS = Form(4, 80)
"""Of recordings that stand out, whatever the damage: they are played at its highest level, which no MP3 hides."""


@dataclass(frozen=True)
class Heard:
    """A damage that is shown, and played where there is room.

    Attributes:
        damage: that the picture and the player are of.
        made: what is rendered, and at which level: the damage at each, then its placebo.
    """

    damage: Degradation
    made: tuple[tuple[Degradation, int], ...]


def shown(degradations: Sequence[Degradation], levels: Sequence[int]) -> list[Heard]:
    """Every damage of a run, in its order; controls are not shown.

    Args:
        degradations: of the run, controls included.
        levels: of the run.
    """
    return [_heard(one, levels) for one in degradations if one.group != "control"]


def room(metrics: int, damages: int) -> float:
    """Bytes that all MP3s and pictures may take beside figures and tables.

    Args:
        metrics: how many the run has.
        damages: how many it has, controls left out.
    """
    return max(0, BYTES - BYTES_OF_A_VERDICT * max(0, metrics * damages - VERDICTS))


def room_for_recordings(metrics: int, damages: int) -> float:
    """Bytes of these that recordings which stand out may take.

    Args:
        metrics: how many the run has.
        damages: how many it has, controls left out.
    """
    return min(BYTES_OF_RECORDINGS, SHARE_OF_RECORDINGS * room(metrics, damages))


def choose(several: Sequence[Heard], metrics: int = 1, of_recordings: float = 0) -> tuple[list[Heard], Form]:
    """What is played, in the run's order, and in which form.

    Args:
        several: every damage that is shown.
        metrics: how many the run has.
        of_recordings: bytes that recordings which stand out may take.
    """
    available = room(metrics, len(several)) - BYTES_OF_A_PICTURE * len(several) - of_recordings
    first_of_family: dict[tuple[str, str], Heard] = {}
    for one in several:
        first_of_family.setdefault((one.damage.group, one.damage.family), one)
    of_each_family = list(first_of_family.values())
    for those, forms in ((several, FORMS_OF_ALL), (of_each_family, FORMS)):
        for form in forms:
            if size(those, form) <= available:
                return list(those), form
    smallest = FORMS[-1]
    while of_each_family and size(of_each_family, smallest) > available:
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
    return form.bytes_at(in_all)


def _heard(damage: Degradation, levels: Sequence[int]) -> Heard:
    """A damage at its levels; its placebo at the highest, or at its own highest where its ladder is shorter."""
    made = [(damage, level) for level in levels_of(damage, levels)]
    placebo = damage.placebo
    if placebo is not None:
        made.append((placebo, min(max(levels), placebo.ladder.levels[-1])))
    return Heard(damage, tuple(made))

"""Looking at the scores more than once: how much chance of error every look may use up, and what was shown by when.

Who adds recordings until a verdict is there errs more often than stated, unless the looks were planned and share
the error between them. At the share ``t`` of the planned recordings, ``2 − 2 Φ(z / √t)`` of α is used up, with
``z`` the normal quantile at 1 − α / 2: next to nothing at early looks and all of α at the last (K. K. G. Lan and D.
L. DeMets, Biometrika 1983, after P. C. O'Brien and T. R. Fleming, Biometrics 1979). What a look adds to that is the
level of its tests. The levels sum to α, so that the chance of an error at *any* look is at most α whatever the
tests are and however they hang together; boundaries from the joint normal distribution of the looks would be wider,
and hold only for large numbers.

As a p value: the smallest over the looks of a look's p over its share of α. What a look has shown stays shown.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench._support.numbers import number
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.frames import Column, Frame
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules.second import fewest_to_exclude

LOOKS = Frame(
    "looks",
    "a look at the scores; none where they were looked at once, when all were there",
    (
        Column("look", "count", "which look"),
        Column("planned", "flag", "whether it was planned (`run --until concluded`)"),
        Column("taken", "flag", "whether it was taken: a run that has concluded takes no more"),
        Column("clips", "count", "clips by then"),
        Column("share", "number", "of the planned recordings; NaN for a look that was not planned"),
        Column("alpha", "number", "the part of α that is its own; NaN for a look that was not planned"),
    ),
)


@dataclass(frozen=True)
class Looks:
    """The looks at the scores of a run.

    Attributes:
        shares: of the planned recordings at every planned look, rising to 1.
        clips: the ids of the clips that were there at each look so far, the earliest first.
        unplanned: how many clips there were whenever the scores were looked at without a plan, and more were added.
    """

    shares: tuple[float, ...] = ()
    clips: tuple[frozenset[str], ...] = ()
    unplanned: tuple[int, ...] = ()

    def weights(self, alpha: float) -> tuple[float, ...]:
        """The part of a level that each planned look has; they sum to 1."""
        used = [spent(share, alpha) / alpha for share in self.shares[:-1]]
        return tuple(np.diff([0.0, *used, 1.0]).tolist()) if self.shares else ()

    def share(self, alpha: float, number: int | None = None) -> float:
        """The part of a level that a look has; 1 where the scores are looked at once.

        Args:
            alpha: the level.
            number: of the look, from 0; None for the last so far.
        """
        if not self.clips:
            return 1.0
        weight = self.weights(alpha)[len(self.clips) - 1 if number is None else number]
        return max(weight, sys.float_info.min)  # of a look at next to nothing

    def words(self, options: AnalysisOptions) -> str:
        """What has to stand beside a verdict; empty where the scores were looked at once."""
        if self.unplanned:
            return (
                f"looked at before without a plan, at {_listed(self.unplanned)} clips: errs more often than stated"
            )
        if not self.shares or (len(self.shares) == 1 and len(self.clips) == 1):
            return ""
        corrected = ", for which rules 1 correct nothing" if options.rules == 1 else ""
        return f"look {len(self.clips)} of {len(self.shares)} planned{corrected}"

    def rows(self, options: AnalysisOptions, clips: int) -> list[dict[str, object]]:
        """The rows of :data:`LOOKS`.

        Args:
            options: thresholds.
            clips: that there are now.
        """
        counts = [(False, count, math.nan, math.nan) for count in self.unplanned]
        if self.unplanned:
            counts.append((False, clips, math.nan, math.nan))
        levels = [options.alpha * weight for weight in self.weights(options.alpha)]
        for place, (share, level) in enumerate(zip(self.shares, levels, strict=True)):
            there = len(self.clips[place]) if place < len(self.clips) else 0
            counts.append((True, there, share, level))
        return [
            {
                "look": number,
                "planned": planned,
                "taken": not planned or there > 0,
                "clips": there,
                "share": share,
                "alpha": level,
            }
            for number, (planned, there, share, level) in enumerate(counts, 1)
        ]


ONCE = Looks()
"""The scores are looked at once, when all are there."""


def told(looks: pd.DataFrame) -> list[str]:
    """What a reader has to know of how often the scores were looked at: sentences, none where it was once.

    Args:
        looks: of :data:`LOOKS`.
    """
    sentences = []
    seen = looks[~looks["planned"].astype(bool)]
    if len(seen):
        sentences.append(
            f"Clips were added when the verdicts were known, at {_listed(seen['clips'].tolist()[:-1])} clips: they "
            "err more often than stated. `run --until concluded` plans looks from the start."
        )
    planned = looks[looks["planned"].astype(bool)]
    taken = planned[planned["taken"].astype(bool)]
    if len(planned) > 1:
        parts = [
            f"{clips} clips (α = {number(alpha, 2)})"
            for clips, alpha in zip(taken["clips"], taken["alpha"], strict=True)
        ]
        sentences.append(
            f"The scores were looked at {len(taken)} of {len(planned)} planned times: at {_listed(parts)}."
        )
    return sentences


def spent(share: float, alpha: float) -> float:
    """How much of α is used up at a share of the planned recordings.

    >>> [round(spent(share, 0.05), 4) for share in (0.25, 0.5, 0.75, 1.0)]
    [0.0001, 0.0056, 0.0236, 0.05]
    """
    from scipy.special import ndtr, ndtri

    return float(2 * ndtr(ndtri(alpha / 2) / math.sqrt(share)))


def planned_recordings(most: int, looks: int, alpha: float = AnalysisOptions.alpha) -> tuple[int, ...]:
    """How many recordings there are at each look: evenly spread, the first not before any verdict is possible.

    Args:
        most: recordings at the last look.
        looks: how many; fewer where so few recordings do not allow as many.
        alpha: level of the tests.

    >>> planned_recordings(60, 3), planned_recordings(24, 3), planned_recordings(10, 3)
    ((20, 40, 60), (14, 19, 24), (10,))
    """
    first = min(most, max(fewest_to_exclude(alpha), math.ceil(most / looks)))
    steps = [math.ceil((most - first) * number / (looks - 1)) for number in range(looks - 1)]
    return tuple(sorted({*(first + step for step in steps), most}))


@dataclass(frozen=True)
class Shown:
    """What a look has shown of one metric.

    Attributes:
        claims: by damage; p values over the look's share of the level.
        recordings: by damage, the fewest at any level that decides.
        levels: by damage, the levels that decide, rising.
        share: of every level of test that the look has.
    """

    claims: Mapping[str, Claims]
    recordings: Mapping[str, int]
    levels: Mapping[str, tuple[int, ...]]
    share: float


def over_looks(looks: Sequence[Shown], options: AnalysisOptions) -> dict[str, Claims]:
    """The claims of the last look with what earlier looks have shown.

    That a drop lies within the margin counts from as many recordings on as do not miss an effect in a fifth of
    them, but with a chance of the look's own level; and where a look had not all the levels that decide now, what
    it showed of every level, or of the top, is left out.

    Args:
        looks: the earliest first; one where the scores are looked at once.
        options: thresholds.
    """
    if len(looks) == 1 and looks[0].share == 1:
        return dict(looks[0].claims)
    last = looks[-1]
    return {
        name: _strongest([_counting(look, name, last.levels[name], options) for look in looks])
        for name in last.claims
    }


def _counting(look: Shown, name: str, levels: tuple[int, ...], options: AnalysisOptions) -> Claims:
    """What counts of a look's claims on a damage.

    Args:
        look: what it has shown.
        name: of the damage.
        levels: that decide at the last look.
        options: thresholds.
    """
    claims, had = look.claims[name], look.levels[name]
    least = max(options.min_tracks, fewest_to_exclude(options.alpha * look.share))
    if look.recordings[name] < least or not set(levels) <= set(had):
        claims = replace(claims, p_alike=math.nan, p_alike_family=math.nan)
    if had[-1:] != levels[-1:]:
        claims = replace(claims, p_inverted=math.nan, p_artefact=math.nan)
    return claims if had == levels else replace(claims, first_level=None)


def _strongest(claims: Sequence[Claims]) -> Claims:
    """The smallest p values of several looks, the earliest first, with the look of each; the rest is the last's."""
    smallest: dict[str, Any] = {}
    found: dict[str, int] = {}
    for name in P_VALUES:
        values = np.array([getattr(of, name) for of in claims])
        if np.isfinite(values).any():
            found[name] = int(np.nanargmin(values)) + 1
        smallest[name] = float(values[found[name] - 1]) if name in found else math.nan
    levels = [of.first_level for of in claims if of.first_level is not None]
    earlier = {name: look for name, look in found.items() if look < len(claims)}
    return replace(claims[-1], **smallest, first_level=min(levels, default=None), shown_at=earlier)


P_VALUES = tuple(claim.name for claim in fields(Claims) if claim.name.startswith("p_"))


def _listed(parts: Sequence[object]) -> str:
    """Things in words: one, one and another, or one, another and a third."""
    *most, last = map(str, parts)
    return f"{', '.join(most)} and {last}" if most else last

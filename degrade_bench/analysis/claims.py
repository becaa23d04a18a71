"""What can be claimed of a metric's damages, corrected for how many there are: the p values of rules 2.

For every damage there are five claims. *Sensitive*: at some level the drop that counts lies beyond the margin.
*Inverted*: at the top it lies beyond the margin on the other side. *Artefact*: the drop lies beyond the margin at
the top, and at most a quarter of it beyond the placebo's. *Alike*: at every level the drop and the net drop lie
within the margin. *Real*: at some level there is a drop or a net drop, however small. The first three also ask the
exact signed-rank test for a drop, so that no single clip decides them (an intersection-union test: the larger p
counts).

Each claim is one hypothesis for each damage, corrected over the damages (:mod:`~degrade_bench.analysis.together`).
Over the levels of one damage the top has most of the weight (the weighted Bonferroni of the fallback procedure, B.
L. Wiens and A. Dmitrienko, Journal of Biopharmaceutical Statistics 2005); once the top is rejected, the levels
below follow in fixed sequence, each at the level that the top was tested at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.together import Pulls, corrected

TOP_WEIGHT = 0.8
"""The share of a damage's level of test that its top level has."""
COVERED = 0.8
"""The share of a damage's recordings that a level has to have."""

CLAIM_COLUMNS = (
    Column(
        "p_sensitive",
        "number",
        "of the claim that at some level the drop exceeds the margin, and the net drop the effect, corrected over "
        "damages",
    ),
    Column("p_inverted", "number", "of the same claim downwards, at the top, corrected over damages"),
    Column(
        "p_artefact",
        "number",
        "of the claim that at most a quarter of the top's drop is the damage's, corrected over damages",
    ),
    Column("p_alike", "number", "of the claim that drop and net drop lie within the margin at every level"),
    Column("p_alike_family", "number", "the same corrected over damages"),
    Column(
        "p_real",
        "number",
        "of the claim that there is a drop or a net drop at some level, after Holm over all cells",
    ),
    Column("passed_over", "text", "levels that decide nothing: fewer than four fifths of the recordings have them"),
)


@dataclass(frozen=True)
class Claims:
    """The claims on one damage, as p values; NaN where one cannot be made.

    Attributes:
        p_sensitive, p_inverted, p_artefact, p_alike, p_alike_family, p_real, passed_over: the columns
            :data:`CLAIM_COLUMNS`.
        first_level: the lowest level from which on the counted drop was shown to exceed the margin.
        shown_at: of p values that an earlier look at the scores gave, the number of that look.
    """

    p_sensitive: float = math.nan
    p_inverted: float = math.nan
    p_artefact: float = math.nan
    p_alike: float = math.nan
    p_alike_family: float = math.nan
    p_real: float = math.nan
    passed_over: str | None = None
    first_level: int | None = None
    shown_at: Mapping[str, int] = field(default_factory=dict)

    def columns(self) -> dict[str, float | str | None]:
        """The columns :data:`CLAIM_COLUMNS`."""
        return {column.name: getattr(self, column.name) for column in CLAIM_COLUMNS}

    def holds_alike(self, options: AnalysisOptions) -> bool:
        """Whether the drop was shown to lie within the margin, for this damage and for the family of them."""
        return self.p_alike < options.alpha and self.p_alike_family < options.family_alpha


def covered_levels(tracks: np.ndarray, columns: slice) -> np.ndarray:
    """The rows of a damage's levels that at least four fifths of its recordings have; none if nothing is scored.

    A damage's recordings are those of the level that most have.

    Args:
        tracks: of all rows, how many recordings have the level.
        columns: the damage's rows.
    """
    of_damage = tracks[columns]
    enough = (of_damage > 0) & (of_damage >= COVERED * of_damage.max(initial=0))
    values: np.ndarray = np.flatnonzero(enough) + columns.start
    return values


def claims_of(
    inputs: LevelInputs, effects: pd.DataFrame, ladders: Sequence[slice], share: float = 1.0
) -> list[Claims]:
    """The claims on every damage of a metric.

    Args:
        inputs: of the metric's levels.
        effects: its :func:`~degrade_bench.analysis.levels.level_effects`, or those of their columns that are used
            here.
        ladders: the rows of each damage.
        share: of every level of test that this look at the scores has; p values are over it.
    """
    options, level, tracks = inputs.options, effects["level"].to_numpy(), effects["counted_tracks"].to_numpy()
    values = {name: effects[name].to_numpy(dtype=float) for name in effects.columns if name.startswith("p_")}
    drops, nets = (
        _one_sided(values[name], stat.rank_direction(of.track_means))
        for name, of in (("p_value", inputs.drops), ("p_net", inputs.nets))
    )
    has_net = np.isfinite(effects["net_drop"].to_numpy(dtype=float))
    falls, rises = (np.where(has_net, net, drop) for net, drop in zip(nets, drops, strict=True))
    drop_falls = drops[0]
    exceeds = np.maximum(values["p_exceeds"], falls)
    prefers = np.maximum(values["p_prefers"], rises)
    artefact = np.maximum(np.maximum(values["p_drop_exceeds"], drop_falls), values["p_share"])
    covered = [covered_levels(tracks, ladder) for ladder in ladders]
    top = np.array([rows[-1] if len(rows) else -1 for rows in covered], dtype=int)
    best = np.array([rows[_best(exceeds[rows])] if len(rows) else -1 for rows in covered], dtype=int)
    worst = np.array([rows[_worst(values["p_within"][rows])] if len(rows) else -1 for rows in covered], dtype=int)
    sensitive = np.array([_over_levels(exceeds[rows]) for rows in covered])
    alike = _at(values["p_within"], worst)
    pulls = Pulls.of(inputs)
    together = {
        "sensitive": corrected(sensitive, pulls.exceeding(best), inputs.options.seed),
        "inverted": corrected(_at(prefers, top), pulls.preferring(top), inputs.options.seed),
        "artefact": corrected(_at(artefact, top), pulls.of_placebo(top), inputs.options.seed),
        "alike": corrected(alike, pulls.within(worst), inputs.options.seed),
    }
    pooled = stat.holm([*values["p_value"], *values["p_net"]]).reshape(2, -1)
    return [
        Claims(
            p_sensitive=_over(together["sensitive"][place], share),
            p_inverted=_over(together["inverted"][place], share),
            p_artefact=_over(together["artefact"][place], share),
            p_alike=_over(alike[place], share),
            p_alike_family=_over(together["alike"][place], share),
            p_real=_over(np.fmin.reduce(pooled[:, rows], axis=None), share) if len(rows) else math.nan,
            first_level=_first_level(
                exceeds[rows] / share, _factor(sensitive[place], together["sensitive"][place]), level[rows], options
            ),
            passed_over=_passed_over(level[ladder], tracks[ladder], level[rows]),
        )
        for place, (ladder, rows) in enumerate(zip(ladders, covered, strict=True))
    ]


def _over(p: float, share: float) -> float:
    """A p value over the share of the level that it is tested at; NaN stays NaN."""
    return float(p) if share == 1 or math.isnan(p) else min(1.0, float(p) / share)


def _at(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Values of rows; NaN for -1, which is none."""
    found: np.ndarray = np.append(values, math.nan)[rows]
    return found


def _best(p: np.ndarray) -> int:
    """The level on which "at some level" rests."""
    weighed = p / level_weights(len(p))
    return int(np.nanargmin(weighed)) if np.isfinite(weighed).any() else len(p) - 1


def _worst(p: np.ndarray) -> int:
    """The level on which "at every level" rests; one that is not known before all others."""
    return int(np.argmax(np.where(np.isfinite(p), p, math.inf)))


def _one_sided(p: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A two-sided p as one that the values lie above zero, and one that they lie below."""
    half = p / 2
    return np.where(direction > 0, half, 1 - half), np.where(direction < 0, half, 1 - half)


def level_weights(levels: int) -> np.ndarray:
    """What share of a damage's level of test its levels have, the top last.

    >>> level_weights(5)
    array([0.05, 0.05, 0.05, 0.05, 0.8 ])
    """
    if levels < 2:
        return np.ones(levels)
    return np.append(np.full(levels - 1, (1 - TOP_WEIGHT) / (levels - 1)), TOP_WEIGHT)


def _over_levels(p: np.ndarray) -> float:
    """One p for "at some level", from those of the levels."""
    if not np.isfinite(p).any():
        return math.nan
    return float(min(1.0, np.nanmin(p / level_weights(len(p)))))


def _factor(before: float, after: float) -> float:
    """What Holm's correction came to."""
    return after / before if before > 0 else 1.0


def _first_level(p: np.ndarray, factor: float, levels: np.ndarray, options: AnalysisOptions) -> int | None:
    """The lowest level from which on every level is shown to exceed the margin, from the top down; None without."""
    if not len(p) or not math.isfinite(factor):
        return None
    shown = p * factor / level_weights(len(p))[-1] < options.alpha
    run = int(np.argmin(np.append(shown[::-1], False)))
    return int(levels[len(p) - run]) if run else None


def _passed_over(level: np.ndarray, tracks: np.ndarray, covered: np.ndarray) -> str | None:
    """The levels that too few recordings have, in words.

    Args:
        level: of a damage's rows.
        tracks: the recordings that each has.
        covered: the levels that are not passed over.
    """
    if not len(covered) or len(covered) == len(level):
        return None
    left = ~np.isin(level, covered)
    most = tracks.max()
    parts = zip(level[left], tracks[left], strict=True)
    return ", ".join(f"level {at} ({count} of {most} recordings)" for at, count in parts)

"""Expectations about more than one mean: drops rise with the level, or are not the processing's."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import Against, Bound, Spread, mean_intervals, p_negative
from degrade_bench.analysis.curves import slope_weights
from degrade_bench.analysis.levels.base import PLACEBO_SHARE
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.power import chance_beyond, fewest
from degrade_bench.errors import ConfigError
from degrade_bench.expect.findings import Case
from degrade_bench.expect.outcome import Outcome
from degrade_bench.reports.words import fixed, number, percent


def judge_monotone(case: Case) -> Outcome:
    """The counted drop rises along the ladder, and falls from no level to the next by the effect of interest.

    The rise is that of the least-squares line from the clean clip on; each step is a test of non-inferiority.
    """
    if len(case.rows) < 2:
        return case.outcome("inconclusive", "one level has no course", "two levels or more are needed")
    options, alpha = case.evidence.options, case.evidence.alpha
    resampler, counted = case.resampler, case.drops.counted[:, case.rows]
    levels = case.drops.cells["level"].to_numpy(dtype=float)[case.rows]
    slopes = case.drops.clustered((counted @ slope_weights(np.append(0.0, levels / levels[-1])))[:, None])
    slope_low, slope_high = mean_intervals(slopes, resampler, (1 - 2 * alpha,), options)[0, :, 0]
    falls = case.drops.clustered(-np.diff(counted, axis=1, prepend=0.0))
    effect = Bound.of(case.judgement.floor.counts_as_none.effect)
    against = Against.of(Spread.of(falls, resampler), effect)
    p_small, p_large = against.under(), stat.holm(against.beyond())
    power = _power_of_steps(falls, effect, alpha, options.power)
    at, names = int(np.argmax(falls.means)), ["the clean clip", *(f"level {number(level)}" for level in levels)]
    step = f"from {names[at]} to {names[at + 1]}"
    if (p_large < alpha).any():
        at = int(np.argmin(p_large))
        reason = f"the drop falls from {names[at]} to {names[at + 1]} by more than the smallest effect of interest"
        return case.outcome("fail", f"{reason} ({number(effect.value)})", power)
    if slope_high < 0:
        return case.outcome("fail", "the drop falls along the ladder", power)
    if slope_low > 0 and (p_small < alpha).all():
        reason = "the drop rises along the ladder, and falls at no step by the smallest effect of interest"
        return case.outcome("pass", f"{reason} ({number(effect.value)})", power)
    if not slope_low > 0:
        return case.outcome("inconclusive", "the drop was not shown to rise along the ladder", power)
    reason = f"{step} the drop may fall by the smallest effect of interest ({number(effect.value)}) or more"
    return case.outcome("inconclusive", reason, power, needed=_needed_steps(falls, effect, alpha, options.power))


def _chance_of_steps(falls: Clustered, effect: Bound, alpha: float, tracks: int) -> float:
    """The chance, at least, that steps of nothing are shown to fall by less than the effect."""
    spreads = falls.errors * np.sqrt(falls.tracks)
    return max(0.0, 1 - sum(1 - chance_beyond(effect.value, float(spread), tracks, alpha) for spread in spreads))


def _needed_steps(falls: Clustered, effect: Bound, alpha: float, power: float) -> int | None:
    return fewest(lambda tracks: _chance_of_steps(falls, effect, alpha, tracks) >= power)


def _power_of_steps(falls: Clustered, effect: Bound, alpha: float, power: float) -> str:
    tracks = int(falls.tracks.min())
    chance, needed = _chance_of_steps(falls, effect, alpha, tracks), _needed_steps(falls, effect, alpha, power)
    would = "no number would" if needed is None else f"{needed} would with {percent(power)}"
    return (
        f"where no step falls nor rises, {tracks} recordings show that none falls with a chance of at least "
        f"{percent(chance, 0)}; {would}"
    )


def judge_artefact(case: Case) -> Outcome:
    """More than a quarter of the drop is beyond the placebo's, and there is a drop.

    Raises:
        ConfigError: the damage has no placebo.
    """
    options, alpha = case.evidence.options, case.evidence.alpha
    cell, resampler = case.row, case.resampler
    if not case.drops.has_placebo[cell]:
        name = case.expectation.degradation
        raise ConfigError(f"{name} has no placebo, so it cannot be told whether its processing was heard")
    drop, net = case.drops.drops[:, [cell]], case.drops.net[:, [cell]]
    rest = case.drops.clustered(net - PLACEBO_SHARE * drop)
    spread, of_drop = Spread.of(rest, resampler), Spread.of(case.drops.clustered(drop), resampler)
    mean_drop, mean_net = float(of_drop.means[0]), float(case.drops.clustered(net).means[0])
    share = "" if not mean_drop > 0 else f" ({fixed(100 * mean_net / mean_drop, 0)} % of it)"
    power = _power_of_share(rest, mean_drop, alpha, options.power)
    if not float(p_negative(of_drop.mirrored())[0]) < alpha:
        reason = "no drop was shown, so that there is nothing to tell the processing from"
        return case.outcome("inconclusive", reason, power)
    if float(p_negative(spread.mirrored())[0]) < alpha:
        reason = f"more than a quarter of the drop was shown to be beyond the placebo's{share}"
        return case.outcome("pass", reason, power)
    if float(p_negative(spread)[0]) < alpha:
        reason = (
            f"at most a quarter of the drop was shown to be beyond the placebo's{share}: the processing is heard"
        )
        return case.outcome("fail", reason, power)
    needed = _needed_for_share(rest, alpha, options.power)
    reason = f"more than a quarter of the drop was not shown to be beyond the placebo's{share}"
    return case.outcome("inconclusive", reason, power, needed=needed)


def _spread_of(values: Clustered) -> float:
    return float(values.errors[0] * math.sqrt(values.tracks[0]))


def _needed_for_share(rest: Clustered, alpha: float, power: float) -> int | None:
    mean, spread = float(rest.means[0]), _spread_of(rest)
    if not mean > 0:
        return None
    return fewest(lambda tracks: chance_beyond(mean, spread, tracks, alpha) >= power)


def _power_of_share(rest: Clustered, drop: float, alpha: float, power: float) -> str:
    """From which share of the drop on so many recordings show that it is more than a quarter."""
    tracks, spread = int(rest.tracks[0]), _spread_of(rest)
    chance = percent(power)
    if not drop > 0:
        return "there is no drop of which a share could be shown"
    share, step = PLACEBO_SHARE, 0.01
    while share < 1 and not chance_beyond((share - PLACEBO_SHARE) * drop, spread, tracks, alpha) >= power:
        share += step
    if share >= 1:
        words = (
            f"not even where all of the drop is beyond the placebo's do {tracks} recordings show it with {chance}"
        )
    else:
        words = f"{tracks} recordings show it with a chance of {chance} where {percent(share, 0)} of the drop is"
        words += " beyond the placebo's, or more"
    needed = _needed_for_share(rest, alpha, power)
    return words if needed is None or needed <= tracks else f"{words}; {needed} would, with the share measured"

"""From scores to what came of an expectation.

Each is a hypothesis of its own, tested one-sided at α on the rows of its damage alone. A list of expectations is
passed where every one is: that the whole is passed wrongly has then a chance of at most α, however many there are
(an intersection-union test; R. L. Berger, Technometrics 1982), so nothing has to be corrected for their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from degrade_bench.analysis import effect_limits
from degrade_bench.analysis.claims import covered_levels
from degrade_bench.analysis.effect_limits import DzLimits, dz_limits
from degrade_bench.analysis.planning import Outlook
from degrade_bench.analysis.rules.second import fewest_to_exclude
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.errors import UnknownNameError
from degrade_bench.expect.courses import judge_artefact, judge_monotone
from degrade_bench.expect.evidence import Evidence
from degrade_bench.expect.expectation import Expectation
from degrade_bench.expect.findings import Case, interval
from degrade_bench.expect.outcome import Outcome, State
from degrade_bench.reports.words import number, percent

NOTHING_TO_JUDGE = (Verdict.FAILED, Verdict.NOT_APPLICABLE)
DEAF_TO_ALL = "nothing moved this metric, so that it may be deaf to everything: no positive control fired"


def judge(evidence: Evidence, expectation: Expectation) -> Outcome:
    """What comes of an expectation.

    Raises:
        UnknownNameError: the damage was not scored, or not at that level.
        ConfigError: it has no placebo, and ``not_artefact`` asks for one.
    """
    case = _case(evidence, expectation)
    if case.ruling.verdict in NOTHING_TO_JUDGE or not len(case.rows):
        return case.outcome("inconclusive", case.ruling.reason, "no power without scores")
    least = evidence.options.min_tracks
    if case.recordings < least:
        reason = f"{case.recordings} recordings, and {least} are needed to conclude anything"
        return case.outcome("inconclusive", reason, f"none with fewer than {least} recordings", needed=least)
    return _JUDGES[expectation.kind](case)


def _case(evidence: Evidence, expectation: Expectation) -> Case:
    found = evidence.of(expectation.degradation)
    levels = [int(level) for level in found.drops.cells["level"]]
    tracks = found.judgement.effects["counted_tracks"].to_numpy()
    rows = _rows_of(expectation, levels, covered_levels(tracks, slice(0, len(levels))))
    limits = tuple(_limits(found.drops, int(row), evidence.alpha) for row in rows)
    return Case(evidence, expectation, found.drops, found.judgement, rows, limits)


def _rows_of(expectation: Expectation, levels: list[int], covered: np.ndarray) -> np.ndarray:
    """The levels that an expectation is about: all that enough recordings have, the highest, or one that is named.

    Args:
        expectation: what is expected.
        levels: of the ladder.
        covered: the rows that enough recordings have.
    """
    if expectation.level is not None:
        if expectation.level not in levels:
            scored = [str(level) for level in levels]
            raise UnknownNameError(f"level of {expectation.degradation}", str(expectation.level), scored)
        named: np.ndarray = covered[covered == levels.index(expectation.level)]
        return named
    return covered if expectation.kind in ("blind", "monotone") else covered[-1:]


def _limits(drops: MetricDrops, cell: int, alpha: float) -> DzLimits:
    """Of the drop that counts: beyond the placebo's, where the damage has one."""
    return dz_limits(drops.clustered(drops.counted[:, [cell]]).track_means[:, 0], alpha)


# -- sensitive ------------------------------------------------------------------------------------------


def _judge_sensitive(case: Case) -> Outcome:
    bound = case.expectation.min_dz
    if bound is None:
        return _by_verdict(case, Verdict.SENSITIVE)
    limits, alpha, power = case.limits[-1], case.evidence.alpha, case.evidence.options.power
    chance = percent(power)
    smallest = effect_limits.smallest_shown(bound, limits.tracks, alpha, power)
    words = f"{limits.tracks} recordings show it with a chance of {chance} where the true dz is {number(smallest)}"
    words += " or more"
    if limits.low > bound:
        return case.outcome("pass", f"net dz was shown to exceed {number(bound)}", words)
    needed = effect_limits.tracks_to_exceed(limits.dz, bound, alpha, power)
    if limits.high < bound:
        return case.outcome("fail", f"net dz was shown to lie under {number(bound)}", words)
    if needed is None:
        words += "; no number of recordings would show it if the true dz were the one measured"
    else:
        words += f"; {needed} would, if the true dz were the one measured"
    reason = f"net dz was shown neither to exceed {number(bound)} nor to lie under it"
    return case.outcome("inconclusive", reason, words, needed=needed)


def _by_verdict(case: Case, wanted: Verdict) -> Outcome:
    """The verdict decides, and for a level of its own the level from which on it was shown."""
    verdict, plan = case.ruling.verdict, case.plan()
    power = _power_of_verdict(case.evidence.options.power, plan)
    said = f"the verdict is {verdict}: {case.ruling.reason}"
    if verdict is Verdict.INCONCLUSIVE:
        needed = plan.clips_to_detect if wanted is Verdict.SENSITIVE else plan.clips_to_exclude
        return case.outcome("inconclusive", said, power, needed=needed)
    if verdict is not wanted:
        return case.outcome("fail", said, power)
    if wanted is Verdict.BLIND and not case.evidence.hears_something():
        return case.outcome("inconclusive", DEAF_TO_ALL, power)
    first = case.judgement.claims[case.expectation.degradation].first_level
    level = case.expectation.level
    if level is not None and (first is None or first > level):
        return case.outcome(*_not_from(case, level, first), power)
    return case.outcome("pass", said, power)


def _not_from(case: Case, level: int, first: int | None) -> tuple[State, str]:
    """What is to be said of a level under the one from which on the damage was shown to be noticed.

    Args:
        case: of the expectation.
        level: that is asked about.
        first: from which on it was shown; None where at no level after another.
    """
    shown = f"it was shown from level {first} on" if first is not None else "it was shown at some level"
    if float(case.judgement.effects["p_within"].iloc[case.row]) < case.evidence.alpha:
        return "fail", f"at level {level} the drop was shown to lie within the margin ({shown})"
    return "inconclusive", f"at level {level} the drop was not shown to exceed the margin ({shown})"


def _power_of_verdict(power: float, plan: Outlook) -> str:
    """What so many recordings could have shown by the verdict's rules, and how many would, in words."""
    chance, parts = percent(power), []
    if math.isfinite(plan.smallest_detectable):
        smallest = number(plan.smallest_detectable)
        parts.append(f"a drop of {smallest} or more is called sensitive with a chance of {chance}")
    else:
        parts.append(
            "no drop would be called sensitive, or recordings do not differ and there is nothing to plan from"
        )
    if plan.clips_to_detect is not None:
        drop = number(plan.planned_drop)
        parts.append(f"one of {drop} takes {plan.clips_to_detect} recordings for that")
    if plan.clips_to_exclude is not None:
        parts.append(f"{plan.clips_to_exclude} exclude one of the margin")
    return "; ".join(parts)


# -- blind ----------------------------------------------------------------------------------------------


def _judge_blind(case: Case) -> Outcome:
    bound = case.expectation.max_dz
    if bound is None:
        return _by_verdict(case, Verdict.BLIND)
    alpha, options, levels = case.evidence.alpha, case.evidence.options, len(case.limits)
    least = fewest_to_exclude(options.alpha)
    needed = max(least, effect_limits.tracks_within(bound, levels, alpha, options.power) or 0)
    chance = effect_limits.chance_within(bound, levels, case.recordings, alpha)
    if case.recordings < least:
        chance = 0.0
    words = (
        f"{case.recordings} recordings show it with a chance of at least {percent(chance, 0)} where the true dz "
    )
    words += f"is 0; {needed} with {percent(options.power)}"
    worst = max(case.limits, key=lambda limits: max(abs(limits.low), abs(limits.high)))
    case = case.at(case.limits.index(worst))
    if any(limits.low > bound or limits.high < -bound for limits in case.limits):
        return case.outcome("fail", f"net dz was shown to lie beyond ±{number(bound)}", words)
    if not case.evidence.hears_something():
        return case.outcome("inconclusive", DEAF_TO_ALL, words)
    if case.recordings < least:
        reason = f"{case.recordings} recordings may miss a damage that a fifth of all are hurt by; {least} do not"
        return case.outcome("inconclusive", reason, words, needed=needed)
    if all(-bound < limits.low and limits.high < bound for limits in case.limits):
        return case.outcome("pass", f"net dz was shown to lie within ±{number(bound)} at every level", words)
    reason = f"net dz was not shown to lie within ±{number(bound)} at every level"
    return case.outcome("inconclusive", f"{reason}; {interval(worst)} is the widest", words, needed=needed)


_JUDGES: Mapping[str, Callable[[Case], Outcome]] = {
    "sensitive": _judge_sensitive,
    "blind": _judge_blind,
    "monotone": judge_monotone,
    "not_artefact": judge_artefact,
}

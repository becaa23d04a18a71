"""From figures to verdicts: one module for each set of rules, in a fixed order of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules import first, second
from degrade_bench.analysis.rules.facts import LevelStats, Ruling, scored

__all__ = ["Damage", "LevelStats", "Ruling", "rulings_of"]


@dataclass(frozen=True)
class Damage:
    """What the rules are told of one damage.

    Attributes:
        ladder: its levels, rising.
        covered: those that enough recordings have.
        claims: on it.
        failed: what failed of its cells, if any did.
    """

    ladder: Sequence[LevelStats]
    covered: Sequence[LevelStats]
    claims: Claims
    failed: Failed | None = None


def rulings_of(
    damages: Mapping[str, Damage],
    controls: pd.DataFrame,
    margin: float,
    options: AnalysisOptions,
    fired_before: str | None = None,
) -> tuple[str | None, dict[str, Ruling]]:
    """The positive control that fired, if one did, and the verdict on every damage of one metric.

    Args:
        damages: by name.
        controls: the metric's :data:`~degrade_bench.analysis.controls.CONTROLS`.
        margin: what counts as no drop, in the metric's unit.
        options: thresholds, and which rules.
        fired_before: a positive control that is known to have fired, where none does here.
    """
    fired = [*_damages_that_fired(damages, margin, options), *_controls_that_fired(controls, options)]
    positive_control = max(fired)[1] if fired else fired_before
    if options.rules == 1:
        return positive_control, {
            name: first.rule(damage.ladder, margin, positive_control, options, damage.failed)
            for name, damage in damages.items()
        }
    return positive_control, {
        name: second.rule(damage.covered, damage.claims, positive_control, options, damage.failed)
        for name, damage in damages.items()
    }


def _damages_that_fired(
    damages: Mapping[str, Damage], margin: float, options: AnalysisOptions
) -> list[tuple[float, str]]:
    """The damages that moved the metric beyond its margin, with by how much at the top."""
    fired = []
    for name, damage in damages.items():
        ladder = scored(damage.ladder) if options.rules == 1 else damage.covered
        if not ladder or (options.positive_controls and name not in options.positive_controls):
            continue
        top, claims = ladder[-1], damage.claims
        if options.rules == 1:
            moved = first.is_real(top, margin, options.alpha) or first.is_reversed(top, margin, options.alpha)
        else:
            moved = any(p < options.alpha for p in (claims.p_sensitive, claims.p_inverted, claims.p_artefact))
        if moved:
            fired.append((abs(top.drop), name))
    return fired


def _controls_that_fired(controls: pd.DataFrame, options: AnalysisOptions) -> list[tuple[float, str]]:
    """The controls that moved the metric: under rules 2 only those that it is meant to hear."""
    if controls.empty:
        return []
    tops = controls.drop_duplicates("degradation", keep="last")
    if options.rules != 1:
        tops = tops[~tops["nuisance"].to_numpy(dtype=bool)]
    if options.positive_controls:
        tops = tops[tops["degradation"].isin(options.positive_controls)]
    return [
        (abs(control.drop_mean), str(control.degradation))
        for control, p in zip(tops.itertuples(), stat.holm(tops["p_value"]), strict=True)
        if control.reaction == "reacts" and p < options.alpha
    ]

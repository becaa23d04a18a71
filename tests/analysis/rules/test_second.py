"""Rules 2, one by one, in their order, and that an analysis keeps to them."""

from __future__ import annotations

import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.rules.facts import LevelStats, Ruling
from degrade_bench.analysis.rules.second import fewest_to_exclude, rule
from tests.analysis.rules.facts import NAN, NO_PLACEBO, level
from tests.analysis.tables import awkward

NOTHING = {"p_sensitive": 1.0, "p_inverted": 1.0, "p_artefact": 1.0, "p_alike": 1.0, "p_alike_family": 1.0}
ALIKE = {"p_alike": 0.01, "p_alike_family": 0.02, "p_real": 0.5}


def ruled(
    *levels: LevelStats, positive: str | None = "noise", failed: Failed | None = None, options=None, **p
) -> Ruling:
    """The ruling on these levels, or on one of 20 recordings, with no claim but those that are given."""
    claims = Claims(**{**NOTHING, "p_real": 1.0, **p})
    return rule(levels or (level(),), claims, positive, options or AnalysisOptions(), failed)


def test_nothing_scored_is_not_applicable_and_before_that_failed():
    nothing = rule((), Claims(), None, AnalysisOptions())
    assert nothing.verdict == "not-applicable"
    assert nothing.reason == "no cell could be scored"
    failed = rule((), Claims(), None, AnalysisOptions(), Failed(cells=8, of=8, tracks=8, reason="ValueError: no"))
    assert failed.verdict == "failed"
    assert failed.reason == "8 of 8 cells failed: ValueError: no"


def test_failures_that_leave_too_few_come_before_too_few():
    few = level(tracks=4)
    lost = ruled(few, failed=Failed(cells=8, of=12, tracks=2, reason="no"), p_sensitive=0.001)
    assert lost.verdict == "failed"
    assert "4 recordings are left of the 6 that are needed" in lost.reason
    never = ruled(few, failed=Failed(cells=1, of=5, tracks=1, reason="no"))
    assert never.verdict == "inconclusive"  # there never were enough


def test_too_few_recordings_conclude_nothing():
    few = ruled(level(tracks=5), p_sensitive=0.001, p_artefact=0.001)
    assert few.verdict == "inconclusive"
    assert few.reason == "5 recordings; 6 are needed to conclude anything"
    assert ruled(level(1, tracks=5), level(tracks=6), p_sensitive=0.001).verdict == "inconclusive"
    beside = ruled(level(tracks=20, counted_tracks=4), p_sensitive=0.001)
    assert beside.reason.startswith("4 recordings with a placebo's drop; 6 are needed")
    assert ruled(level(tracks=3), p_sensitive=0.001, options=AnalysisOptions(min_tracks=3)).verdict == "sensitive"


def test_each_claim_has_its_verdict_in_its_order():
    all_of_them = {"p_artefact": 0.01, "p_sensitive": 0.01, "p_inverted": 0.01, **ALIKE}
    for name, verdict in (("p_artefact", "artefact"), ("p_inverted", "inverted"), ("p_sensitive", "sensitive")):
        assert ruled(**all_of_them).verdict == verdict
        assert ruled(**{name: 0.01}).verdict == verdict
        assert ruled(**{name: 0.05}).verdict == "inconclusive"  # under alpha, not at it
        assert ruled(**{name: NAN}).verdict == "inconclusive"
        assert ruled(**{name: 0.02}, options=AnalysisOptions(alpha=0.01)).verdict == "inconclusive"
        del all_of_them[name]
    assert ruled(**all_of_them).verdict == "blind"


def test_reasons_speak_of_a_placebo_where_there_is_one():
    alone = level(**NO_PLACEBO)
    beyond = "by more than the margin, and by more than the smallest effect of interest beyond the placebo's"
    assert ruled(p_sensitive=0.01).reason == f"the score falls {beyond}"
    assert ruled(alone, p_sensitive=0.01).reason == "the score falls by more than the margin"
    assert ruled(p_inverted=0.01).reason.endswith(beyond)
    assert ruled(alone, p_inverted=0.01).reason.endswith("by more than the margin")
    assert ruled(p_inverted=0.01, p_sensitive=0.01).reason.endswith("at a milder level it falls")


def test_no_positive_control_is_needed_to_hear():
    for name, verdict in (("p_artefact", "artefact"), ("p_sensitive", "sensitive"), ("p_inverted", "inverted")):
        assert ruled(positive=None, **{name: 0.01}).verdict == verdict
    assert ruled(positive=None, **{**ALIKE, "p_real": 0.01}).verdict == "faint"


def test_blind_asks_for_fourteen_recordings():
    few = ruled(level(tracks=13), **ALIKE)
    assert few.verdict == "inconclusive"
    assert "13 recordings may miss an effect that a fifth of them have; 14 are needed" in few.reason
    assert ruled(level(tracks=14), **ALIKE).verdict == "blind"
    assert ruled(level(tracks=13), **{**ALIKE, "p_real": 0.01}).verdict == "inconclusive"  # nor faint
    assert ruled(level(tracks=14), **ALIKE, options=AnalysisOptions(min_tracks=15)).verdict == "inconclusive"
    for alpha in (0.01, 0.05, 0.1):
        fewest = fewest_to_exclude(alpha)
        assert 0.8**fewest <= alpha < 0.8 ** (fewest - 1)


def test_faint_is_a_drop_that_lies_within():
    faint = ruled(positive=None, **{**ALIKE, "p_real": 0.049})
    assert faint.verdict == "faint"
    assert faint.reason.startswith("there is an effect, and at every level")
    assert ruled(**{**ALIKE, "p_real": 0.05}).verdict == "blind"
    assert ruled(**{**ALIKE, "p_real": NAN}).verdict == "blind"


def test_blind_asks_for_a_positive_control_unless_that_is_waived():
    none = ruled(positive=None, **ALIKE)
    assert none.verdict == "inconclusive"
    assert "no positive control" in none.reason
    waived = AnalysisOptions(positive_control=False)
    assert ruled(positive=None, **ALIKE, options=waived).verdict == "blind"


def test_within_asks_for_the_damage_and_for_the_family_of_them():
    assert ruled(p_alike=0.04, p_alike_family=0.09).verdict == "blind"
    family = ruled(p_alike=0.04, p_alike_family=0.1)
    assert family.verdict == "inconclusive"
    assert "not corrected for the number of damages" in family.reason
    assert ruled(p_alike=0.05, p_alike_family=0.05).verdict == "inconclusive"
    assert (
        ruled(p_alike=0.04, p_alike_family=0.04, options=AnalysisOptions(family_alpha=0.03)).verdict
        == "inconclusive"
    )


def test_each_reason_for_nothing_settled():
    effect = ruled(p_real=0.01)
    assert effect.verdict == "inconclusive"
    assert effect.reason == "there is an effect, but whether the drop beyond the placebo's counts is not settled"
    assert "whether the drop counts" in ruled(level(**NO_PLACEBO), p_real=0.01).reason
    assert "neither to exceed the margin nor" in ruled().reason
    assert "neither to exceed the margin nor" in rule((level(),), Claims(), "noise", AnalysisOptions()).reason


@pytest.mark.parametrize("options", [AnalysisOptions(resamples=200), AnalysisOptions(resamples=200, margin=5.0)])
def test_every_verdict_of_an_analysis_is_the_rules(options):
    """Rebuilt from the frames alone."""
    analysis = analyse(awkward(clips=24), options)
    facts = analysis.metrics.iloc[0]
    names = ("p_sensitive", "p_inverted", "p_artefact", "p_alike", "p_alike_family", "p_real")
    for row in analysis.verdicts.itertuples():
        levels = analysis.levels[analysis.levels.degradation == row.degradation]
        ladder = [
            level(
                int(cell.level),
                cell.drop_mean,
                n=cell.n,
                tracks=cell.tracks,
                net=cell.net_drop,
                counted_tracks=cell.counted_tracks,
            )
            for cell in levels[levels.counted_tracks >= 0.8 * levels.counted_tracks.max()].itertuples()
        ]
        claims = Claims(**{name: getattr(row, name) for name in names})
        ruling = rule(ladder, claims, facts["positive_control"], options)
        assert (row.verdict, row.reason) == (ruling.verdict, ruling.reason)
        assert (levels["verdict"] == row.verdict).all()
        assert f"n = {ladder[-1].n} clips" in row.sentence

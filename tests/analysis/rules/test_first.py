"""Rules 1, one by one, in their order, and that an analysis keeps to them."""

from __future__ import annotations

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.rules.facts import LevelStats, Ruling
from degrade_bench.analysis.rules.first import is_real, is_reversed, is_within, rule
from degrade_bench.analysis.verdicts import VERDICT_NAMES, Verdict
from tests.analysis.rules.facts import MARGIN, NAN, NO_PLACEBO, level
from tests.analysis.tables import awkward


def ruled(*levels: LevelStats, margin: float = MARGIN, positive: str | None = "noise", **options) -> Ruling:
    return rule(levels, margin, positive, AnalysisOptions(rules=1, **options))


def verdict(*levels: LevelStats, **options) -> str:
    return ruled(*levels, **options).verdict


# -- the rules, in their order -------------------------------------------------------------------------


def test_nothing_scored_is_not_applicable_before_all_else():
    nothing = level(n=0, tracks=0, drop=NAN)
    assert verdict(nothing, positive=None) == "not-applicable"
    assert verdict(positive=None) == "not-applicable"


def test_too_few_recordings_come_before_the_positive_control():
    few = ruled(level(tracks=5), positive=None)
    assert few.verdict == "inconclusive"
    assert few.reason == "5 recordings; 6 are needed to conclude anything"
    assert verdict(level(tracks=6)) == "sensitive"
    assert verdict(level(tracks=3), min_tracks=3) == "sensitive"
    assert verdict(level(1, tracks=2), level(tracks=6)) == "sensitive"  # the top level's count


def test_without_a_positive_control_nothing_is_concluded():
    for levels in ([level(drop=0.0)], [level(drop=0.5)], [level(drop=0.0, half=0.3)]):
        none = ruled(*levels, positive=None)
        assert none.verdict == "inconclusive"
        assert "no positive control" in none.reason
    assert verdict(level(drop=0.0), positive=None, positive_control=False) == "blind"


def test_an_interval_beyond_the_margin_on_both_sides_is_inconclusive():
    wide = ruled(level(drop=0.0, half=0.3))
    assert wide.verdict == "inconclusive"
    assert "both sides" in wide.reason
    assert "both sides" not in ruled(level(drop=0.0, low=-0.1, high=0.1)).reason


def test_inverted_asks_for_the_margin_the_test_and_the_placebo():
    assert verdict(level(drop=-0.5)) == "inverted"
    assert verdict(level(drop=-0.5, **NO_PLACEBO)) == "inverted"
    assert verdict(level(drop=-0.5, p_top=0.05)) == "inconclusive"
    assert verdict(level(drop=-0.12)) == "inconclusive"  # reaches −0.07
    joins = ruled(level(drop=-0.5, net=-0.05, net_low=-0.1, net_high=0.0))
    assert joins.verdict == "inconclusive"
    assert "not shown beyond the placebo's" in joins.reason


def test_blind_is_shown_at_every_level_by_both_the_test_and_its_interval():
    small = [level(k, drop=0.02) for k in (1, 2, 3, 4, 5)]
    assert verdict(*small) == "blind"
    assert verdict(*small[:2], level(3, drop=0.2), *small[3:]) == "inconclusive"
    assert verdict(*small[:2], level(3, n=0, tracks=0, drop=NAN), *small[3:]) == "blind"  # not scored: passed over
    assert verdict(level(drop=0.05, half=0.06)) == "blind"  # 95 % reaches 0.11, 90 % 0.098
    assert verdict(level(drop=0.05, half=0.07)) == "inconclusive"
    assert verdict(level(drop=0.02, p_blind=0.05)) == "inconclusive"
    assert verdict(level(drop=-0.02)) == "blind"
    assert verdict(level(drop=0.02, p_top=0.9, p_beyond=0.9)) == "blind"
    assert verdict(level(drop=0.0, half=0.0), margin=0.0) == "blind"  # never anything at all


def test_a_real_drop_under_the_margin_is_blind_and_not_sensitive():
    assert verdict(level(drop=0.05, half=0.01, p_top=1e-6)) == "blind"


def test_a_drop_is_sensitive_beyond_the_placebo():
    assert verdict(level()) == "sensitive"
    alone = ruled(level(**NO_PLACEBO))
    assert alone == Ruling(Verdict.SENSITIVE, "the drop is beyond the margin")
    assert "placebo" in ruled(level()).reason
    unsure = ruled(level(p_beyond=0.2))
    assert unsure.verdict == "inconclusive"
    assert "beyond the placebo's p = 0.2 after Holm" in unsure.reason


def test_a_drop_is_an_artefact_where_it_was_shown_to_be_the_placebos():
    assert verdict(level(net=0.0, net_low=-0.05, net_high=0.05, net_equivalence_high=0.04)) == "artefact"
    assert verdict(level(net=0.05, net_low=-0.01, net_high=0.11, net_equivalence_high=0.1)) == "artefact"
    open_ = ruled(level(net=0.05, net_low=-0.05, net_high=0.15, net_equivalence_high=0.13))
    assert open_.verdict == "inconclusive"
    assert "do not suffice to tell it from the placebo's" in open_.reason
    # surely more than the placebo's comes first, however little
    assert verdict(level(net=0.05, net_low=0.01, net_high=0.09, net_equivalence_high=0.08)) == "sensitive"


def test_a_drop_without_significance_is_inconclusive_and_says_so():
    ruling = ruled(level(p_top=0.3))
    assert ruling.verdict == "inconclusive"
    assert "p = 0.3 after Holm" in ruling.reason
    neither = ruled(level(drop=0.12))  # from 0.07 to 0.17
    assert neither.verdict == "inconclusive"
    assert "neither to exceed the margin nor" in neither.reason


def test_levels_without_a_drop_are_passed_over():
    assert verdict(level(4), level(5, n=0, tracks=0, drop=NAN)) == "sensitive"


def test_the_top_level_decides_what_is_heard():
    assert verdict(*(level(k, drop=0.0) for k in (1, 2, 3, 4)), level(5)) == "sensitive"
    assert verdict(*(level(k) for k in (1, 2, 3, 4)), level(5, drop=0.02)) == "inconclusive"


def test_alpha_is_the_tests_level():
    assert verdict(level(p_top=0.02, p_beyond=0.02)) == "sensitive"
    assert verdict(level(p_top=0.02, p_beyond=0.02), alpha=0.01) == "inconclusive"


def test_parts_at_their_edges():
    assert is_real(level(), MARGIN, 0.05)
    assert not is_real(level(low=0.1), MARGIN, 0.05)
    assert not is_real(level(p_top=0.05), MARGIN, 0.05)
    assert not is_real(level(p_top=NAN), MARGIN, 0.05)
    assert is_reversed(level(drop=-0.5), MARGIN, 0.05)
    assert not is_reversed(level(drop=-0.5, high=-0.1), MARGIN, 0.05)
    assert is_within(level(drop=0.0, equivalence_low=-0.1, equivalence_high=0.1), MARGIN, 0.05)
    assert not is_within(level(drop=0.0, p_blind=NAN), MARGIN, 0.05)
    assert not is_within(level(drop=0.0, equivalence_low=NAN, equivalence_high=NAN), MARGIN, 0.05)


# -- the whole of an analysis --------------------------------------------------------------------------


COLUMNS = {
    **{name: name for name in ("level", "strength", "unit", "n", "tracks", "p_blind", "p_top", "placebo_drop")},
    **{"drop": "drop_mean", "low": "drop_low", "high": "drop_high", "p_beyond": "p_beyond"},
    **{"equivalence_low": "drop_equivalence_low", "equivalence_high": "drop_equivalence_high"},
    **{"net": "net_drop", "net_low": "net_low", "net_high": "net_high"},
    "net_equivalence_high": "net_equivalence_high",
}
"""From what the rules ask to the columns of ``Analysis.levels``."""


def test_every_verdict_of_an_analysis_is_the_rules():
    """Rebuilt from the frames alone."""
    options = AnalysisOptions(resamples=200, rules=1)
    analysis = analyse(awkward(), options)
    facts = analysis.metrics.iloc[0]
    for row in analysis.verdicts.itertuples():
        levels = analysis.levels[analysis.levels.degradation == row.degradation]
        cells = levels.to_dict("records")
        stats = [LevelStats(**{name: cell[column] for name, column in COLUMNS.items()}) for cell in cells]
        ruling = rule(stats, facts["margin"], facts["positive_control"], options)
        assert (row.verdict, row.reason) == (ruling.verdict, ruling.reason)
        assert row.verdict in VERDICT_NAMES
        assert (levels["verdict"] == row.verdict).all()
        scored = levels[levels["n"] > 0]
        assert f"At level {scored['level'].iloc[-1]} (" in row.sentence
        assert f"n = {scored['n'].iloc[-1]} clips" in row.sentence
        assert "95 % CI" in row.sentence

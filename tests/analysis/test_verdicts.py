"""The rules, one by one, in their order."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.verdicts import VERDICTS, LevelStats, detection_level, is_real, rule, sentence
from degrade_bench.errors import ConfigError

OPTIONS = AnalysisOptions()
NAN = math.nan
MARGIN = 0.1


def level(number: int = 5, drop: float = 0.5, half: float = 0.05, **changes) -> LevelStats:
    made = LevelStats(
        level=number, strength=10.0 * number, unit="dB", n=20, tracks=20, drop=drop, low=drop - half,
        high=drop + half, low_90=drop - 0.8 * half, high_90=drop + 0.8 * half, p_top=0.001, placebo_drop=0.0,
        net=drop, net_low=drop - half, net_high=drop + half,
    )  # fmt: skip
    return replace(made, **changes)


def verdict(levels, margin=MARGIN, positive="noise") -> str:
    return rule(levels, margin, positive, OPTIONS).verdict


def test_nothing_scored_is_not_applicable_before_all_else():
    nothing = level(n=0, tracks=0, drop=NAN)
    assert verdict([nothing], positive=None) == "not-applicable"
    assert verdict([]) == "not-applicable"


def test_too_few_recordings_then_no_positive_control_are_inconclusive():
    few = rule([level(tracks=5)], MARGIN, "noise", OPTIONS)
    assert few.verdict == "inconclusive"
    assert "5 recordings; 6 are needed" in few.reason
    none = rule([level(drop=0.0)], MARGIN, None, OPTIONS)
    assert none.verdict == "inconclusive"
    assert "no positive control" in none.reason


def test_an_interval_beyond_the_margin_on_both_sides_is_inconclusive():
    wide = rule([level(drop=0.0, half=0.3)], MARGIN, "noise", OPTIONS)
    assert wide.verdict == "inconclusive"
    assert "both sides" in wide.reason


def test_inverted_asks_for_the_margin_the_test_and_the_placebo():
    assert verdict([level(drop=-0.5)]) == "inverted"
    assert verdict([level(drop=-0.5, placebo_drop=NAN, net=NAN, net_low=NAN, net_high=NAN)]) == "inverted"
    assert verdict([level(drop=-0.5, p_top=0.2)]) == "inconclusive"
    assert verdict([level(drop=-0.5, net=0.0, net_low=-0.1, net_high=0.1)]) != "inverted"


def test_blind_is_shown_at_every_level_and_by_the_90_percent_interval():
    small = [level(k, drop=0.02) for k in (1, 2, 3, 4, 5)]
    assert verdict(small) == "blind"
    assert verdict([*small[:2], level(3, drop=0.2), *small[3:]]) == "inconclusive"
    edge = level(drop=0.05, half=0.06)  # 95 % reaches 0.11, 90 % 0.098
    assert verdict([edge]) == "blind"
    assert verdict([level(drop=0.05, half=0.07)]) == "inconclusive"


def test_a_drop_is_sensitive_beyond_the_placebo_and_an_artefact_within_it():
    assert verdict([level()]) == "sensitive"
    assert verdict([level(net=0.0, net_low=-0.05, net_high=0.05)]) == "artefact"
    alone = rule([level(placebo_drop=NAN, net=NAN, net_low=NAN, net_high=NAN)], MARGIN, "noise", OPTIONS)
    assert alone.verdict == "sensitive"
    assert "placebo" not in alone.reason


def test_a_drop_without_significance_is_inconclusive_and_says_so():
    ruling = rule([level(p_top=0.3)], MARGIN, "noise", OPTIONS)
    assert ruling.verdict == "inconclusive"
    assert "p = 0.3 after Holm" in ruling.reason


def test_levels_without_a_drop_are_passed_over():
    assert verdict([level(4), level(5, n=0, tracks=0, drop=NAN)]) == "sensitive"


def test_real_is_the_interval_and_the_test():
    assert is_real(level(), MARGIN, 0.05)
    assert not is_real(level(low=0.1), MARGIN, 0.05)
    assert not is_real(level(p_top=0.05), MARGIN, 0.05)


def test_the_detection_level_is_the_lowest_of_an_unbroken_run_from_the_top():
    drops = {1: 0.3, 2: 0.02, 3: 0.3, 4: 0.4, 5: 0.5}
    found = detection_level([level(k, drop=drop) for k, drop in drops.items()], MARGIN)
    assert found is not None
    assert found.level == 3
    assert detection_level([level(drop=0.0)], MARGIN) is None
    assert detection_level([], MARGIN) is None


def test_the_sentence_holds_the_figures():
    ruling = rule([level()], MARGIN, "noise", OPTIONS)
    text = sentence("muq-eval", [level()], ruling, OPTIONS)
    for words in ("level 5 (50 dB)", "muq-eval falls by 0.5", "95 % CI 0.45 to 0.55", "n = 20 clips",
                  "Holm p = 0.001", "its placebo 0, beyond it 0.5", "sensitive"):  # fmt: skip
        assert words in text
    up = sentence("m", [level(drop=-0.5)], rule([level(drop=-0.5)], MARGIN, "noise", OPTIONS), OPTIONS)
    assert "improves by 0.5" in up
    nothing = rule([], MARGIN, "noise", OPTIONS)
    assert sentence("m", [], nothing, OPTIONS) == "m: not-applicable: no cell could be scored."
    assert {"sensitive", "blind", "inverted", "artefact", "inconclusive", "not-applicable"} == set(VERDICTS)


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.0}, {"confidence": 1.0}, {"floor_quantile": 2.0}, {"resamples": 10}, {"margin": -1.0}]
)
def test_thresholds_are_checked(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        AnalysisOptions(**wrong)

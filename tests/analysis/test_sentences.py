"""The sentence that each verdict is told in, under either set of rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.detection import Detection
from degrade_bench.analysis.rules import first, second
from degrade_bench.analysis.rules.facts import LevelStats, Ruling
from degrade_bench.analysis.sentences import detection_words, sentence
from tests.analysis.rules.facts import FIRST, MARGIN, NAN, NO_PLACEBO, SECOND, damage, level

# -- rules 1 -------------------------------------------------------------------------------------------


def ruled(*levels: LevelStats) -> Ruling:
    return first.rule(levels, MARGIN, "noise", FIRST)


MADE = {
    "sensitive": [level(1, drop=0.02), level(5)],
    "blind": [level(1, drop=0.02), level(5, drop=-0.01)],
    "inverted": [level(1, drop=-0.02), level(5, drop=-0.5)],
    "artefact": [level(1, drop=0.02), level(5, net=0.0, net_low=-0.05, net_high=0.05, net_equivalence_high=0.04)],
    "inconclusive": [level(1, drop=0.02), level(5, drop=0.12)],
}


@pytest.mark.parametrize("name", MADE)
def test_every_sentence_states_its_figures(name):
    ruling = ruled(*MADE[name])
    assert ruling.verdict == name
    text = sentence("muq-eval", damage(*MADE[name]), ruling, MARGIN, FIRST)
    for words in (
        "muq-eval",
        "of 2 levels",
        "at level 5 (50 dB)",
        "95 % CI",
        "n = 20 clips",
        "Holm p = 0.001",
        "the placebo's drop is 0",
        f": {name}; {ruling.reason} (with rules = 1).",
    ):
        assert words in text
    assert "recordings" not in text  # as many as clips


def test_sentences_word_by_word():
    levels = [level(1, drop=0.3), level(5)]
    text = sentence("m", damage(*levels), ruled(*levels), MARGIN, FIRST, "beyond the margin from 7 dB on")
    assert text == (
        "At 2 of 2 levels m falls by more than 0.1: at level 5 (50 dB) the score falls by 0.5, 95 % CI 0.45 to "
        "0.55, n = 20 clips, Holm p = 0.001; the placebo's drop is 0, the drop beyond it 0.5 (0.45 to 0.55); "
        "beyond the margin from 7 dB on: sensitive; the drop is beyond the margin and the placebo (with "
        "rules = 1)."
    )
    up = level(5, drop=-0.5, **NO_PLACEBO)
    assert sentence("m", damage(up), ruled(up), MARGIN, FIRST) == (
        "At 1 of 1 level m improves by more than 0.1: at level 5 (50 dB) the score improves by 0.5, 95 % CI 0.45 "
        "to 0.55, n = 20 clips, Holm p = 0.001: inverted; the score improves with the damage, beyond the margin "
        "and the placebo (with rules = 1)."
    )
    deaf = [level(1, drop=0.02, p_blind=0.03, **NO_PLACEBO), level(5, drop=0.0, tracks=8, **NO_PLACEBO)]
    assert sentence("m", damage(*deaf), ruled(*deaf), MARGIN, AnalysisOptions(confidence=0.9, rules=1)) == (
        "At 2 of 2 levels the drop of m lies within ±0.1 (two one-sided tests, p ≤ 0.03): at level 5 (50 dB) the "
        "score falls by 0, 90 % CI -0.05 to 0.05, n = 20 clips of 8 recordings, Holm p = 0.001: blind; at every "
        "level the drop was shown to lie within the margin (with confidence = 0.9, rules = 1)."
    )
    assert sentence("m", damage(), ruled(), MARGIN, FIRST) == "m: not-applicable: no cell could be scored."


def test_a_sentence_says_nothing_that_is_not_known():
    one = level(
        low=NAN,
        high=NAN,
        equivalence_low=NAN,
        equivalence_high=NAN,
        p_top=NAN,
        tracks=1,
        n=1,
        net_low=NAN,
        net_high=NAN,
    )
    text = sentence("m", damage(one), ruled(one), MARGIN, FIRST)
    assert "nan" not in text
    assert "CI" not in text
    assert "Holm p" not in text


def test_where_a_drop_is_detected_in_words():
    place = Detection(at=2.5, strength=25.0, strength_low=20.0, strength_high=31.25)
    assert detection_words(place, "dB") == "beyond the margin from 25 dB on (20 to 31.2)"
    assert detection_words(replace(place, strength_high=NAN), "dB") == "beyond the margin from 25 dB on"
    early = replace(place, at=0.4, strength=10.0)
    assert detection_words(early, "dB") == "beyond the margin already before level 1 (10 dB)"
    assert detection_words(replace(place, at=NAN), "dB") is None


# -- rules 2 -------------------------------------------------------------------------------------------

CLAIMS = {
    "sensitive": Claims(p_sensitive=0.002),
    "artefact": Claims(p_artefact=0.003),
    "inverted": Claims(p_inverted=0.004),
    "faint": Claims(p_alike=0.01, p_alike_family=0.02, p_real=0.005),
    "blind": Claims(p_alike=0.01, p_alike_family=0.02, p_real=0.5),
    "inconclusive": Claims(p_real=0.01),
}
LEVELS = {
    "inverted": (level(1, drop=-0.2), level(5, drop=-0.5)),
    "faint": (level(1, drop=0.01), level(5, drop=0.02)),
    "blind": (level(1, drop=0.0), level(5, drop=-0.01)),
}


def said(name: str, detected: str | None = None, shape: str | None = None, **changes) -> str:
    """The sentence on made-up levels with the claims of a verdict."""
    ladder = LEVELS.get(name, (level(1, drop=0.02), level(5)))
    ladder = (*ladder[:-1], replace(ladder[-1], told=0.93))
    made = damage(*ladder, claims=replace(CLAIMS[name], **changes))
    ruling = second.rule(made.covered, made.claims, "noise", SECOND)
    assert ruling.verdict == name
    return sentence("m", made, ruling, MARGIN, SECOND, detected, shape)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_sentence_of_rules_2_states_its_figures(name):
    text = said(name)
    shown = {
        "sensitive": "m falls by more than 0.1 at some level: ",
        "artefact": "m falls by more than 0.1 at the top: ",
        "inverted": "m improves by more than 0.1 at the top: ",
        "inconclusive": "m, margin 0.1: ",
    }
    assert text.startswith(shown.get(name, "At 2 of 2 levels the drop of m lies within ±0.1 "))
    for words in ("at level 5 (50 dB)", "95 % CI", "n = 20 clips", "the placebo's drop is 0"):
        assert words in text
    assert "it costs a clip more than a control does in 93 % of comparisons" in text
    assert f": {name}; " in text
    assert "nan" not in text
    assert "(with" not in text
    p = {"sensitive": "0.002", "artefact": "0.003", "inverted": "0.004", "faint": "0.005"}.get(name)
    assert ("corrected p = " in text) == (p is not None)
    assert p is None or f"corrected p = {p}" in text
    assert ("two one-sided tests, p ≤ 0.02" in text) == (name in ("blind", "faint"))


def test_a_sentence_of_rules_2_word_by_word():
    assert said(
        "sensitive",
        "beyond the margin from 7 dB on",
        "humped",
        passed_over="level 3 (4 of 20 recordings)",
        first_level=5,
    ) == (
        "m falls by more than 0.1 from level 5 on: at level 5 (50 dB) the score falls by 0.5, 95 % CI 0.45 to "
        "0.55, n = 20 clips, corrected p = 0.002; the placebo's drop is 0, the drop beyond it 0.5 (0.45 to 0.55); "
        "it costs a clip more than a control does in 93 % of comparisons; beyond the margin from 7 dB on; the drop "
        "is larger at a milder level; passed over: level 3 (4 of 20 recordings): sensitive; the score falls by "
        "more than the margin, and by more than the smallest effect of interest beyond the placebo's."
    )
    certain = said("blind", p_alike=0.0, p_alike_family=0.0)
    assert certain.startswith("At 2 of 2 levels the drop of m lies within ±0.1 (no spread between recordings): ")


def test_only_a_surprising_shape_is_told():
    for shape in (None, "rising", "level"):
        assert said("sensitive", shape=shape) == said("sensitive")
    for shape in ("humped", "reversed", "falling"):
        assert said("sensitive", shape=shape) != said("sensitive")


def test_thresholds_that_are_not_the_default_are_named():
    made = damage(level(1, drop=0.02), level(5), claims=CLAIMS["sensitive"])
    options = AnalysisOptions(effect=0.25, min_tracks=8)
    ruling = second.rule(made.covered, made.claims, "noise", options)
    text = sentence("m", made, ruling, MARGIN, options)
    assert text.endswith(f"{ruling.reason} (with effect = 0.25, min_tracks = 8).")

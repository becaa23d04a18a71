"""The sentences that each verdict is told in, under either set of rules."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.detection import Detection
from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.rules import Damage, first, second
from degrade_bench.analysis.rules.facts import LevelStats, Ruling
from degrade_bench.analysis.sentences import MOST_WORDS, Said, detection_words, sentence
from degrade_bench.analysis.verdicts import Verdict
from tests.analysis.rules.facts import FIRST, MARGIN, NAN, NO_PLACEBO, SECOND, damage, level
from tests.analysis.tables import noisy, table

FIRST_WORDS = {
    "sensitive": "Sensitive: m hears white noise",
    "blind": "Blind: m does not hear white noise.",
    "faint": "Faint: m hears white noise, by less than what counts.",
    "inverted": "Inverted: m scores better under white noise.",
    "artefact": "Artefact: m hears the processing of white noise, not the damage.",
    "inconclusive": "Inconclusive: whether m hears white noise is open.",
}
SAID = Said("m", "white_noise", MARGIN, outlook="20 recordings detect a drop of 0.4. 31 would exclude one of 0.1.")


def sentences(text: str) -> list[str]:
    """A text's sentences; a point within a number or a name ends none."""
    return re.split(r"(?<=\.)\s", text)


def longest(text: str) -> int:
    return max(len(one.split()) for one in sentences(text))


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
def test_every_verdict_states_its_figures(name):
    ruling = ruled(*MADE[name])
    assert ruling.verdict == name
    text = sentence(damage(*MADE[name]), ruling, SAID, FIRST)
    assert text.startswith(FIRST_WORDS[name])
    for words in ("At level 5 (50 dB)", "95 % CI", "n = 20 clips)", "Margin 0.1;", "Holm p = 0.001."):
        assert words in text
    assert f"{ruling.reason[0].upper()}{ruling.reason[1:]}." in sentences(text)
    assert "The placebo's drop is 0.0" in text
    assert text.endswith("Thresholds: rules = 1.")
    assert "recordings)" not in text  # as many as clips
    assert longest(text) <= MOST_WORDS


def test_verdicts_word_by_word():
    levels = [level(1, drop=0.3), level(5)]
    said = replace(SAID, from_level=1, detected="the mean drop crosses the margin at 7 dB")
    assert sentences(sentence(damage(*levels), ruled(*levels), said, FIRST)) == [
        "Sensitive: m hears white noise from level 1 on.",
        "The drop is beyond the margin and the placebo.",
        "At level 5 (50 dB) the score falls by 0.500 (95 % CI 0.450 to 0.550, n = 20 clips).",
        "The placebo's drop is 0.000, the drop beyond it 0.500 (0.450 to 0.550).",
        "Margin 0.1; Holm p = 0.001.",
        "The mean drop crosses the margin at 7 dB.",
        "It is shown at every level; only a larger margin would change that.",
        "Thresholds: rules = 1.",
    ]
    deaf = [level(1, drop=0.02, p_blind=0.03, **NO_PLACEBO), level(5, drop=0.0, tracks=8, **NO_PLACEBO)]
    text = sentence(damage(*deaf), ruled(*deaf), SAID, AnalysisOptions(confidence=0.9, rules=1))
    assert "falls by 0.000 (90 % CI −0.050 to 0.050, n = 20 clips of 8 recordings)." in text
    assert "Margin 0.1; two one-sided tests, p = 0.030; Holm p = 0.001." in text
    assert sentences(sentence(damage(), ruled(), SAID, SECOND)) == [
        "Not-applicable: m under white noise.",
        "No cell could be scored.",
        "Other clips or levels would be needed to ask.",
    ]


def test_a_sentence_says_nothing_that_is_not_known():
    ends = ("low", "high", "equivalence_low", "equivalence_high", "p_top", "net_low", "net_high")
    one = level(tracks=1, n=1, **dict.fromkeys(ends, NAN))
    text = sentence(damage(one), ruled(one), SAID, FIRST)
    for words in ("nan", "–", "CI", "Holm p"):
        assert words not in text


def test_where_a_drop_crosses_the_margin_in_words():
    place = Detection(at=2.5, strength=25.0, strength_low=20.0, strength_high=31.25)
    assert detection_words(place, "dB") == "the mean drop crosses the margin at 25.0 dB (20.0 to 31.2)"
    wide = replace(place, at_low=0.8)
    assert detection_words(wide, "dB") == "the mean drop crosses the margin at 25.0 dB (below level 1 to 31.2)"
    assert detection_words(replace(place, strength_high=NAN), "dB") == "the mean drop crosses the margin at 25 dB"
    assert (
        detection_words(replace(place, at=0.4, strength=10.0), "dB")
        == "the mean drop crosses the margin before level 1"
    )
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


def told(name: str, said: Said = SAID, **changes) -> str:
    """The sentences on made-up levels with the claims of a verdict."""
    ladder = LEVELS.get(name, (level(1, drop=0.02), level(5)))
    ladder = (*ladder[:-1], replace(ladder[-1], told=0.93))
    made = damage(*ladder, claims=replace(CLAIMS[name], **changes))
    ruling = second.rule(made.covered, made.claims, "noise", SECOND)
    assert ruling.verdict == name
    return sentence(made, ruling, said, SECOND)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_verdict_of_rules_2_states_its_figures_and_what_would_change_it(name):
    text = told(name)
    assert text.startswith(FIRST_WORDS[name])
    for words in ("At level 5 (50 dB)", "95 % CI", "n = 20 clips", "The placebo's drop is 0", "Margin 0.1"):
        assert words in text
    assert "It costs a clip more than a control does in 93 % of comparisons." in text
    assert "nan" not in text
    assert "Thresholds" not in text
    p = {"sensitive": "0.002", "artefact": "0.003", "inverted": "0.004", "faint": "0.005"}.get(name)
    assert ("corrected p" in text) == (p is not None)
    assert p is None or f"corrected p = {p}." in text
    assert ("two one-sided tests, p = 0.020" in text) == (name in ("blind", "faint"))
    last = " ".join(sentences(text)[-2:])
    assert re.search("recordings|margin|would change", last)
    assert longest(text) <= MOST_WORDS


def test_what_would_change_a_verdict_names_levels_and_recordings():
    some, every = (told("sensitive", replace(SAID, from_level=first)) for first in (5, 1))
    assert some.endswith("Under level 5 it is not shown; more recordings could show it there.")
    assert every.endswith("It is shown at every level; only a larger margin would change that.")
    assert told("inconclusive").endswith(SAID.outlook)
    certain = told("blind", p_alike=0.0, p_alike_family=0.0)
    assert "Margin 0.1; no spread between recordings." in certain


def test_only_a_surprising_shape_is_told():
    for shape in (None, "rising", "level"):
        assert told("sensitive", replace(SAID, shape=shape)) == told("sensitive")
    for shape in ("humped", "reversed", "falling"):
        assert told("sensitive", replace(SAID, shape=shape)) != told("sensitive")


def test_thresholds_that_are_not_the_default_are_named():
    made = damage(level(1, drop=0.02), level(5), claims=CLAIMS["sensitive"])
    options = AnalysisOptions(effect=0.25, min_tracks=8)
    text = sentence(made, second.rule(made.covered, made.claims, "noise", options), SAID, options)
    assert text.endswith("Thresholds: effect = 0.25, min_tracks = 8.")


def test_an_error_of_many_words_is_cut_off():
    failed = Failed(40, 40, 20, "RuntimeError: " + "so many words " * 40)
    made = Damage([], [], Claims(), failed)
    text = sentence(made, second.rule([], made.claims, None, SECOND, failed), SAID, SECOND)
    assert longest(text) == MOST_WORDS
    assert text.endswith("Once the error is mended, run --retry-failed scores these cells again.")
    assert "…" in text


# -- of whole analyses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("clips", [4, 9, 16])
@pytest.mark.parametrize("rules", [1, 2])
def test_no_sentence_of_an_analysis_is_long(clips, rules):
    effects = {"noise_like": 0.3, "order_like": 0.02}
    scores = table(noisy(lambda name, role, at: effects.get(name, 0.0) * at * (role == "test"), 0.2), clips=clips)
    verdicts = analyse(scores, AnalysisOptions(resamples=200, flips=100, rules=rules)).verdicts
    for text in (*verdicts["sentence"], *verdicts["power_note"].dropna(), *verdicts["reason"]):
        assert longest(text) <= MOST_WORDS, text
    assert all(
        text.startswith(f"{Verdict(name).value.capitalize()}")
        for name, text in zip(verdicts["verdict"], verdicts["sentence"], strict=True)
    )

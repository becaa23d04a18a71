"""What a verdict says, in a few sentences that a paper could print.

The verdict comes first, then why, then the figures, and last what would change it. No sentence has more than
:data:`MOST_WORDS` words, but where names are long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench._support.numbers import counted, number, p_value, percent, with_unit, within
from degrade_bench.analysis.detection import Detection
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules import Damage
from degrade_bench.analysis.rules.facts import LevelStats, Ruling, scored
from degrade_bench.analysis.shape import SHAPE_WORDS
from degrade_bench.analysis.verdicts import Verdict

MOST_WORDS = 30
"""Words of a sentence; what a metric said of an error is cut off to fit."""

SURPRISING = ("reversed", "humped", "falling")
"""Shapes of a curve that are told."""


@dataclass(frozen=True)
class Said:
    """What a verdict's sentences name beside the rules' facts.

    Attributes:
        metric: its name.
        degradation: its name.
        margin: what counts as no drop.
        from_level: the level from which on the damage is heard, or None.
        detected: where the mean drop crosses the margin, in words; see :func:`detection_words`.
        shape: of the curve, one of :data:`~degrade_bench.analysis.shape.SHAPE_WORDS`.
        outlook: how many recordings would settle it, in sentences, where it is open.
    """

    metric: str
    degradation: str
    margin: float
    from_level: int | None = None
    detected: str | None = None
    shape: str | None = None
    outlook: str | None = None


def sentence(damage: Damage, ruling: Ruling, said: Said, options: AnalysisOptions) -> str:
    """The verdict as a paper could print it, with its figures, and with thresholds that are not the default.

    Args:
        damage: what the rules were told.
        ruling: the verdict.
        said: names and words.
        options: thresholds.
    """
    ladder = scored(damage.ladder) if options.rules == 1 else list(damage.covered)
    parts: list[str | None] = [_verdict(ruling.verdict, said), ruling.reason]
    if ladder:
        parts += [*_top_words(ladder[-1], options), _certainty(damage, ladder, ruling, said.margin, options)]
        parts += [said.detected, *_of_rules_2(damage, ladder[-1], said, options)]
    changed = options.changed()
    parts += [_change(ruling.verdict, ladder, said), f"thresholds: {changed}" if changed else ""]
    return " ".join(_sentence(part) for part in parts if part)


def _sentence(text: str) -> str:
    """A text as a sentence, or as the several that it has already, each cut off where it is too long."""
    parts = [part.split(" ") for part in text.rstrip(".").split(". ")]
    cut = [part if len(part) <= MOST_WORDS else [*part[: MOST_WORDS - 1], "…"] for part in parts]
    whole = ". ".join(" ".join(part) for part in cut)
    return f"{whole[:1].upper()}{whole[1:]}."


def _verdict(verdict: Verdict, said: Said) -> str:
    """The verdict, and what it means of this metric and damage."""
    metric, name = said.metric, said.degradation.replace("_", " ")
    heard = "" if said.from_level is None else f" from level {said.from_level} on"
    return {
        Verdict.SENSITIVE: f"sensitive: {metric} hears {name}{heard}",
        Verdict.FAINT: f"faint: {metric} hears {name}, by less than what counts",
        Verdict.BLIND: f"blind: {metric} does not hear {name}",
        Verdict.INVERTED: f"inverted: {metric} scores better under {name}",
        Verdict.ARTEFACT: f"artefact: {metric} hears the processing of {name}, not the damage",
        Verdict.INCONCLUSIVE: f"inconclusive: whether {metric} hears {name} is open",
    }.get(verdict, f"{verdict}: {metric} under {name}")


def _top_words(top: LevelStats, options: AnalysisOptions) -> list[str]:
    """What happened at the top, with interval and number of clips, and what the placebo did there."""
    sign, direction = (1, "falls") if top.drop >= 0 else (-1, "improves")
    low, high = sorted((sign * top.low, sign * top.high))
    text = f"at level {top.level} ({with_unit(number(top.strength), top.unit)}) the score {direction} by "
    if math.isfinite(top.low):
        text += f"{within(abs(top.drop), low, high)} ({percent(options.confidence)} CI {within(low, low, high)} to "
        text += f"{within(high, low, high)}, n = "
    else:
        text += f"{number(abs(top.drop))} (n = "
    text += counted(top.n, "clip") + (f" of {counted(top.tracks, 'recording')})" if top.tracks != top.n else ")")
    if not top.has_placebo:
        return [text]
    placebo = within(top.placebo_drop, top.net_low, top.net_high)
    beyond = f"the placebo's drop is {placebo}, the drop beyond it "
    if not math.isfinite(top.net_low):
        return [text, beyond + number(top.net)]
    at, low_end, high_end = (within(end, top.net_low, top.net_high) for end in (top.net, top.net_low, top.net_high))
    return [text, f"{beyond}{at} ({low_end} to {high_end})"]


def _certainty(
    damage: Damage, ladder: Sequence[LevelStats], ruling: Ruling, margin: float, options: AnalysisOptions
) -> str:
    """The margin, and the p value that the verdict rests on.

    Args:
        damage: what the rules were told.
        ladder: its levels that count, rising.
        ruling: the verdict.
        margin: what counts as no drop.
        options: thresholds.
    """
    text = f"margin {number(margin)}"
    if ruling.verdict in (Verdict.BLIND, Verdict.FAINT):
        worst = max(stats.p_blind for stats in ladder) if options.rules == 1 else damage.claims.p_alike_family
        at_look = "" if options.rules == 1 else _look_words(damage.claims.shown_at.get("p_alike_family"))
        text += (
            "; no spread between recordings"
            if worst == 0
            else f"; two one-sided tests, p {p_value(worst)}{at_look}"
        )
    p = ladder[-1].p_top if options.rules == 1 else _p_of(damage, ruling)
    if math.isfinite(p):
        kind, at_look = ("Holm", "") if options.rules == 1 else ("corrected", _look_of(damage, ruling))
        text += f"; {kind} p {p_value(p)}{at_look}"
    return text


def _of_rules_2(damage: Damage, top: LevelStats, said: Said, options: AnalysisOptions) -> list[str]:
    """What only rules 2 know: how single clips compare with controls, a surprising shape, levels passed over.

    Args:
        damage: what the rules were told.
        top: the level that decides.
        said: the shape.
        options: thresholds.
    """
    if options.rules == 1:
        return []
    parts = []
    if math.isfinite(top.told):
        parts.append(f"it costs a clip more than a control does in {percent(top.told, 0)} of comparisons")
    if said.shape in SURPRISING:
        parts.append(SHAPE_WORDS[said.shape])
    if damage.claims.passed_over:
        parts.append(f"passed over: {damage.claims.passed_over}")
    return parts


def _change(verdict: Verdict, ladder: Sequence[LevelStats], said: Said) -> str:
    """What would change the verdict: which level, how many recordings, or which threshold."""
    if verdict is Verdict.INCONCLUSIVE:
        return said.outlook or ""
    if verdict is Verdict.SENSITIVE and said.from_level is not None and ladder:
        if said.from_level > ladder[0].level:
            return f"under level {said.from_level} it is not shown; more recordings could show it there"
        return "it is shown at every level; only a larger margin would change that"
    return {
        Verdict.SENSITIVE: "from which level on is not shown; more recordings could tell",
        Verdict.FAINT: "a smaller margin, or a damage beyond the top level, could make it count",
        Verdict.BLIND: "a smaller margin, or a damage beyond the top level, could change it",
        Verdict.ARTEFACT: "a drop of which more than a quarter is the damage's own would change it",
        Verdict.INVERTED: "only a larger margin would change it",
        Verdict.FAILED: "once the error is mended, run --retry-failed scores these cells again",
        Verdict.NOT_APPLICABLE: "other clips or levels would be needed to ask",
    }[verdict]


def remarked(text: str, remark: str) -> str:
    """Sentences with something that has to stand beside them, if there is anything.

    >>> remarked("It falls.", "look 2 of 3 planned")
    'It falls. Look 2 of 3 planned.'
    """
    return f"{text} {_sentence(remark)}" if remark else text


RESTS_ON = {
    Verdict.SENSITIVE: "p_sensitive",
    Verdict.INVERTED: "p_inverted",
    Verdict.ARTEFACT: "p_artefact",
    Verdict.FAINT: "p_real",
}
"""The claim that a verdict rests on."""


def _p_of(damage: Damage, ruling: Ruling) -> float:
    """The corrected p value of the claim that the verdict rests on; NaN where it rests on another."""
    name = RESTS_ON.get(ruling.verdict)
    return math.nan if name is None else float(getattr(damage.claims, name))


def _look_of(damage: Damage, ruling: Ruling) -> str:
    """At which earlier look the claim was shown that the verdict rests on, in words; empty for the last."""
    return _look_words(damage.claims.shown_at.get(RESTS_ON.get(ruling.verdict, "")))


def _look_words(look: int | None) -> str:
    return "" if look is None else f", shown at look {look} by its scores and margin"


def detection_words(detection: Detection, unit: str) -> str | None:
    """Where the mean drop comes to lie above the margin for good; None where it nowhere does.

    >>> detection_words(Detection(2, 1.4, 1.1, 1.9, 24.0, 29.0, 21.0), "dB SNR")
    'the mean drop crosses the margin at 24.0 dB SNR (29.0 to 21.0)'
    """
    if not math.isfinite(detection.at):
        return None
    if detection.at < 1:
        return "the mean drop crosses the margin before level 1"
    low, high = detection.strength_low, detection.strength_high
    text = f"the mean drop crosses the margin at {with_unit(within(detection.strength, low, high), unit)}"
    if not (math.isfinite(low) and math.isfinite(high)):
        return text
    first = "below level 1" if detection.at_low < 1 else within(low, low, high)
    return f"{text} ({first} to {within(high, low, high)})"

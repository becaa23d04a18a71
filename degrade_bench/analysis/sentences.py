"""What a verdict says, in a sentence that a paper could print."""

from __future__ import annotations

import math
from collections.abc import Sequence

from degrade_bench._support.numbers import number, percent
from degrade_bench.analysis.detection import Detection
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules import Damage
from degrade_bench.analysis.rules.facts import LevelStats, Ruling, scored
from degrade_bench.analysis.shape import SHAPE_WORDS
from degrade_bench.analysis.verdicts import Verdict


def sentence(
    metric: str,
    damage: Damage,
    ruling: Ruling,
    margin: float,
    options: AnalysisOptions,
    detected: str | None = None,
    shape: str | None = None,
) -> str:
    """The verdict as a paper could print it, with its figures, and with thresholds that are not the default.

    Args:
        metric: its name.
        damage: what the rules were told.
        ruling: the verdict.
        margin: what counts as no drop.
        options: thresholds.
        detected: from where on it is detected, in words; see :func:`detection_words`.
        shape: of the curve, one of :data:`~degrade_bench.analysis.shape.SHAPE_WORDS`.
    """
    ladder = scored(damage.ladder) if options.rules == 1 else list(damage.covered)
    if not ladder:
        return f"{metric}: {ruling.verdict}: {ruling.reason}."
    top = ladder[-1]
    text = _first_words(metric, damage, ladder, ruling, margin, options) + _top_words(top, options)
    p = top.p_top if options.rules == 1 else _p_of(damage, ruling)
    if math.isfinite(p):
        text += (
            f", Holm p = {number(p, 2)}"
            if options.rules == 1
            else f", corrected p = {number(p, 2)}{_look_of(damage, ruling)}"
        )
    if top.has_placebo:
        text += f"; the placebo's drop is {number(top.placebo_drop)}, the drop beyond it {number(top.net)}"
        if math.isfinite(top.net_low):
            text += f" ({number(top.net_low)} to {number(top.net_high)})"
    if options.rules != 1 and math.isfinite(top.told):
        text += f"; it costs a clip more than a control does in {percent(top.told, 0)} of comparisons"
    if detected:
        text += f"; {detected}"
    if options.rules != 1 and shape in ("reversed", "humped", "falling"):
        text += f"; {SHAPE_WORDS[shape]}"
    if options.rules != 1 and damage.claims.passed_over:
        text += f"; passed over: {damage.claims.passed_over}"
    text += f": {ruling.verdict}; {ruling.reason}"
    changed = options.changed()
    return f"{text} (with {changed})." if changed else f"{text}."


def remarked(text: str, remark: str) -> str:
    """A sentence with something that has to stand beside it, if there is anything.

    >>> remarked("It falls.", "look 2 of 3 planned")
    'It falls (look 2 of 3 planned).'
    """
    return f"{text.removesuffix('.')} ({remark})." if remark else text


def _first_words(
    metric: str,
    damage: Damage,
    ladder: Sequence[LevelStats],
    ruling: Ruling,
    margin: float,
    options: AnalysisOptions,
) -> str:
    """What was shown, and at how many levels or from which on."""
    count = f"of {len(ladder)} level{'s' if len(ladder) > 1 else ''}"
    if options.rules != 1 and ruling.verdict not in (Verdict.BLIND, Verdict.FAINT):
        first = damage.claims.first_level
        where = "at some level" if first is None else f"from level {first} on"
        return {
            Verdict.SENSITIVE: f"{metric} falls by more than {number(margin)} {where}: ",
            Verdict.ARTEFACT: f"{metric} falls by more than {number(margin)} at the top: ",
            Verdict.INVERTED: f"{metric} improves by more than {number(margin)} at the top: ",
        }.get(ruling.verdict, f"{metric}, margin {number(margin)}: ")
    if ruling.verdict in (Verdict.BLIND, Verdict.FAINT):
        worst = max(stats.p_blind for stats in ladder) if options.rules == 1 else damage.claims.p_alike_family
        at_look = "" if options.rules == 1 else _look_words(damage.claims.shown_at.get("p_alike_family"))
        certain = (
            "no spread between recordings"
            if worst == 0
            else f"two one-sided tests, p ≤ {number(worst, 2)}{at_look}"
        )
        return f"At {len(ladder)} {count} the drop of {metric} lies within ±{number(margin)} ({certain}): "
    if ruling.verdict is Verdict.INVERTED:
        beyond = sum(stats.high < -margin for stats in ladder)
        return f"At {beyond} {count} {metric} improves by more than {number(margin)}: "
    beyond = sum(stats.low > margin for stats in ladder)
    return f"At {beyond} {count} {metric} falls by more than {number(margin)}: "


def _top_words(top: LevelStats, options: AnalysisOptions) -> str:
    """What happened at the top, with interval and number of clips."""
    direction = "falls" if top.drop >= 0 else "improves"
    text = (
        f"at level {top.level} ({number(top.strength)} {top.unit}) the score {direction} by {number(abs(top.drop))}"
    )
    sign = 1 if top.drop >= 0 else -1
    if math.isfinite(top.low):
        ends = sorted((sign * top.low, sign * top.high))
        text += f", {percent(options.confidence)} CI {number(ends[0])} to {number(ends[1])}"
    text += f", n = {top.n} clips"
    if top.tracks != top.n:
        text += f" of {top.tracks} recordings"
    return text


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
    """From where on a drop is beyond the margin; None where it nowhere is.

    >>> detection_words(Detection(2, 1.4, 1.1, 1.9, 24.0, 29.0, 21.0), "dB SNR")
    'beyond the margin from 24 dB SNR on (29 to 21)'
    """
    if not math.isfinite(detection.at):
        return None
    if detection.at < 1:
        return f"beyond the margin already before level 1 ({number(detection.strength)} {unit})"
    text = f"beyond the margin from {number(detection.strength)} {unit} on"
    low, high = detection.strength_low, detection.strength_high
    return f"{text} ({number(low)} to {number(high)})" if math.isfinite(low) and math.isfinite(high) else text

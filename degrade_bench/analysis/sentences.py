"""What a verdict says, in a sentence that a paper could print."""

from __future__ import annotations

import math
from collections.abc import Sequence

from degrade_bench.analysis.curves import Detection
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.verdicts import LevelStats, Ruling, Verdict, scored


def sentence(
    metric: str,
    levels: Sequence[LevelStats],
    ruling: Ruling,
    margin: float,
    options: AnalysisOptions,
    detected: str | None = None,
) -> str:
    """The verdict as a paper could print it, with its figures.

    Args:
        metric: its name.
        levels: rising.
        ruling: the verdict.
        margin: what counts as no drop.
        options: thresholds.
        detected: from where on it is detected, in words; see :func:`detection_words`.
    """
    ladder = scored(levels)
    if not ladder:
        return f"{metric}: {ruling.verdict}: {ruling.reason}."
    top = ladder[-1]
    count = f"of {len(ladder)} level{'s' if len(ladder) > 1 else ''}"
    if ruling.verdict is Verdict.BLIND:
        worst = max(stats.p_blind for stats in ladder)
        text = f"At {len(ladder)} {count} the drop of {metric} lies within ±{margin:.3g} "
        certain = "no spread between recordings" if worst == 0 else f"two one-sided tests, p ≤ {worst:.2g}"
        text += f"({certain}): "
    elif ruling.verdict is Verdict.INVERTED:
        beyond = sum(stats.high < -margin for stats in ladder)
        text = f"At {beyond} {count} {metric} improves by more than {margin:.3g}: "
    else:
        beyond = sum(stats.low > margin for stats in ladder)
        text = f"At {beyond} {count} {metric} falls by more than {margin:.3g}: "
    direction = "falls" if top.drop >= 0 else "improves"
    text += f"at level {top.level} ({top.strength:g} {top.unit}) the score {direction} by {abs(top.drop):.3g}"
    sign = 1 if top.drop >= 0 else -1
    if math.isfinite(top.low):
        ends = sorted((sign * top.low, sign * top.high))
        text += f", {100 * options.confidence:g} % CI {ends[0]:.3g} to {ends[1]:.3g}"
    text += f", n = {top.n} clips"
    if top.tracks != top.n:
        text += f" of {top.tracks} recordings"
    if math.isfinite(top.p_top):
        text += f", Holm p = {top.p_top:.2g}"
    if top.has_placebo:
        text += f"; the placebo's drop is {top.placebo_drop:.3g}, the drop beyond it {top.net:.3g}"
        if math.isfinite(top.net_low):
            text += f" ({top.net_low:.3g} to {top.net_high:.3g})"
    if detected:
        text += f"; {detected}"
    return f"{text}: {ruling.verdict}; {ruling.reason}."


def detection_words(detection: Detection, unit: str) -> str | None:
    """From where on a drop is beyond the margin; None where it nowhere is.

    >>> detection_words(Detection(2, 1.4, 1.1, 1.9, 24.0, 29.0, 21.0), "dB SNR")
    'beyond the margin from 24 dB SNR on (29 to 21)'
    """
    if not math.isfinite(detection.at):
        return None
    if detection.at < 1:
        return f"beyond the margin already before level 1 ({detection.strength:.3g} {unit})"
    text = f"beyond the margin from {detection.strength:.3g} {unit} on"
    low, high = detection.strength_low, detection.strength_high
    return f"{text} ({low:.3g} to {high:.3g})" if math.isfinite(low) and math.isfinite(high) else text

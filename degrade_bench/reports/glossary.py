"""What the words of the report mean: the one source of the page's glossary, its tables' heads and the docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from degrade_bench._support.numbers import number, percent
from degrade_bench.analysis.options import NEWEST_RULES, AnalysisOptions
from degrade_bench.analysis.verdicts import VERDICT_MEANINGS

USUAL = AnalysisOptions()
QUANTILE = percent(USUAL.floor_quantile)

TERMS: Mapping[str, str] = {
    "recording": "what is independent of the others: a track. Clips of one recording count as one.",
    "clip": "the stretch of a recording that is damaged and scored.",
    "damage": "a controlled degradation of the clean clip, in levels.",
    "level": "a step of a damage, from 1 (just noticeable to people) to 5 (gross).",
    "strength": "what a level stands for in the damage's own unit, such as dB SNR or Hz.",
    "placebo": "the same processing without the damage, such as cuts at the same places that change no order.",
    "control": "an edit that no listener would call damage, such as a small change of gain.",
    "drop": "how much worse the metric scores the damaged clip than the clean one. Above 0 it got worse.",
    "net drop": "the drop less the placebo's drop: what is the damage's own.",
    "nuisance floor": f"what controls cost single clips: the {QUANTILE} quantile of their absolute drops.",
    "margin": "the mean drop that counts as none. By default the smallest effect of interest, or more where "
    "controls cost more.",
    "smallest effect of interest": f"{number(USUAL.effect)} standard deviations of the clean scores between clips, "
    "unless it is given.",
    **{verdict: f"{meaning}." for verdict, meaning in VERDICT_MEANINGS.items()},
    "heard": "the verdict is sensitive.",
    "heard from": "the lowest level from which on the drop was shown to exceed the margin, from the top down.",
    "crosses the margin at": "the strength from which on the mean drop lies above the margin, interpolated between "
    "levels, with its interval. It is an estimate: a damage can be heard from a stronger level on only.",
    "levels off at": "the level, of those that are heard, beyond which the drop was shown to grow by no more than "
    "the margin.",
    "alarm": f"a single clip's drop beyond what {QUANTILE} of the drops under controls stay under.",
    "net alarms": "the share of clips that raise an alarm, less the same share under the placebo. Where the "
    "placebo raises as many they are near 0, although the mean drop may be larger, and heard.",
    "miss rate": "1 less net alarms, averaged over levels, damages, families and groups.",
    "trend": "Kendall's τb between level and drop, mean over clips, with the p of Page's test that the drop grows "
    "with the level, after Holm. 1: every clip's drop grows at every level.",
    "interval": f"the {percent(USUAL.confidence)} confidence interval over recordings, unless another is named.",
    "corrected p": "the p value after the correction for the number of damages that were tested.",
    "confirmatory": "the level on which most of the weight of a damage's claims rests. p values of single levels "
    "are exploratory: they show a curve's shape and prove nothing by themselves.",
    "smallest detectable drop": "the smallest drop that so many recordings find with the chance that is planned "
    "for. Not to have found a drop is not to have shown that there is none.",
    "selectivity": "net drops under structural damage against those under signal damage, at equal physical change.",
    "evenness": "of the drop over groups of clips: 1 where every group's is the same, near 0 where one carries it.",
    "fingerprint": "a hash of everything on which a metric's scores depend.",
}
"""Every term with what it means, in the order in which they build upon one another."""

CONFIRMATORY_1 = (
    "the cells that the verdicts rest on; their p is corrected among themselves. All the others are exploratory: "
    "they show a curve's shape and prove nothing by themselves."
)
"""What the word meant under rules 1."""


def glossary(rules: int = NEWEST_RULES, only: Sequence[str] | None = None) -> dict[str, str]:
    """Terms with what they mean.

    Args:
        rules: by which the verdicts were given.
        only: these terms, in this order; None for all.
    """
    meanings = {**TERMS, "confirmatory": TERMS["confirmatory"] if rules != 1 else CONFIRMATORY_1}
    return {term: meanings[term] for term in (meanings if only is None else only)}


def glossary_markdown() -> str:
    """The glossary as a table of the documentation."""
    lines = ["| term | what it means |", "| --- | --- |"]
    return "\n".join(
        [*lines, *(f"| {term} | {meaning.replace('|', chr(92) + '|')} |" for term, meaning in TERMS.items())]
    )

"""What a paper says of a run: a paragraph on its methods, its limits, and the command that makes it again.

Sentences have at most 30 words, but where names are long.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from statistics import median

from degrade_bench._support.numbers import counted
from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.looks import told
from degrade_bench.analysis.sentences import MOST_WORDS
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.metric.traits import HOME
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.text import left_out_counts
from degrade_bench.reports.words import MARGINS, listed, number, percent
from degrade_bench.runs.record import RunRecord

MOST_NAMES = 12
"""Names in a sentence; of more their number is said."""
UNSURE_BEATS = 0.5
"""A confidence of estimated beats under which the clips are counted."""


def methods(run: RunView) -> list[str]:
    """How the run was made and concluded from, as a paper would say it, sentence by sentence.

    Args:
        run: with its analysis.
    """
    run = run.whole
    record, options = run.record, run.analysis.options
    counts, tracks = record.counts, int(run.analysis.metrics["tracks"].max())
    controls = run.analysis.controls["degradation"].nunique()
    revision = f" (revision {record.git_revision[:12]})" if record.git_revision else ""
    levels = run.analysis.levels["level"].nunique()
    clips, damages = counted(counts.clips, "clip"), counted(len(run.degradations), "degradation")
    of_tracks = f"{clips} of {counted(tracks, 'recording')}" if tracks != counts.clips else clips
    sentences = [
        f"We tested {_names(run.metrics, 'metric')} with degrade-bench {record.package_version}{revision}.",
        f"{of_tracks} ({_names(record.request.input, 'source')}) were damaged by {damages} at "
        f"{counted(levels, 'level')} (seed {record.request.seed}).",
    ]
    if counts.cells:
        sentences.append(
            f"Of {counted(counts.ok + counts.not_applicable + counts.failed, 'row')}, {number(counts.ok)} hold a "
            f"score, {number(counts.not_applicable)} do not apply, and {number(counts.failed)} failed."
        )
    placebos = run.analysis.placebos["degradation"].nunique() if len(run.analysis.placebos) else 0
    if placebos:
        sentences.append(
            f"{counted(placebos, 'placebo')} repeat the processing of a damage without the damage, and what counts "
            "is the drop beyond them."
        )
    if controls:
        sentences.append(
            f"{counted(controls, 'control')}, edits that no listener would call damage, give each metric's "
            f"nuisance floor: the {percent(options.floor_quantile)} quantile of its absolute drops."
        )
    sentences.append(_margins(run))
    sentences.append("Damaged clips were matched in loudness to the clean ones, unless loudness is the edit.")
    sentences += _verdict_rules(run)
    sentences += told(run.analysis.looks)
    return [plain(text) for text in sentences]


def _margins(run: RunView) -> str:
    kinds = list(dict.fromkeys(str(kind) for kind in run.analysis.metrics["margin_is"]))
    said = [MARGINS.get(kind, "its nuisance floor") for kind in kinds]
    return f"A metric's margin, the mean drop that counts as none, is {'; or '.join(said)}."


def _verdict_rules(run: RunView) -> list[str]:
    options, damages = run.analysis.options, len(run.degradations)
    level, confidence = number(options.alpha), percent(options.confidence)
    if options.rules == 1:
        return [
            "Verdicts follow rules 1 of degrade-bench: a drop beyond the margin by its BCa interval and by "
            f"Wilcoxon's signed-rank test at {level} after Holm, or an equivalence test."
        ]
    return [
        "A damage is heard where a t test and an exact signed-rank test show a drop beyond the margin, at "
        f"α = {level} after correction for {counted(damages, 'damage')}.",
        "The correction is step-down resampling with the tests' own dependence (Westfall and Young 1993; "
        "Romano and Wolf 2005).",
        f"It is called blind where two one-sided tests show that the drop lies within the margin at every level, "
        f"in the family at {number(options.family_alpha)}.",
        f"Intervals are of {confidence}, by the t distribution over recordings, widened for skewness; clips of one "
        "recording count as one.",
        *([f"Thresholds other than the defaults: {options.changed()}."] if options.changed() else []),
    ]


def limits(run: RunView) -> list[str]:
    """What the run cannot say, and what went wrong: sentences.

    Args:
        run: with its analysis.
    """
    run = run.whole
    record, verdicts = run.record, run.analysis.verdicts
    found = []
    if run.too_few is not None:
        found.append(f"{run.too_few[0]}.")
    unsure = verdicts[verdicts["verdict"] == Verdict.INCONCLUSIVE]
    if len(unsure):
        found.append(
            f"{number(len(unsure))} of {counted(len(verdicts), 'verdict')} are inconclusive: no drop was shown, "
            "and none was excluded."
        )
    needed = unsure["clips_to_exclude"].dropna()
    if len(needed):
        found.append(
            f"To exclude a drop of the margin takes {number(median(needed))} recordings in the median of these, "
            f"{number(needed.max())} at most."
        )
    if record.counts.failed:
        found.append(f"{counted(record.counts.failed, 'row')} failed, and no verdict rests on them.")
    if said := left_out_counts(record):
        found.append(f"Left out: {said}.")
    estimated = [clip for clip in record.clips if clip.beat_source == "estimated"]
    if estimated:
        confidences = sorted(clip.beat_confidence for clip in estimated)
        doubtful = sum(confidence < UNSURE_BEATS for confidence in confidences)
        found.append(
            f"Beats of {counted(len(estimated), 'clip')} were estimated, with a confidence of "
            f"{number(median(confidences), 2)} in the median; {number(doubtful)} lie under {number(UNSURE_BEATS)}."
        )
    passed = verdicts["passed_over"].notna().sum() if "passed_over" in verdicts else 0
    if passed:
        found.append(f"In {counted(int(passed), 'verdict')} levels were passed over that too few recordings have.")
    elsewhere = [metric.name for metric in record.metrics if metric.domain != HOME]
    if elsewhere:
        found.append(f"Not made for music: {_names(elsewhere, 'metric')}.")
    if any(probe.warnings for probe in record.probes.values()):
        found.append("A probe of the metrics before the run gave warnings, which stand at the head of the report.")
    found.append("Verdicts are of these recordings' kind of music, these ladders and these versions.")
    found.append("Whether listeners would mind a damage is not asked; a level says how strong it is.")
    return [plain(text) for text in found]


def reproduction(record: RunRecord) -> str:
    """The command line that makes the run again: what was given, or from Python what it amounts to.

    Args:
        record: of the run. Of inputs it holds names, not folders.
    """
    if record.command:
        return plain(shlex.join(record.command))
    request, parts = record.request, ["degrade-bench", "run"]
    parts += [part for name in request.input if name != "built-in corpus" for part in ("--input", name)]
    for option, names in (
        ("suite", request.suite),
        ("degradation", request.degradation),
        ("metric", request.metric),
    ):
        parts += [f"--{option}", ",".join(names)] if names else []
    parts += ["--seed", str(request.seed), "--levels", ",".join(map(str, request.levels))]
    parts += ["--replicates", str(request.replicates)] if request.replicates != 1 else []
    for name in ("limit_clips", "max_clips", "max_seconds", "until"):
        if (value := getattr(request, name)) is not None:
            parts += [f"--{name.replace('_', '-')}", str(value)]
    return plain(shlex.join([*parts, "--out", "out"]))


def _names(names: Sequence[str], kind: str) -> str:
    """Names, or how many there are where they are more than a sentence bears."""
    shown = [plain(name) for name in names]
    words = sum(len(name.split()) for name in shown)
    if len(shown) > MOST_NAMES or words > MOST_WORDS // 2:
        return counted(len(shown), kind)
    return listed(shown)

"""The benchmark's report: tables in Markdown."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from degrading.peers import NOT_COMPARED
from degrading.side_by_side import FIRST, MATCHING, OURS, Compared
from degrading.suites import Cost

LIBRARIES = ("degrade-bench", "audiomentations", "pedalboard", "torch", "numpy", "scipy", "soxr", "pyloudnorm")
HEAD = ("operation", "ours, ms", "first level, ms", "peers, ms", "theirs / ours", "loudness matching, ms")


def machine() -> str:
    """Processor, cores, Python and library versions."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    libraries = ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)
    return f"{model}, {os.cpu_count()} cores; {platform.system()}, Python {platform.python_version()}; {libraries}."


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def side_by_side(
    results: Sequence[Compared], absent: Sequence[str], clips: int, repetitions: int, keeps_freed: bool
) -> str:
    """The comparison with the peers.

    Args:
        results: one for each degradation that was timed.
        absent: degradations of the comparison that are not registered.
        clips: number of clips that were timed.
        repetitions: turns on each clip.
        keeps_freed: whether the process keeps memory that was freed.
    """
    rows = []
    for result in results:
        if OURS not in result.seconds:
            continue
        ratio = result.ratio
        rows.append(
            (
                f"`{result.pair.name}`",
                _ms(result, OURS),
                _ms(result, FIRST),
                "; ".join(_peer(result, label) for label in result.peers) or "–",
                "–" if ratio is None else f"**{ratio:.2f}**",
                _ms(result, MATCHING),
            )
        )
    ratios = {result.pair.name: result.ratio for result in results if result.ratio is not None}
    parts = [
        "## Beside audiomentations and pedalboard",
        f"On {clips} clips of 10 s, 44.1 kHz, stereo; {repetitions} repetitions (slow operations fewer), every "
        "side in turn on the same samples; CPU milliseconds per level, one thread: the mean over the ladder's five "
        "levels (or over those that a note names), the median over clips and repetitions. *Ours* is `draw` and "
        "`damage` on a clip that was not seen before, so that what is analysed once per clip is in it; *first "
        "level* is the first of them alone. The ratio is the faster peer's time over ours, the median over pairs: "
        "above 1 we are faster. In brackets, how far under theirs the difference between the two outputs lies: "
        "many dB, where both compute the same. Loudness matching comes on top of ours; no peer does it."
        + " What either side has freed stays with the process."
        * keeps_freed,
        table(HEAD, rows),
        summary(ratios),
        notes(results, absent),
    ]
    return "\n\n".join(parts)


def summary(ratios: Mapping[str, float]) -> str:
    """A sentence on theirs / ours by degradation: the geometric mean, and which is the slowest."""
    if not ratios:
        return "Nothing was compared."
    mean = geometric_mean(ratios.values())
    slowest, best = min(ratios, key=lambda name: ratios[name]), max(ratios, key=lambda name: ratios[name])
    others = geometric_mean([ratio for name, ratio in ratios.items() if name != best])
    faster = sum(ratio > 1 for ratio in ratios.values())
    return (
        f"Geometric mean of theirs / ours over {len(ratios)} operations: **{mean:.2f}** ({others:.2f} without "
        f"`{best}`, where we win by most); faster in {faster}; the slowest is `{slowest}` with "
        f"{ratios[slowest]:.2f}."
    )


def geometric_mean(ratios: Iterable[float]) -> float:
    """The geometric mean of positive numbers; 1 where there are none."""
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(statistics.fmean(logs)) if logs else 1.0


def notes(results: Sequence[Compared], absent: Sequence[str]) -> str:
    """Where two operations differ, what was left out and why."""
    lines = [f"- `{result.pair.name}`: {result.pair.note}." for result in results if result.pair.note]
    for result in results:
        lines += [
            f"- `{result.pair.name}`, {label}: left out ({reason})." for label, reason in result.skipped.items()
        ]
    lines += [f"- `{name}`: not registered here, skipped." for name in absent]
    lines += [f"- {what}: not compared; {why}." for what, why in NOT_COMPARED.items()]
    return "\n".join(lines)


def _ms(result: Compared, side: str) -> str:
    return f"{result.median_ms(side):.2f}" if side in result.seconds else "–"


def _peer(result: Compared, label: str) -> str:
    agreement = result.agreement_db.get(label, math.nan)
    same = "" if math.isnan(agreement) else f" ({agreement:.0f} dB)"
    kin = ", not compared" if label in result.pair.kin else ""
    return f"{label} {result.median_ms(label):.2f}{same}{kin}"


def suites(costs: Sequence[Cost], members: Mapping[str, Sequence[str]], clips: int) -> str:
    """What each suite costs, and the degradations that cost most.

    Args:
        costs: of every degradation on every clip.
        members: the degradations of each suite.
        clips: number of clips that were rendered.
    """
    rows = []
    for suite, names in members.items():
        of_suite = [cost for cost in costs if cost.name in names]
        renderings = sum(cost.renderings for cost in of_suite)
        placebos = sum(cost.placebos for cost in of_suite)
        if not renderings:
            continue
        rendering = sum(cost.rendered for cost in of_suite)
        placebo = sum(cost.placebo for cost in of_suite)
        rows.append(
            (
                f"`{suite}`",
                str(len(names)),
                f"{renderings} + {placebos}",
                f"{rendering:.1f} + {placebo:.1f}",
                f"{1000 * (rendering + placebo) / (renderings + placebos):.0f}",
                f"{(rendering + placebo) / clips / 5:.2f}",
                f"{1000 * sum(cost.measured for cost in of_suite) / renderings:.0f}",
            )
        )
    head = ("suite", "degradations", "renderings + placebos", "CPU s", "ms each", "CPU s per clip and level")
    return "\n\n".join(
        (
            "## Whole suites",
            f"All levels and all placebos on {clips} clips of 10 s. A rendering is `draw`, `damage` and loudness "
            "matching; measuring the achieved strength is counted apart. *CPU s per clip and level* is what one "
            "level of every degradation of the suite costs on one clip, placebos included.",
            table((*head, "measuring, ms each"), rows),
            "### What costs most",
            table(
                ("degradation", "ms per rendering", "ms per placebo", "measuring, ms", "not applicable"),
                (_expensive(name, costs, clips) for name in most_expensive(costs)),
            ),
        )
    )


def most_expensive(costs: Sequence[Cost], count: int = 20) -> list[str]:
    """Names by the CPU time of all their renderings, the highest first."""
    totals: dict[str, float] = {}
    for cost in costs:
        totals[cost.name] = totals.get(cost.name, 0.0) + cost.rendered + cost.placebo
    return sorted(totals, key=lambda name: -totals[name])[:count]


def _expensive(name: str, costs: Sequence[Cost], clips: int) -> Sequence[str]:
    of_name = [cost for cost in costs if cost.name == name]
    renderings, placebos = sum(cost.renderings for cost in of_name), sum(cost.placebos for cost in of_name)
    spared = sum(cost.renderings == 0 for cost in of_name)
    return (
        f"`{name}`",
        f"{1000 * sum(cost.rendered for cost in of_name) / renderings:.0f}" if renderings else "–",
        f"{1000 * sum(cost.placebo for cost in of_name) / placebos:.0f}" if placebos else "–",
        f"{1000 * sum(cost.measured for cost in of_name) / renderings:.0f}" if renderings else "–",
        f"{spared} of {clips} clips" if spared else "",
    )


def memory(peaks: Sequence[Mapping[str, float]]) -> str:
    """Peak memory for few and for many clips."""
    rows = [(f"{peak['clips']:.0f}", f"{peak['peak']:.0f}", f"{peak['after_sixteen']:.0f}") for peak in peaks]
    growth = peaks[-1]["peak"] / peaks[0]["peak"]
    return "\n\n".join(
        (
            "## Memory",
            f"A process of its own renders {peaks[0]['degradations']:.0f} degradations, one of each family, at "
            "level 3; its peak resident memory.",
            table(("clips", "peak, MiB", "after the first sixteen, MiB"), rows),
            f"{peaks[-1]['clips']:.0f} clips take {growth:.2f} times what {peaks[0]['clips']:.0f} take.",
        )
    )

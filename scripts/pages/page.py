"""The text of one page."""

from __future__ import annotations

import inspect
import itertools
import json
import re
import statistics
import sys
from collections.abc import Sequence

from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from pages.measure import PLACEBO_CLIPS, Row, is_symbolic

COMMAND = "python scripts/build_pages.py"
PLAYERS = "<!-- players -->"
"""Where a page's players stand on the site; where the page is read elsewhere, nothing is seen of it."""
FACTS = re.compile(r"^<!-- facts (\{.*\}) -->$", re.MULTILINE)


def facts(degradation: Degradation) -> dict:
    """What a page states that the code may since have changed."""
    described = degradation.describe()
    kept = ("name", "version", "group", "family", "ladder", "placebo", "source", "summary", "needs")
    return {key: described[key] for key in kept}


def stated_facts(text: str) -> dict | None:
    """The facts that a page was made from; None where it states none."""
    match = FACTS.search(text)
    return json.loads(match[1]) if match else None


def page(degradation: Degradation, table: dict[str, list[Row]], caption: str | None) -> str:
    """The page of a degradation, with what was measured on the built-in corpus.

    Args:
        degradation: whose page it is.
        table: rows of :func:`pages.measure.measure_all`, with this degradation's and its placebo's.
        caption: what stands under the picture; None where there is no picture.
    """
    name = degradation.name
    rows = table[name]
    paragraphs = explanation(degradation)
    sources = [paragraph for paragraph in paragraphs if paragraph.startswith("Source")]
    sections = [
        f"# {name}\n\n<!-- facts {json.dumps(facts(degradation), ensure_ascii=False, sort_keys=True)} -->",
        f"`{name}` {_sentence(degradation.summary)}",
        _identity(degradation),
        "\n\n".join(paragraph for paragraph in paragraphs if not paragraph.startswith("Source")),
        _picture(name, caption),
        "## To listen\n\n" + _listen(degradation),
        "## The ladder\n\n" + _ladder(degradation, rows),
        _monotone(degradation, rows),
        _caveat(degradation),
        _not_applicable(rows),
        "## Its placebo\n\n" + _placebo(degradation, table) if degradation.placebo else "",
        "## Where it comes from\n\n" + "\n\n".join([f"From: {_sentence(degradation.source)}", *sources]),
        f"---\n\nMade by `{COMMAND} --only {name}` from the code and the built-in corpus; do not edit.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def explanation(degradation: Degradation) -> list[str]:
    """The paragraphs of the module's docstring and of the class's, as Markdown."""
    cls = type(degradation)
    paragraphs = inspect.cleandoc(sys.modules[cls.__module__].__doc__ or "").split("\n\n")
    paragraphs += inspect.cleandoc(cls.__dict__.get("__doc__") or "").split("\n\n")
    kept = [_sentence(paragraph.strip()) for paragraph in paragraphs if paragraph.strip()]
    return [_markdown(paragraph) for paragraph in dict.fromkeys(kept)]


def _markdown(text: str) -> str:
    """ReStructuredText's literals, roles and literal blocks as Markdown has them."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    return re.sub(r"::$", ":", text, flags=re.MULTILINE)


def _sentence(text: str) -> str:
    return text if text.endswith((".", ":", "?", "`")) else f"{text}."


def _identity(degradation: Degradation) -> str:
    flags = []
    if degradation.needs:
        flags.append(f"needs {', '.join(sorted(degradation.needs))}")
    if degradation.changes_duration:
        flags.append("changes the duration or the place in the music: full-reference metrics do not apply")
    if not degradation.matches_loudness:
        flags.append("is not matched in loudness")
    line = f"Group {degradation.group}, family {degradation.family}, version {degradation.version}"
    return "; ".join([line, *flags]) + "."


def _picture(name: str, caption: str | None) -> str:
    if caption is None:
        return "No clip of the built-in corpus can be damaged in this way, so there is no picture."
    return f"![{name}: the clean clip beside damaged ones]({name}.png)\n\n{caption}"


def _ladder(degradation: Degradation, rows: Sequence[Row]) -> str:
    count = len({row.clip for row in rows})
    clips = "clip" if count == 1 else f"{count} clips"
    played = ", played from their notes" if is_symbolic(degradation.name) else ""
    return (
        f"Measured on the {clips} of the built-in corpus{played}: the strength achieved (least / median / "
        "greatest), how far the output's integrated loudness is from the clean clip's at most, the gain that "
        "matched it, the change of the sample peak, and on how many clips the level cannot be had.\n\n"
        + _table(degradation.ladder, rows)
    )


def _table(ladder: Ladder, rows: Sequence[Row]) -> str:
    lines = [
        "| level | strength | achieved | loudness, LU | matching gain, dB | peak, dB | not applicable |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for level in sorted({row.level for row in rows}):
        of_level = [row for row in rows if row.level == level]
        done = [row for row in of_level if row.reason is None]
        changes = [abs(row.loudness_change) for row in done if row.loudness_change is not None]
        columns = (
            str(level),
            f"{ladder.strength(level):g} {ladder.unit}",
            " / ".join(number(value) for value in spread([row.achieved for row in done])) or "–",
            f"{max(changes):.2f}" if changes else "–",
            _range([row.gain_db for row in done]),
            _range([row.peak_change_db for row in done]),
            f"{len(of_level) - len(done)} of {len(of_level)}" if len(done) < len(of_level) else "",
        )
        lines.append("| " + " | ".join(columns) + " |")
    return "\n".join(lines)


def spread(values: Sequence[float | None]) -> list[float]:
    """Least, median and greatest of the values that are not None; empty where all are."""
    measured = [value for value in values if value is not None]
    return [min(measured), statistics.median(measured), max(measured)] if measured else []


def number(value: float) -> str:
    """Four significant digits, and never a bare minus zero."""
    text = f"{value:.4g}"
    return f"{value:.0f}" if "e+" in text else "0" if text == "-0" else text


def _range(values: Sequence[float | None]) -> str:
    limits = spread(values)
    return f"{limits[0] + 0.0:+.1f} … {limits[2] + 0.0:+.1f}".replace("-", "−") if limits else "–"


def not_monotone(degradation: Degradation, rows: Sequence[Row]) -> list[str]:
    """The clips on which the achieved strength does not go the ladder's way strictly from level to level."""
    strengths = degradation.ladder.strengths
    sign = 1 if strengths[-1] >= strengths[0] else -1
    failing = []
    for clip in dict.fromkeys(row.clip for row in rows):
        values = [row.achieved for row in rows if row.clip == clip and row.achieved is not None]
        if any(sign * (after - before) <= 0 for before, after in itertools.pairwise(values)):
            failing.append(clip)
    return failing


def _monotone(degradation: Degradation, rows: Sequence[Row]) -> str:
    if all(row.achieved is None for row in rows):
        return "The strength achieved cannot be measured."
    if len(degradation.ladder.levels) == 1:
        return ""
    failing = not_monotone(degradation, rows)
    direction = "rises" if degradation.ladder.strengths[-1] > degradation.ladder.strengths[0] else "falls"
    where = "every clip where the levels can be had"
    if failing:
        where = f"all clips but {len(failing)}: " + ", ".join(f"`{clip}`" for clip in failing)
    return f"The strength achieved {direction} strictly from level to level on {where}."


def _caveat(degradation: Degradation) -> str:
    return f"Caveat: {_sentence(degradation.caveat)}" if degradation.caveat else ""


def _not_applicable(rows: Sequence[Row]) -> str:
    reasons: dict[str, dict[str, list[int]]] = {}
    for row in rows:
        if row.reason is not None:
            reasons.setdefault(row.reason, {}).setdefault(row.clip, []).append(row.level)
    lines = []
    for reason, clips in reasons.items():
        alike: dict[str, list[str]] = {}
        for clip, levels in clips.items():
            alike.setdefault(_levels(levels), []).append(f"`{clip}`")
        where = "; ".join(f"{levels} of {', '.join(names)}" for levels, names in alike.items())
        lines.append(f"- {where}: {reason}")
    return "Not applicable:\n\n" + "\n".join(lines) if lines else ""


def _levels(levels: Sequence[int]) -> str:
    if len(levels) == 1:
        return f"level {levels[0]}"
    if list(levels) == list(range(levels[0], levels[-1] + 1)):
        return f"levels {levels[0]}–{levels[-1]}"
    return "levels " + ", ".join(map(str, levels))


def _placebo(degradation: Degradation, table: dict[str, list[Row]]) -> str:
    placebo = degradation.placebo
    assert placebo is not None
    rows = table.get(placebo.name, [])
    single = len(placebo.ladder.levels) == 1
    levels = "one level, which stands beside every level of" if single else "as many levels as"
    text = f"`{placebo.name}`: {_sentence(placebo.summary)} It has {levels} `{degradation.name}`."
    if rows:
        text += (
            f"\n\nMeasured in the same way on the corpus's first {PLACEBO_CLIPS} clips (where its strength cannot "
            f"be measured, that of what it undoes):\n\n{_table(placebo.ladder, rows)}"
        )
    return text


def _listen(degradation: Degradation) -> str:
    top = degradation.ladder.levels[-1]
    middle = degradation.ladder.levels[len(degradation.ladder.levels) // 2]
    given = "IN.mid" if is_symbolic(degradation.name) else "IN.wav"
    kind = "piece of yours, as a MIDI file" if is_symbolic(degradation.name) else "recording of yours"
    lines = [f"degrade-bench render {degradation.name} --level {middle} {given} OUT.wav"]
    if degradation.placebo:
        level = min(top, degradation.placebo.ladder.levels[-1])
        lines.append(f"degrade-bench render {degradation.placebo.name} --level {level} {given} PLACEBO.wav")
    return f"{PLAYERS}\n\nOf a {kind}:\n\n```\n" + "\n".join(lines) + "\n```"

"""The index of the pages, and whether the pages still say what the code says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.suites import GROUP_SUITES, SYMBOLIC
from pages.measure import is_symbolic
from pages.page import COMMAND, facts, stated_facts

README = "README.md"

NOTES = "what damages the notes, which are played anew; controls of notes last"


def registered() -> list[Degradation]:
    """Every degradation and control of this package; plug-ins are documented by their authors."""
    every = [*(catalogue.get(name) for name in catalogue.names()), *catalogue.symbolic()]
    return [degradation for degradation in every if type(degradation).__module__.startswith("degrade_bench.")]


def index(degradations: Sequence[Degradation]) -> str:
    """A table per group, in the catalogue's order; a page a row."""
    parts = [
        "# Degradations and controls, a page each",
        "What holds for all of them stands in [../degradations.md](../degradations.md). Each page shows the "
        "damage, plays it on the site that `make site` builds, and says what it measures on the built-in corpus. "
        "Strengths are those of the levels, from the first.",
    ]
    audio = [degradation for degradation in degradations if not is_symbolic(degradation.name)]
    symbolic = [degradation for degradation in degradations if is_symbolic(degradation.name)]
    tables = [(group, text, [one for one in audio if one.group == group]) for group, text in GROUP_SUITES.items()]
    for group, summary, members in [*tables, (SYMBOLIC, NOTES, symbolic)]:
        lines = [
            f"## {group.capitalize()}\n\n{summary.capitalize()}: {len(members)} of them.\n",
            "| family | name | what it does | levels | placebo |",
            "| --- | --- | --- | --- | --- |",
        ]
        # kin stand together, families in the order in which the catalogue first names them
        families = list(dict.fromkeys(degradation.family for degradation in members))
        for member in sorted(members, key=lambda member: families.index(member.family)):
            placebo = member.placebo.summary if member.placebo else ""
            link = f"[`{member.name}`]({member.name}.md)"
            lines.append(f"| {member.family} | {link} | {member.summary} | {_ladder(member)} | {placebo} |")
        parts.append("\n".join(lines))
    parts.append(f"---\n\nMade by `{COMMAND}` from the code and the built-in corpus; do not edit.")
    return "\n\n".join(parts) + "\n"


def problems(folder: Path) -> list[str]:
    """What is missing, left over or stale in a folder of pages; one line each. Renders nothing."""
    faults = []
    degradations = registered()
    for degradation in degradations:
        path = folder / f"{degradation.name}.md"
        if not path.is_file():
            faults.append(f"{degradation.name}: has no page {path.name}")
            continue
        text = path.read_text(encoding="utf-8")
        stated = stated_facts(text)
        current = facts(degradation)
        stale = [key for key in current if stated is None or stated.get(key) != current[key]]
        if stale:
            faults.append(f"{path.name}: states another {', '.join(stale)} than the code")
        if f"({degradation.name}.png)" in text and not (folder / f"{degradation.name}.png").is_file():
            faults.append(f"{path.name}: its picture is missing")
    names = {degradation.name for degradation in degradations}
    if folder.is_dir():
        extra = (path for path in folder.iterdir() if path.suffix in (".md", ".png") and path.name != README)
        faults += [f"{path.name}: no such degradation" for path in sorted(extra) if path.stem not in names]
    readme = folder / README
    if not readme.is_file() or readme.read_text(encoding="utf-8") != index(degradations):
        faults.append(f"{README}: is not the index of what is registered")
    return faults


def _ladder(degradation: Degradation) -> str:
    strengths = ", ".join(f"{strength:g}" for strength in degradation.ladder.strengths)
    return f"{strengths} {degradation.ladder.unit}"

"""Gates for people: lines for the terminal, and Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from degrade_bench._support.numbers import fixed, percent
from degrade_bench._support.plain_text import plain
from degrade_bench.gates.rates import Rate
from degrade_bench.gates.result import FamilyGate, Gates

HEAD = ("family", "found", "reject where", "missed at the top", "clean rejected", "controls rejected")


def gate_lines(gates: Gates) -> list[str]:
    """What was asked, a table of the families' gates, the gate for all, and what none catches."""
    lines = [*_said(gates), "", "For each family the smallest gate that catches it:"]
    lines += _aligned([HEAD, *(_row(found) for found in gates.families)])
    lines += ["", f"One gate for all: reject where {_rule(gates.common[0])}"]
    lines += _aligned([HEAD[:2] + HEAD[3:], *(_short(found) for found in gates.common)])
    lines += ["", *_last(gates)]
    return [plain(line) for line in lines]


def gate_markdown(gates: Gates) -> str:
    """The same in Markdown."""
    parts = ["## Gates", "", *_said(gates), "", "### For each family", "", *_table(HEAD, map(_row, gates.families))]
    parts += ["", "### One gate for all", "", f"Reject where {_cell(_rule(gates.common[0]))}.", ""]
    parts += _table(HEAD[:2] + HEAD[3:], map(_short, gates.common))
    return "\n".join([*parts, "", *_last(gates)]) + "\n"


def _said(gates: Gates) -> list[str]:
    options = gates.options
    confidence = percent(options.confidence)
    lines = [
        f"{gates.clips} clips of {gates.recordings} recordings; at most {percent(options.miss)} of damaged clips "
        f"accepted and {percent(options.false_reject)} of clean ones rejected, each at {confidence} confidence; "
        "rates are of recordings that the gate was not chosen on, with limits to either side at that confidence."
    ]
    if not gates.suffices:
        lines.append(
            f"{gates.recordings} recordings are too few to show that any gate keeps to these rates: with no miss "
            f"and one false rejection it takes {gates.recordings_needed}. Nothing is called caught."
        )
    return lines


def _last(gates: Gates) -> list[str]:
    missed = [found.family for found in gates.families if found.state == "missed"]
    unsettled = [found.family for found in gates.families if found.state == "open"]
    lines = []
    if missed:
        lines.append(f"No threshold catches: {', '.join(missed)}.")
    if unsettled:
        lines.append(f"Not settled by these recordings: {', '.join(unsettled)}.")
    return lines or ["Every family is caught."]


def _row(found: FamilyGate) -> tuple[str, ...]:
    family, state, *rates = _short(found)
    return family, state, _rule(found), *rates


def _short(found: FamilyGate) -> tuple[str, ...]:
    state = f"caught from level {found.from_level} on" if found.state == "caught" else found.state
    miss = _rate(found.misses[-1]) if found.misses else "–"
    return found.family, state, miss, _rate(found.false_reject), _rate(found.false_reject_controls)


def _rule(found: FamilyGate) -> str:
    return " or ".join(threshold.words for threshold in found.thresholds)


def _rate(rate: Rate) -> str:
    if math.isnan(rate.value):
        return "–"
    return f"{percent(rate.value, 1)} ({fixed(100 * rate.low, 1)} to {fixed(100 * rate.high, 1)})"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in shown) for place in range(len(shown[0]))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]] | map[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return lines + [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]


def _cell(text: str) -> str:
    """A text in which nothing is markup."""
    shown = plain(text)
    for character in "\\`*_[]<>|":
        shown = shown.replace(character, f"\\{character}")
    return shown

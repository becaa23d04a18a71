"""What a run found of every metric, in a few plain sentences and in a profile of families.

The head of the report shows both; nothing here counts anew what the analysis concluded: it says which verdicts
stand, in which families, and what more recordings would settle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from degrade_bench._support.numbers import NOT_KNOWN, counted
from degrade_bench.analysis.verdicts import VERDICT_MARKS, Verdict
from degrade_bench.reports.inputs import RunView, View
from degrade_bench.reports.next_step import settled_in_short, to_settle
from degrade_bench.reports.tables import of_metric
from degrade_bench.reports.words import listed, missing, records

MOST_NAMES = 4
"""Degradations of one family that are named; of more their count is said."""

MOST_OF_ALL = 16
"""Degradations that are named one by one in a sentence; of more, every family has their count."""

FEW_NAMES = 4
"""As :data:`MOST_OF_ALL`, for a cell of a table."""

NO_DAMAGE = "no blindness was shown"
"""To what a metric is blind for which that could not be shown."""

FEWEST_OF_GROUP, FEWEST_OF_FAMILY = 10, 3
"""Tested degradations from which on a group, or a family, is named whole: of fewer it is said which they are."""
MOST_EXCEPTIONS = 3
"""Degradations of a group that are named as exceptions from the rest of it."""

BEST = 3
"""Families that are named as heard best."""

OPENINGS: Mapping[Verdict, str] = {
    Verdict.SENSITIVE: "Hears",
    Verdict.FAINT: "Hears, but by less than what counts",
    Verdict.ARTEFACT: "Hears the processing, not the damage",
    Verdict.INVERTED: "Scores better under",
    Verdict.BLIND: "Blind to",
    Verdict.INCONCLUSIVE: "Cannot be told (open)",
    Verdict.FAILED: "Failed",
    Verdict.NOT_APPLICABLE: "Does not apply",
}
"""How the line on the damages of one verdict begins, in the order of the lines."""


@dataclass(frozen=True)
class Statement:
    """What is said of all damages of one verdict.

    Attributes:
        verdict: the verdict.
        mark: its sign.
        count: how many damages.
        opening: what is said of them.
        text: which they are.
    """

    verdict: str
    mark: str
    count: int
    opening: str
    text: str


@dataclass(frozen=True)
class InShort:
    """What a run found of one metric.

    Attributes:
        metric: its name.
        facts: what it compares with, which direction is better, on how much music.
        note: that it was not made for music, if it was not.
        judged: damages that it could be asked about.
        heard: those of them that it is sensitive to.
        best: families that it hears best, the best first; see :func:`heard_best`.
        statements: one for every verdict that there is, and one on blindness where something was judged.
        blind_to: to what it is blind, in few words.
        open: verdicts that the recordings do not suffice for.
        next_step: what would settle what is open; None where nothing is.
        next_in_short: the same in few words.
    """

    metric: str
    facts: str
    note: str | None
    judged: int
    heard: int
    best: Sequence[str]
    statements: Sequence[Statement]
    blind_to: str
    open: int
    next_step: str | None
    next_in_short: str

    @property
    def hears_best(self) -> str:
        """The families that it hears best, in words; – where nothing could be judged."""
        told = any(said.verdict == Verdict.BLIND for said in self.statements)
        return listed(self.best) or ("nothing" if told else NOT_KNOWN)


@dataclass(frozen=True)
class ProfileCell:
    """What one metric makes of one family.

    Attributes:
        counts: how many damages have which verdict, as pairs of a mark and a count, the commonest first.
        words: the same in words.
        heard_from: the level from which on half of the damages that it is sensitive to are heard; None without any.
    """

    counts: Sequence[tuple[str, str, int]]
    words: str
    heard_from: int | None

    @property
    def verdict(self) -> str:
        """The commonest verdict; the first in the order of verdicts where several are as common."""
        return self.counts[0][0] if self.counts else Verdict.NOT_APPLICABLE.value


@dataclass(frozen=True)
class ProfileRow:
    """A family of damages: its group, its name, its damages, and a cell for every metric."""

    group: str
    family: str
    degradations: Sequence[str]
    cells: Sequence[ProfileCell]


def in_short(run: RunView) -> list[InShort]:
    """What the run found of every metric, in the order of its table.

    Args:
        run: with its analysis.
    """
    verdicts = records(run.analysis.verdicts)
    return [_of_metric(run, facts, of_metric(verdicts, facts["metric"])) for facts in records(run.analysis.metrics)]


def _of_metric(run: RunView, facts: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]) -> InShort:
    askable = [row for row in verdicts if row["verdict"] != Verdict.NOT_APPLICABLE]
    statements, top = [], int(run.analysis.levels["level"].max())
    judged = {row["verdict"] for row in verdicts} - {Verdict.FAILED, Verdict.NOT_APPLICABLE}
    for verdict, opening in OPENINGS.items():
        alike = [row for row in verdicts if row["verdict"] == verdict]
        if alike:
            among = askable if verdict != Verdict.NOT_APPLICABLE else verdicts
            if verdict == Verdict.SENSITIVE:
                best = families_by_hearing(askable)
                alike.sort(key=lambda row: best.index(row["family"]))
            text = f"{phrase(alike, among)}{_from_level(alike, verdict, top)}"
        elif verdict == Verdict.BLIND and judged:
            text = NO_DAMAGE
        else:
            continue
        statements.append(Statement(verdict.value, verdict.mark, len(alike), opening, text))
    blind = [row for row in verdicts if row["verdict"] == Verdict.BLIND]
    return InShort(
        metric=facts["metric"],
        facts=_facts(run, facts),
        note=run.domain_notes.get(facts["metric"]),
        judged=len(askable),
        heard=sum(row["verdict"] == Verdict.SENSITIVE for row in askable),
        best=heard_best(askable),
        statements=statements,
        blind_to=phrase(blind, askable, FEW_NAMES) or ("no blindness shown" if judged else NOT_KNOWN),
        open=sum(row["verdict"] == Verdict.INCONCLUSIVE for row in verdicts),
        next_step=to_settle(verdicts, facts["tracks"]),
        next_in_short=settled_in_short(verdicts, facts["tracks"]),
    )


def _facts(run: RunView, facts: Mapping[str, Any]) -> str:
    clips, tracks = run.record.counts.clips, facts["tracks"]
    recordings = counted(clips, "clip")
    if not missing(tracks):
        of = counted(tracks, "recording")
        recordings = of if tracks == clips else f"{recordings} of {of}"
    reference = "compares with the clean clip" if facts["needs_reference"] else "no reference"
    return f"{'higher' if facts['higher_is_better'] else 'lower'} is better, {reference}; {recordings}"


def heard_best(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The first of :func:`families_by_hearing`.

    Args:
        rows: verdicts of one metric.

    >>> heard = {"verdict": "sensitive", "detection_level": 3}
    >>> noise, codec = {"family": "noise", **heard}, {"family": "codec", **heard}
    >>> heard_best([noise, {**noise, "verdict": "blind"}, codec])
    ['codec', 'noise']
    """
    return families_by_hearing(rows)[:BEST]


def families_by_hearing(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Families by the share of their damages that is heard, then by the level from which on, then by their damages.

    Args:
        rows: verdicts of one metric; families of which nothing is heard are left out.
    """
    ranks = {}
    for family in dict.fromkeys(row["family"] for row in rows):
        here = [row for row in rows if row["family"] == family]
        heard = [row for row in here if row["verdict"] == Verdict.SENSITIVE]
        if heard:
            ranks[str(family)] = (-len(heard) / len(here), _half_from(heard) or math.inf, -len(heard))
    return sorted(ranks, key=ranks.__getitem__)


def spoken(name: str) -> str:
    """A degradation's name as words.

    >>> spoken("bar_shuffle")
    'bar shuffle'
    """
    return name.replace("_", " ")


def phrase(
    rows: Sequence[Mapping[str, Any]], among: Sequence[Mapping[str, Any]], most_of_all: int = MOST_OF_ALL
) -> str:
    """Which damages are meant: a whole group, or its families, with names or a count where a part is meant.

    Args:
        rows: of the damages that are meant; their order is that of the families.
        among: of all damages that could be meant, by group and family; of several groups each is named.
        most_of_all: damages that are named one by one; of more, every family has their count.

    >>> noise = [{"group": "signal", "family": "noise", "degradation": name} for name in ("hum", "hiss", "clicks")]
    >>> order = [{"group": "structural", "family": "order", "degradation": name} for name in ("bar_shuffle", "cut")]
    >>> phrase([*noise, order[0]], [*noise, *order])
    'signal: noise; structural: order (bar shuffle)'
    """
    said, most_names = [], MOST_NAMES if len(rows) <= most_of_all else 0
    groups = list(dict.fromkeys(row["group"] for row in among))
    for group in groups:
        meant = [row for row in rows if row["group"] == group]
        possible = [row for row in among if row["group"] == group]
        exceptions = [row for row in possible if row not in meant]
        if len(possible) >= FEWEST_OF_GROUP and not exceptions:
            said.append(f"all {group} damage")
        elif len(possible) >= FEWEST_OF_GROUP and len(exceptions) <= MOST_EXCEPTIONS:
            said.append(f"all {group} damage but {', '.join(spoken(row['degradation']) for row in exceptions)}")
        elif meant:
            named = f"{group}: " if len(groups) > 1 else ""
            said.append(f"{named}{_families(meant, possible, most_names)}")
    return "; ".join(said)


def _families(meant: Sequence[Mapping[str, Any]], possible: Sequence[Mapping[str, Any]], most_names: int) -> str:
    """The families of some damages of a group.

    Args:
        meant: the damages.
        possible: all of the group.
        most_names: damages of a family that are named; of more their count is said.
    """
    said = []
    for family in dict.fromkeys(row["family"] for row in meant):
        names = [spoken(row["degradation"]) for row in meant if row["family"] == family]
        of_all = sum(row["family"] == family for row in possible)
        if len(names) == of_all >= FEWEST_OF_FAMILY or (len(names) == of_all and not most_names):
            said.append(str(family))
        elif len(names) > most_names:
            said.append(f"{family} ({len(names)} of {of_all})")
        else:
            said.append(f"{family} ({', '.join(names)})")
    return ", ".join(said)


def _from_level(rows: Sequence[Mapping[str, Any]], verdict: Verdict, top: int) -> str:
    """From which level on half of the damages are heard, in words.

    Args:
        rows: verdicts of the damages.
        verdict: all of theirs.
        top: the run's highest level.
    """
    level = _half_from(rows)
    if verdict != Verdict.SENSITIVE or level is None:
        return ""
    alike = len({row["detection_level"] for row in rows}) == 1
    heard = f"at level {top}, the top one, only" if level == top else f"from level {level} on"
    return f". {heard.capitalize()}" if alike else f". Half of them {heard}"


def _half_from(rows: Iterable[Mapping[str, Any]]) -> int | None:
    """The level from which on half of the damages are heard; None where none is."""
    levels = [row["detection_level"] for row in rows if not missing(row["detection_level"])]
    return math.ceil(median(levels)) if levels else None


def heard_from(run: RunView, metric: str) -> int | None:
    """The level from which on half of the damages are heard that a metric is sensitive to; None where none is.

    Args:
        run: with its analysis.
        metric: its name.
    """
    rows = of_metric(records(run.analysis.verdicts), metric)
    return _half_from(row for row in rows if row["verdict"] == Verdict.SENSITIVE)


def profile(run: View) -> list[ProfileRow]:
    """Families of damages as rows, metrics as columns, and in every cell the verdicts and from where on it hears.

    Args:
        run: with its analysis.
    """
    verdicts = records(run.analysis.verdicts)
    rows = []
    for group, family in dict.fromkeys((row["group"], row["family"]) for row in verdicts):
        here = [row for row in verdicts if (row["group"], row["family"]) == (group, family)]
        cells = [_cell(of_metric(here, metric)) for metric in run.metrics]
        rows.append(ProfileRow(group, family, list(dict.fromkeys(row["degradation"] for row in here)), cells))
    return rows


def _cell(rows: Sequence[Mapping[str, Any]]) -> ProfileCell:
    found = [row["verdict"] for row in rows]
    order = [verdict.value for verdict in Verdict if verdict.value in found]
    order.sort(key=lambda verdict: -found.count(verdict))  # stable: the order of verdicts decides between equals
    named = {
        verdict: [spoken(row["degradation"]) for row in rows if row["verdict"] == verdict] for verdict in order
    }
    return ProfileCell(
        counts=[(verdict, VERDICT_MARKS[verdict], found.count(verdict)) for verdict in order],
        words="; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in named.items()),
        heard_from=_half_from(row for row in rows if row["verdict"] == Verdict.SENSITIVE),
    )

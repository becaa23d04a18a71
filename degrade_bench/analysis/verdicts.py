"""The verdicts, their marks and their meanings. What leads to them is in :mod:`degrade_bench.analysis.rules`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Verdict(str, Enum):
    """What is concluded of a metric and a degradation; a member is its text, in the order of any table.

    Attributes:
        mark: a sign for figures, told apart without colour.
        meaning: in a line.

    >>> Verdict("blind") is Verdict.BLIND, Verdict.BLIND == "blind", Verdict.BLIND.mark, f"{Verdict.BLIND}"
    (True, True, '○', 'blind')
    """

    mark: str
    meaning: str

    def __new__(cls, text: str, mark: str, meaning: str) -> Verdict:
        """A member from its text, its mark and its meaning; ``Verdict(text)`` looks one up."""
        verdict = str.__new__(cls, text)
        verdict._value_ = text
        verdict.mark = mark
        verdict.meaning = meaning
        return verdict

    def __str__(self) -> str:
        return str(self.value)

    SENSITIVE = "sensitive", "●", "the score falls by more than the margin, beyond what the placebo costs"
    FAINT = "faint", "◇", "the score moves on average, and was shown to move by less than the margin at every level"
    BLIND = (
        "blind",
        "○",
        "at every level the drop was shown to lie within the margin, by an equivalence test, and no drop was found",
    )
    INVERTED = "inverted", "▼", "the score improves with the damage"
    ARTEFACT = (
        "artefact",
        "◐",
        "it falls, and was shown to fall nearly as far under the placebo: the processing was heard, not the damage",
    )
    INCONCLUSIVE = "inconclusive", "?", "the clips do not suffice to say any of this"
    NOT_APPLICABLE = (
        "not-applicable",
        "–",
        "the question does not arise, such as a sample-aligned metric on a tempo change",
    )
    FAILED = "failed", "✗", "its cells failed, all or so many that the rest does not suffice to conclude anything"


VERDICT_NAMES: tuple[str, ...] = tuple(verdict.value for verdict in Verdict)
"""The verdicts as plain text, in their order."""

VERDICT_MARKS: Mapping[str, str] = {verdict.value: verdict.mark for verdict in Verdict}
VERDICT_MEANINGS: Mapping[str, str] = {verdict.value: verdict.meaning for verdict in Verdict}

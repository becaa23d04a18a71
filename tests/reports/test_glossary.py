"""One source for what words mean."""

from __future__ import annotations

import re

from degrade_bench.analysis.verdicts import VERDICT_NAMES
from degrade_bench.reports.glossary import TERMS, glossary

MOST_WORDS = 30


def test_every_verdict_is_explained_and_no_explanation_is_long():
    assert set(VERDICT_NAMES) <= set(TERMS)
    for rules in (1, 2):
        for meaning in glossary(rules).values():
            assert meaning.endswith(".")
            assert max(len(one.split()) for one in re.split(r"(?<=\.)\s", meaning)) <= MOST_WORDS


def test_a_part_stands_in_the_order_asked_for():
    assert list(glossary(only=("net alarms", "alarm"))) == ["net alarms", "alarm"]
    assert glossary(1)["confirmatory"] != glossary(2)["confirmatory"]

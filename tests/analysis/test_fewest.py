"""How many recordings a verdict takes at the least, against the planning and against whole analyses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.fewest import Fewest
from degrade_bench.analysis.power import Design
from tests.analysis.tables import noisy, table


@pytest.mark.parametrize("rules", [1, 2])
@pytest.mark.parametrize(("damages", "levels"), [(1, 1), (1, 5), (3, 2), (10, 5), (64, 5), (64, 1), (500, 5)])
def test_planning_finds_the_same_number_for_a_drop_that_nobody_can_miss(damages, levels, rules):
    options = AnalysisOptions(rules=rules)
    fewest = Fewest.of(damages, levels, options)
    design = Design(1e-6, None, (1e-6,) * levels, 1.0, tests=damages, rules=rules)
    assert design.detects(1e6, fewest.heard) > 0.9
    assert design.detects(1e6, fewest.heard - 1) == 0 or fewest.heard == options.min_tracks
    assert design.excludes(fewest.blind) > 0.9 or rules == 1
    assert design.excludes(fewest.blind - 1) == 0 or rules == 1


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_look_with_a_part_of_the_level_takes_more(share):
    whole, part = (Fewest.of(10, 5, AnalysisOptions(), of) for of in (1.0, share))
    assert (part.heard > whole.heard, part.blind > whole.blind) == (share < 1, share < 1)


def test_what_is_said_is_what_an_analysis_can_and_cannot_conclude():
    options = AnalysisOptions(resamples=200, flips=100)
    scores = table(noisy(lambda name, role, level: (role == "test") * (5.0 + level), 0.05), clips=16)
    damages = analyse(scores, options).verdicts["degradation"].nunique()
    fewest = Fewest.of(damages, 5, options)
    for clips in (fewest.anything - 1, fewest.heard):
        some = scores[scores["clip_id"] < f"clip{clips:03d}"]
        verdicts = set(analyse(some, options).verdicts["verdict"])
        said = fewest.too_few(clips, damages)
        assert said is not None
        if clips < fewest.anything:
            assert verdicts == {"inconclusive"}
            assert said.startswith(f"{clips} recordings × {damages} damages: no verdict is possible; it takes ")
        else:
            assert "sensitive" in verdicts
            assert said.endswith(f": nothing can be called blind; it takes {fewest.blind}")
    assert fewest.too_few(max(fewest.heard, fewest.blind), damages) is None


def test_between_the_two_hardly_anything_is_possible():
    fewest = Fewest.of(10, 5, AnalysisOptions())
    assert "hardly any verdict is possible; it takes 8 to hear anything, 14 to call it blind" in (
        fewest.too_few(7, 10) or ""
    )
    only_heard = replace(fewest, heard=20)
    assert (only_heard.too_few(16, 1000) or "").endswith("it takes 20 to hear anything")

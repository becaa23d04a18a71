"""What the head of the report says of every metric, against the verdicts that it speaks of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.reports.in_short import OPENINGS, heard_best, in_short, phrase, profile
from degrade_bench.reports.inputs import load_run
from degrade_bench.reports.words import listed


@pytest.fixture(scope="module")
def run(full):
    return load_run(full)


def damages(group: str, **families: int) -> list[dict[str, str]]:
    return [
        {"group": group, "family": family, "degradation": f"{family}_{k}"}
        for family, count in families.items()
        for k in range(count)
    ]


def test_a_phrase_names_whole_groups_families_and_parts_of_them():
    signal, structural = damages("signal", noise=6, codec=4), damages("structural", order=8, pitch=2)
    every = [*signal, *structural]
    assert phrase(every, every) == "all signal damage; all structural damage"
    assert phrase(signal[:-1], every) == "all signal damage but codec 3"
    assert phrase(signal[:6], every) == "signal: noise", "too many exceptions"
    assert phrase(structural[:5], structural) == "order (5 of 8)", "one group is not named"
    some = [structural[0], *structural[8:]]
    assert phrase(some, every) == "structural: order (order 0), pitch (pitch 0, pitch 1)"
    assert phrase(some[::-1], structural) == "pitch (pitch 1, pitch 0), order (order 0)", "in the order given"
    assert phrase(some, structural, 2) == "order (1 of 8), pitch", "too many to name in a cell"
    few = damages("signal", noise=1)
    assert phrase(few, few) == "noise (noise 0)", "one damage is not all of them"
    assert phrase([], every) == ""
    more = [*damages("signal", noise=6, codec=2, space=9, speed=4)]
    assert phrase([*more[:2], *more[6:]], more) == "noise (2 of 6), codec, space, speed", "too many to name each"


def test_a_family_is_heard_best_by_its_share_then_by_the_mildest_level():
    def heard(family: str, *levels: int | None) -> list[dict[str, object]]:
        verdict = {True: "sensitive", False: "blind"}
        return [
            {"family": family, "verdict": verdict[level is not None], "detection_level": level} for level in levels
        ]

    rows = [*heard("noise", 1, 1, None), *heard("codec", 4), *heard("space", 2, 3), *heard("order", None)]
    assert heard_best(rows) == ["space", "codec", "noise"]
    assert heard_best([*rows, *heard("speed", 3, 3, 3)]) == ["speed", "space", "codec"], "no more than three"
    assert heard_best(heard("order", None)) == []


def test_every_verdict_is_counted_once(run):
    for card in in_short(run):
        rows = run.analysis.verdicts[run.analysis.verdicts["metric"] == card.metric]
        counts = {said.verdict: said.count for said in card.statements if said.count}
        assert counts == dict(rows["verdict"].value_counts())
        assert card.heard == (rows["verdict"] == Verdict.SENSITIVE).sum()
        assert card.judged == (rows["verdict"] != Verdict.NOT_APPLICABLE).sum()
        blind = next(said for said in card.statements if said.verdict == Verdict.BLIND)
        assert (card.blind_to == "no blindness shown") == (blind.count == 0)
        assert card.open == (rows["verdict"] == Verdict.INCONCLUSIVE).sum()
        assert (card.next_in_short == "none") == (card.open == 0) == (card.next_step is None)
        assert card.hears_best == (listed(card.best) or "nothing")
        assert (blind.text == "no blindness was shown") == (Verdict.BLIND not in set(rows["verdict"]))
        order = list(OPENINGS)
        assert [order.index(Verdict(said.verdict)) for said in card.statements] == sorted(
            order.index(Verdict(said.verdict)) for said in card.statements
        ), "what is not told comes last"


def test_what_failed_is_to_be_mended_and_nothing_is_said_of_hearing(run):
    verdicts = run.analysis.verdicts.assign(verdict="failed")
    for card in in_short(replace(run, analysis=replace(run.analysis, verdicts=verdicts))):
        assert (card.hears_best, card.blind_to, card.next_in_short) == ("–", "–", "mend what failed")


def test_the_families_that_are_heard_are_listed_best_first(run):
    metric = run.metrics[0]
    verdicts = run.analysis.verdicts
    verdicts = verdicts[(verdicts["metric"] == metric) & (verdicts["group"] == "signal")]
    levels = [4, 2][: len(verdicts)]
    verdicts = verdicts.head(2).assign(verdict="sensitive", detection_level=levels)
    facts = run.analysis.metrics.head(1)
    (card,) = in_short(replace(run, analysis=replace(run.analysis, metrics=facts, verdicts=verdicts)))
    first, second = verdicts["family"]
    assert card.best == [second, first]
    assert card.statements[0].text.index(second) < card.statements[0].text.index(first)


def test_the_profile_holds_every_damage_of_every_metric(run):
    rows = profile(run)
    assert [row.family for row in rows] == list(dict.fromkeys(run.analysis.verdicts["family"]))
    for row in rows:
        for metric, cell in zip(run.metrics, row.cells, strict=True):
            here = run.analysis.verdicts
            here = here[(here["metric"] == metric) & (here["family"] == row.family)]
            assert {verdict: count for verdict, _, count in cell.counts} == dict(here["verdict"].value_counts())
            assert cell.counts[0][2] == max(count for _, _, count in cell.counts)


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        (
            [(20, 30), (90, 40)],
            "Score about 16 more recordings to settle 1 of the 2 open verdicts, or 76 to settle all.",
        ),
        ([(20, 30)], "Score about 16 more recordings to settle the open verdict."),
        ([(20, 30), (None, 40)], "Score about 16 more recordings to settle 1 of the 2 open verdicts."),
        (
            [(20, 30), (90, 40), (None, 9), (30, 30)],
            "Score about 16 more recordings to settle 2 of the 4 open verdicts, or 76 to settle 3.",
        ),
        ([(20, 30), (30, 30)], "Score about 16 more recordings to settle the 2 open verdicts."),
        (
            [(20, 30), (30, 30), (30, 30), (90, 40)],
            "Score about 16 more recordings to settle 3 of the 4 open verdicts, or 76 to settle all.",
        ),
        ([(20, 30), (2000, 40)], "Score about 16 more recordings to settle 1 of the 2 open verdicts."),
        (
            [(3000, 30), (2000, 40)],
            "1,000 more recordings would not settle the 2 open verdicts; the table under Verdicts says why.",
        ),
        ([(None, None), (None, 40)], "2 verdicts open; the table under Verdicts says why."),
    ],
)
def test_what_is_open_says_how_many_recordings_are_missing(run, needs, said):
    metric = run.metrics[0]
    verdicts = run.analysis.verdicts[run.analysis.verdicts["metric"] == metric].head(len(needs))
    verdicts = verdicts.assign(
        verdict="inconclusive",
        clips_to_detect=[detect for detect, _ in needs],
        clips_to_exclude=[exclude for _, exclude in needs],
    )
    facts = run.analysis.metrics.head(1).assign(tracks=14)
    (card,) = in_short(replace(run, analysis=replace(run.analysis, metrics=facts, verdicts=verdicts)))
    assert card.next_step == said

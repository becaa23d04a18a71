"""Hearing cards hold what the analysis holds, in JSON and in Markdown."""

from __future__ import annotations

import json

import pytest

from degrade_bench.cli.app import main
from degrade_bench.reports.card import hearing_card, hearing_card_lines
from degrade_bench.reports.inputs import load_run


def test_a_card_holds_the_numbers_of_the_analysis(finished, capsys):
    run = load_run(finished)
    with pytest.raises(SystemExit) as ended:
        main(["card", str(finished), "--json"])
    assert ended.value.code == 0
    cards = json.loads(capsys.readouterr().out)
    assert [card["metric"] for card in cards] == run.metrics
    for card, facts in zip(cards, run.analysis.metrics.to_dict("records"), strict=True):
        assert card == json.loads(json.dumps(hearing_card(run, card["metric"])))
        assert (card["margin"], card["clean_mean"]) == (facts["margin"], facts["clean_mean"])
        verdicts = run.analysis.verdicts[run.analysis.verdicts["metric"] == card["metric"]]
        said = {name: verdict for verdict, names in card["verdicts"].items() for name in names}
        assert said == dict(zip(verdicts["degradation"], verdicts["verdict"], strict=True))
        assert set(card["detected_from"]) == set(card["verdicts"]["sensitive"])


def test_a_card_in_markdown_has_a_row_for_every_family_and_shows_any_name_letter_by_letter(finished):
    run = load_run(finished)
    lines = hearing_card_lines(run, "log-mel")
    assert lines[0] == "### What log-mel hears"
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 2 + run.analysis.verdicts["family"].nunique()
    for frame in (run.analysis.metrics, run.analysis.verdicts, run.analysis.families):
        frame.loc[frame["metric"] == "log-mel", "metric"] = "a|b *c* <img>"
    metrics = tuple(
        one.model_copy(update={"name": "a|b *c* <img>"}) if one.name == "log-mel" else one
        for one in run.record.metrics
    )
    object.__setattr__(run, "record", run.record.model_copy(update={"metrics": metrics}))
    assert hearing_card_lines(run, "a|b *c* <img>")[0] == r"### What a\|b \*c\* \<img\> hears"


def test_a_card_of_a_metric_that_the_run_has_not_is_refused_in_one_line(finished, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["card", str(finished), "--metric", "log-mal"])
    assert ended.value.code == 2
    assert "did you mean 'log-mel'" in capsys.readouterr().err

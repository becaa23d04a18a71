"""The table of verdicts that ``print`` and a notebook show."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.verdict_table import WIDEST, verdict_table_html, verdict_table_lines
from degrade_bench.reports.words import within
from degrade_bench.runs.left_out import LeftOut

REPORT = "somewhere/report.html"


def renamed(run: RunView, old: str, new: str) -> RunView:
    """The run with another name of a damage."""
    frames = {
        name: getattr(run.analysis, name).assign(
            degradation=lambda frame: frame["degradation"].replace({old: new}),
        )
        for name in ("verdicts", "levels")
    }
    return replace(run, analysis=replace(run.analysis, **frames))


def test_every_verdict_is_there_with_its_level_and_its_effect(run):
    text = "\n".join(verdict_table_lines(run, REPORT))
    for metric in run.metrics:
        of_metric = text[text.index(f"{metric} (") :]
        assert f"{run.record.counts.clips} clips" in of_metric.splitlines()[0]
        for row in run.analysis.verdicts[run.analysis.verdicts["metric"] == metric].to_dict("records"):
            line = re.search(rf"^  {row['degradation']} .*$", of_metric, re.MULTILINE).group()
            assert row["verdict"] in line
            level = row["detection_level"]
            assert (f"level {level:.0f}" in line) == (level == level), "NaN is no level"
            levels = run.analysis.levels
            at = levels[(levels["metric"] == metric) & (levels["degradation"] == row["degradation"])]
            top = at.sort_values("level").iloc[-1]
            kind, of = ("net", "net_drop") if top["net_drop"] == top["net_drop"] else ("drop", "drop_mean")
            effect = within(top[of], top[f"{kind}_low"], top[f"{kind}_high"])
            assert effect in line or top[of] != top[of]
    assert text.endswith(f"report: {REPORT}")


def test_lines_fit_a_terminal_and_names_are_never_cut(run):
    long = "a_damage_with_a_name_of_more_characters_than_its_column_has"
    changed = renamed(run, run.degradations[0], long)
    reasons = (LeftOut(name="muq-eval", reason="its weights are not here: " + "fetch them, " * 20),)
    changed = replace(changed, record=run.record.model_copy(update={"metrics_skipped": reasons}))
    lines = verdict_table_lines(changed, REPORT)
    assert max(map(len, lines)) <= WIDEST
    assert f"  {long}" in lines
    beside = lines[lines.index(f"  {long}") + 1]
    assert beside.startswith("     "), "the rest stands below"


def test_a_notebook_shows_the_same_and_no_markup_of_names(run):
    name = "<b>noise</b> & more"
    page = verdict_table_html(renamed(run, run.degradations[0], name), REPORT)
    assert name not in page
    assert "&lt;b&gt;noise&lt;/b&gt; &amp; more" in page
    for metric in run.metrics:
        assert f"<b>{metric}</b>" in page
    assert page.count("<tr>") == len(run.analysis.verdicts) + len(run.metrics)
    assert page.endswith(f"report: {REPORT}</p>")


@pytest.mark.parametrize("missing", ["net_drop", "drop_mean"])
def test_where_there_is_no_placebo_the_drop_itself_stands_there(run, missing):
    columns = ["net_drop"] if missing == "net_drop" else ["net_drop", "drop_mean"]
    levels = run.analysis.levels.assign(**dict.fromkeys(columns, float("nan")))
    lines = verdict_table_lines(replace(run, analysis=replace(run.analysis, levels=levels)), REPORT)
    first = run.analysis.verdicts.iloc[0]
    line = next(line for line in lines if line.startswith(f"  {first['degradation']} "))
    assert line.endswith("–") == (missing == "drop_mean")

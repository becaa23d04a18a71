"""The report in other formats, and of a part of a run."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.reports import Choice, write_report
from degrade_bench.reports.figures.drawing import house_style
from degrade_bench.reports.html import render
from degrade_bench.reports.markdown import marked, report_markdown
from degrade_bench.reports.methods import methods
from degrade_bench.reports.pdf import write_pdf
from degrade_bench.reports.verdict_table import verdict_tables

ODD = '"><img src=x onerror=alert(1)> $\\frac{x}$\n音乐 موسيقى'


def test_markdown_says_of_every_metric_and_damage_what_was_found(run):
    text = report_markdown(run)
    for metric in run.metrics:
        assert f"| {metric} |" in text
    for table in verdict_tables(run):
        for row in table.rows:
            assert f"| {' | '.join(map(marked, row))} |" in text
    assert text.count("<details>") == text.count("</details>") >= 2
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 2 + len(run.metrics)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_markdown_that_is_too_long_for_a_comment_leaves_the_table_to_the_page(run, monkeypatch):
    whole = report_markdown(run)
    monkeypatch.setattr("degrade_bench.reports.markdown.MOST_LETTERS", len(whole) - 1)
    short = report_markdown(run)
    assert len(short) < len(whole)
    assert "report.html and summary.csv have them" in short


class Tags(HTMLParser):
    """The tags that a reader of Markdown would act on: those without a backslash before them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(text.replace("\\<", "").replace("\\>", ""))

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)


def test_no_name_acts_in_markdown(run):
    verdicts = run.analysis.verdicts.replace({"family": {run.families[0]: ODD}})
    named = replace(run, analysis=replace(run.analysis, verdicts=verdicts), title=ODD)
    text = report_markdown(named)
    assert Tags(text).seen <= {"details", "summary"}
    assert text.startswith('## "\\>\\<img src=x onerror=alert(1)\\> \\$\\\\frac{x}\\$\\\\n音乐')


def test_a_part_keeps_the_verdicts_and_what_they_were_corrected_over(run):
    family = run.families[0]
    part = Choice(metrics=(run.metrics[1],), families=(family,)).of(run)
    assert part.metrics == [run.metrics[1]]
    assert part.families == [family]
    assert [metric.name for metric in part.record.metrics] == [run.metrics[1]]
    whole = run.analysis.verdicts.set_index(["metric", "degradation"])
    for row in part.analysis.verdicts.to_dict("records"):
        assert row["sentence"] == whole.loc[(row["metric"], row["degradation"]), "sentence"]
    assert set(part.analysis.families["family"]) == {family}
    assert methods(part) == methods(run)
    assert part.too_few == run.too_few
    assert (
        part.shown == f"Shown: {run.metrics[1]}, and of the damages {family}. Verdicts are those of the whole run."
    )
    assert Choice().of(run) is run


def test_what_is_not_there_is_named(run):
    with pytest.raises(UnknownNameError, match="metric of this run 'si-sdrr'; did you mean 'si-sdr'"):
        Choice(metrics=("si-sdrr",)).of(run)
    with pytest.raises(UnknownNameError, match="family of this run"):
        Choice(families=("nothing",)).of(run)
    for formats in (("doc",), ()):
        with pytest.raises(ConfigError, match="a report is html, md, pdf; got"):
            Choice(formats=formats)


def test_the_page_shows_the_part_under_its_title_and_says_that_it_is_one(run):
    page = render(Choice(metrics=("si-sdr",), families=("noise",), title=ODD).of(run), {})
    assert "<title>&#34;&gt;&lt;img" in page
    assert "Verdicts are those of the whole run." in page
    assert 'data-metric="m:si-sdr"' in page
    assert 'data-metric="m:log-mel"' not in page


def test_every_format_is_written_and_the_same_again(full, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(full, copy)
    choice = Choice(metrics=("si-sdr",), families=("noise",), formats=("md", "pdf"), title=ODD)
    assert write_report(copy, choice=choice) == copy / "report.md"
    before = {name: (copy / name).read_bytes() for name in choice.files}
    assert before["report.pdf"].startswith(b"%PDF-")
    write_report(copy, choice=choice)
    assert {name: (copy / name).read_bytes() for name in choice.files} == before


def test_a_page_of_paper_holds_every_line_and_no_box(run, tmp_path, recwarn):
    import matplotlib.backends.backend_pdf as backend

    shown = []

    class Read(backend.PdfPages):
        def savefig(self, figure=None, **options):
            shown.extend((text.get_text(), *text.get_position()) for text in figure.texts)
            super().savefig(figure, **options)

    with pytest.MonkeyPatch.context() as patch, house_style():
        patch.setattr(backend, "PdfPages", Read)
        write_pdf(replace(run, title=ODD), [], tmp_path / "report.pdf")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]
    text = " ".join(line.strip() for line, _, _ in shown)
    assert "\\u97f3\\u4e50" in text, "the font has no such letters"
    for row in run.analysis.verdicts.to_dict("records"):
        assert row["sentence"].split(". ")[0] in text
    assert all(0 < y < 1 for _, _, y in shown)

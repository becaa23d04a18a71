"""What the sections show is what the analysis holds; a section that does not apply is left out."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import warnings
from dataclasses import replace

import pytest

from degrade_bench.analysis.consistency import KEYS
from degrade_bench.analysis.result import FRAMES
from degrade_bench.reports import summary_lines, write_report
from degrade_bench.reports.figures.drawing import FORMATS
from degrade_bench.reports.html import render
from degrade_bench.reports.in_short import in_short
from degrade_bench.reports.sections import SECTIONS, families, genres, people, trust
from degrade_bench.runs.left_out import LeftOutClip
from degrade_bench.runs.probes import Probe
from tests.reports.page import CHROMIUM, Page

OPTIONAL = ("sensitivity_by_family", "selectivity", "people_pmqd")
"""Figures of the sections that not every run has."""
ELSEWHERE = ("twins",)
"""Sections that want damage to notes: see ``test_twins.py``."""
HERE = [section for section in SECTIONS if section.id not in ELSEWHERE]


@pytest.fixture(scope="module")
def page(full) -> str:
    return (full / "report.html").read_text(encoding="utf-8")


def test_the_page_has_every_section_in_order_and_a_link_to_it(page):
    headings = re.findall(r'<section id="(\w+)">\n<h2>(.*?)</h2>', page)
    assert headings == [(section.id, section.title) for section in HERE]
    links = re.findall(r'<a href="#(\w+)">(.*?)</a>', page[page.index("<nav>") : page.index("</nav>")])
    assert links == [(section.id, section.link or section.title) for section in HERE]


@pytest.mark.parametrize("gone", HERE, ids=lambda section: section.id)
def test_any_section_can_be_taken_away(run, gone):
    run = replace(run, record=run.record.updated(clips_skipped=(LeftOutClip(id="a", reason="silent"),)))
    left = [section for section in HERE if section is not gone]
    text = render(run, {}, left)
    page = Page(text)
    assert page.ids == {section.id for section in left}
    assert page.anchors
    assert all(anchor[1:] in page.ids for anchor in page.anchors)
    assert "Left out: 1 clip (a)." in text


def test_a_section_that_does_not_apply_is_left_out_and_not_linked(run):
    nothing = replace(SECTIONS[0], id="nothing", title="Nothing to see", rows=lambda run: None)
    text = render(run, {}, [*SECTIONS, nothing])
    assert text == render(run, {})
    assert "Nothing to see" not in text


def test_what_a_section_shows_is_escaped(run):
    hostile = replace(
        next(section for section in SECTIONS if section.id == "clips"),
        title="<script>title</script>",
        rows=lambda run: {"scored": [], "left_out": [{"id": "<script>id</script>", "reason": "&"}]},
    )
    text = render(run, {}, [hostile])
    assert len(Page(text).scripts) == 1, "only the page's"
    assert "&lt;script&gt;title" in text
    assert "&lt;script&gt;id" in text


def test_strengths_stand_under_the_levels_of_the_run(run):
    trusted = next(section for section in SECTIONS if section.id == "trust")
    for levels in ([1, 3, 5], [2, 7]):
        achieved = run.analysis.achieved
        achieved = achieved[achieved["degradation"] == "white_noise"].head(len(levels)).assign(level=levels)
        text = render(replace(run, analysis=replace(run.analysis, achieved=achieved)), {}, [trusted])
        assert re.findall(r"<th class=\"r\">level (\d+)</th>", text) == [str(level) for level in levels]
        assert text.count('white_noise<br><span class="faint summary">') == 1


def test_figures_are_saved_and_stand_in_the_page(full, page):
    for name in OPTIONAL:
        for suffix in FORMATS:
            assert (full / "figures" / f"{name}.{suffix}").stat().st_size > 1000
    read = Page(page)
    assert {"families", "selectivity", "people", "genres"} <= read.ids
    assert "Net alarms at 5 % false alarms" in page
    assert "Physical change is matched with log-mel" in page
    assert "divided by its own largest absolute mean drop over all 20 cells" in page
    assert "docs/analysis.md" in page
    assert "too few cells change the audio &lt;alike&gt;" in page
    assert "rock &amp; &lt;roll&gt;" in page


def test_tables_hold_a_cell_per_metric(run):
    for row in families.rows(run)["families"]:
        assert [cell["metric"] for cell in row["cells"]] == run.metrics
    agreement = people.people_table(run)
    assert [(damage["name"], damage["cells"]) for damage in agreement["damages"]] == [
        ("all damages", 20),
        *((damage, 5) for damage in dict.fromkeys(run.analysis.human_curves["degradation"])),
    ]
    rho = run.analysis.people.query("metric == 'loudness' and damage == 'all'")["rho"].item()
    assert next(row for row in agreement["metrics"] if row["metric"] == "loudness")["cells"][0]["rho"] == rho
    groups = genres.rows(run)
    assert [group["n"] for group in groups["groups"]] == [3, 4, 5]
    scored = run.analysis.levels.query("metric == 'si-sdr' and n > 0")["degradation"]
    for row in groups["drops"]["si-sdr"]:
        assert all(row["cells"]) == (row["degradation"] in set(scored))


def test_every_inconclusive_verdict_says_what_it_would_need(run, full, page):
    verdicts = run.analysis.verdicts
    unsure = verdicts[verdicts["verdict"] == "inconclusive"]
    assert len(unsure) >= 4
    assert page.count('class="power"') == len(unsure)
    for row in unsure.to_dict("records"):
        assert row["sentence"].replace("'", "&#39;") in page
        assert row["power_note"] in page
    lines = summary_lines(full)
    for metric in unsure["metric"].unique():
        after = lines[next(i for i, line in enumerate(lines) if line.startswith(f"{metric}: ")) :]
        first = next(i for i, line in enumerate(after) if line.startswith("  →"))
        more = itertools.takewhile(lambda line: line.startswith("    "), after[first + 1 :])
        said = " ".join(line.strip() for line in (after[first], *more))
        assert said == f"→ {next(card for card in in_short(run) if card.metric == metric).next_step}"


def test_cells_are_called_confirmatory_or_exploratory_in_words(run, page):
    levels = run.analysis.levels
    marked = int(levels["confirmatory"].astype(bool).sum())
    assert page.count("<strong>confirmatory</strong>") == marked
    assert page.count("<td>exploratory</td>") == len(levels) - marked


def test_controls_that_are_no_part_of_the_floor(run, page):
    rows = trust.control_rows(run)
    outside = {(row["metric"], row["degradation"]) for row in rows if not row["part_of_floor"]}
    assert outside == {("si-sdr", "gain"), ("si-sdr", "resampling")}
    assert page.count("<strong>no</strong>: it is meant to be heard") == sum(not r["part_of_floor"] for r in rows)
    assert "No part of the floor, because this metric is meant to hear them: gain, resampling." in page


NAMES = {*(column for key in KEYS.values() for column in key), "group", "family", "verdict", "sentence"}
"""Columns without which a row is refused: see test_edited.py."""
CORE = ("metrics", "levels", "verdicts", "controls", "achieved", "placebos")
"""Frames without which there would be nothing to show, and of them these numbers:"""
CORE_NUMBERS = {"margin", "nuisance_floor", "drop_mean", "drop_low", "drop_high"}


@pytest.mark.parametrize("how", ["emptied", "all missing"])
def test_an_analysis_of_little_is_shown_without_a_warning(full, tmp_path, how):
    shutil.copytree(full, tmp_path / "copy")
    record = json.loads((full / "analysis.json").read_text())
    for name in ("levels", "verdicts"):
        record[name] = [row for row in record[name] if row["family"] in ("noise", "tempo")]
    left = {row["degradation"] for row in record["levels"]}
    record["genres"] = [row for row in record["genres"] if row["degradation"] in left]
    for frame in FRAMES:
        is_core = frame.name in CORE
        if how == "emptied" and not is_core:
            record[frame.name] = []
        kept = NAMES | CORE_NUMBERS if is_core else NAMES
        names = [column.name for column in frame.columns if column.kind in ("text", "number")]
        blank = dict.fromkeys(name for name in names if name not in kept)
        record[frame.name] = [row | blank for row in record[frame.name]]
    (tmp_path / "copy" / "analysis.json").write_text(json.dumps(record))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = write_report(tmp_path / "copy").read_text()
        lines = summary_lines(tmp_path / "copy")
    assert not {f"{name}.png" for name in OPTIONAL} & {
        path.name for path in (tmp_path / "copy" / "figures").iterdir()
    }
    assert not {"families", "people", "genres"} & Page(text).ids
    record_aside = re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)  # run.json has "None" in its texts
    assert not re.search(r"\bnan\b|\bNone\b", re.sub(r"data:[^\"]*", "", record_aside))
    assert not any("smallest detectable" in line for line in lines)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (400, "light")])
def test_in_a_browser_nothing_runs_out_of_the_page(full, width, scheme):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        shown.goto((full / "report.html").as_uri())
        shown.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        page_width = shown.evaluate("document.documentElement.scrollWidth")
        sizes = shown.evaluate("Object.fromEntries([...document.images].map(i => [i.alt, i.clientWidth]))")
        browser.close()
    assert page_width == width
    assert len(sizes) == len(list((full / "figures").glob("*.png"))) + len(list((full / "audio").glob("*.png")))
    assert all(sizes.values())


def test_what_a_probe_warned_of_stands_at_the_head(run):
    probes = {"mine": Probe(fingerprint="f", warnings=("it depends on <chance>",)), "other": Probe(fingerprint="g")}
    text = render(replace(run, record=run.record.updated(probes=probes)), {}, SECTIONS[:1])
    assert "<li>mine: it depends on &lt;chance&gt;</li>" in text
    assert "tried on generated clips" not in render(run, {}, SECTIONS[:1])

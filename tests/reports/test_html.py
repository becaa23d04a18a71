"""``report.html``: what it says, that nothing in it can run or call home, and that a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from degrade_bench import reports
from degrade_bench.reports import summary_lines, write_report
from degrade_bench.reports.html import SCRIPTS
from tests.reports.conftest import HOSTILE
from tests.reports.page import CHROMIUM, Page

TEMPLATES = Path(reports.__file__).parent / "templates"


@pytest.fixture(scope="module")
def text(finished) -> str:
    return (finished / "report.html").read_text(encoding="utf-8")


def test_the_page_is_well_formed_self_contained_and_harmless(text, finished):
    page = Page(text)
    shipped = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    assert page.scripts == [shipped], "the project's script, and no other"
    allowed = base64.b64encode(hashlib.sha256(shipped.encode()).digest()).decode()
    assert re.findall(r"script-src ([^;\"]*)", text) == [f"'sha256-{allowed}'"]
    assert page.sources
    assert all(source.startswith("data:") for source in page.sources)
    inside = [anchor[1:] for anchor in page.anchors if anchor.startswith("#")]
    beside = [anchor for anchor in page.anchors if not anchor.startswith("#")]
    assert set(inside) <= page.ids
    assert sorted(beside) == sorted(f"figures/{path.name}" for path in (finished / "figures").glob("*.pdf"))
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|http-equiv=\"refresh", text)
    assert HOSTILE not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in text
    assert "<b>bold" not in text


def test_what_a_reader_looks_for_is_there(text, finished):
    record = json.loads((finished / "run.json").read_text())
    for words in (
        "white_noise",
        "tempo_change",
        "Nuisance floor",
        "Provenance",
        "fingerprint",
        "GPL-3",
        "CC-BY-NC",
    ):
        assert words in text
    for metric in record["metrics"]:
        assert metric["fingerprint"] in text
    assert len(record["examples"]) == 17
    assert {one["metric"] for one in record["recordings"]} == {"si-sdr", "log-mel"}, "loudness hears nothing of it"
    assert len(record["recordings"]) == 4, "the largest and the smallest drop of each metric"
    assert text.count("<audio") == 17 + 2 * 4
    assert text.count("data:image/png") == len(record["pictures"]) == 4
    for picture in record["pictures"]:
        assert picture["caption"] in text
    assert "full reference, and the degradation changes the duration" in text
    analysis = json.loads((finished / "analysis.json").read_text())
    for verdict in analysis["verdicts"]:
        assert verdict["sentence"].replace("'", "&#39;") in text


def test_what_was_left_out_and_what_failed_stand_at_the_head(finished, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    record = json.loads((copy / "run.json").read_text())
    record["metrics_skipped"] = [{"name": "muq-eval", "reason": "no weights <here>"}]
    record["degradations_skipped"] = [{"name": "fuzz", "reason": "no module <named> 'fuzz'"}]
    record["clips_skipped"] = [{"id": "a<b>", "reason": "silent"}]
    record["counts"]["failed"] = 30
    record["failures"] = [
        {"clip_id": f"c{k}", "degradation": "mp3", "level": 1, "metric": "m", "error": f"bang & <i> {k}"}
        for k in range(30)
    ]
    record["metrics"][0]["counts"] = {"recomputed in <float32>": 3, "never": 0, "outside_range": 0}
    record["metrics"][1] |= {"score_range": [1.0, None], "counts": {"outside_range": 7}}
    record["state"] = "running"
    (copy / "run.json").write_text(json.dumps(record))
    page = write_report(copy).read_text()
    Page(page)
    head = page[: page.index("<main>")]
    assert "Left out: 1 degradation (fuzz), 1 metric (muq-eval), 1 clip (a&lt;b&gt;)." in head
    assert "metric <strong>muq-eval</strong>: " in head
    assert "no weights &lt;here&gt;" in head
    assert "degradation <strong>fuzz</strong>: " in head
    assert "no module &lt;named&gt;" in head
    assert "30 rows failed" in head
    assert "bang &amp; &lt;i&gt;" in head
    assert "10 more" in head
    assert "has not finished" in head
    assert "si-sdr: recomputed in &lt;float32&gt;: 3" in head
    assert "never" not in head
    assert "a&lt;b&gt;" in page
    lines = summary_lines(copy)
    assert "left out: metric muq-eval: no weights <here>" in lines
    assert "left out: degradation fuzz: no module <named> 'fuzz'" in lines
    assert "left out: clip a<b>: silent" in lines
    assert "note: si-sdr: recomputed in <float32>: 3" in lines
    assert [line for line in lines if line.startswith("note: log-mel")] == [
        "note: log-mel: scores outside its nominal range (1 to ∞), kept as they are: 7"
    ]
    assert any(line.startswith("failed: m on c0, mp3 level 1") for line in lines)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (420, "light")])
def test_a_browser_shows_every_figure_plays_a_clip_and_stays_offline(finished, width, scheme):
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(Path(finished / "report.html").as_uri())
        widths = page.evaluate("[...document.images].map(i => i.complete ? i.naturalWidth : 0)")
        played = page.evaluate(
            """async () => { const a = document.querySelector('audio'); a.muted = true; await a.play();
               while (a.currentTime === 0) await new Promise(r => setTimeout(r, 20));
               return a.duration; }"""
        )
        page_width = page.evaluate("document.documentElement.scrollWidth")
        scrolling, unreached = page.evaluate(
            """async () => { document.querySelectorAll('details').forEach(d => { d.open = true; });
               await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
               const scrolls = p => p.scrollWidth > p.clientWidth || p.scrollHeight > p.clientHeight;
               const parts = [...document.querySelectorAll('.paper, .scroll, pre')].filter(scrolls);
               return [parts.length, parts.filter(p => p.tabIndex < 0).length]; }"""
        )
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [Path(finished / "report.html").as_uri()]
    assert len(widths) == 12 + 4, "figures and pictures"
    assert all(widths)
    assert played == pytest.approx(4.0, abs=0.2)
    assert page_width == width, "nothing runs out of the page"
    assert scrolling > 0
    assert unreached == 0, "what scrolls is reached by the keyboard"

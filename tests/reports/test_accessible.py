"""The pages, held against axe-core's rules of accessibility in a real browser."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from degrade_bench.compare import CompareOptions, compare
from degrade_bench.reports.comparison import comparison_page
from degrade_bench.reports.leaderboard import leaderboard_page, read_cards
from tests.compare.folders import hearing, metric, run
from tests.reports.cards import written
from tests.reports.page import CHROMIUM

pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: pip install axe-playwright-python")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]

LOOKS = {"desktop, light": (1440, 900, "light"), "phone, dark": (390, 844, "dark")}
"""Widths and schemes: each of both kinds once, since a look takes seconds."""

UNFOLD = """() => {
  document.querySelectorAll("tbody").forEach(body => [...body.rows].slice(2).forEach(row => row.remove()));
  document.querySelectorAll("details.metric:nth-of-type(n + 3)").forEach(part => part.remove());
  document.querySelectorAll("details").forEach(part => { part.open = true; });
}"""
"""Everything that is folded, but of what a template repeats (rows, metrics) the first two."""

VIOLATED = """async (rules) => (await axe.run({resultTypes: ["violations"], preload: false, ...rules})).violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .map(one => `${one.id}: ${one.nodes.map(node => node.target.join(" ")).join(", ")}`)"""


@pytest.fixture(scope="module")
def page():
    from playwright.sync_api import sync_playwright

    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("domcontentloaded", lambda shown: shown.evaluate(axe))
        yield page
        browser.close()


def violations(page, path: Path) -> dict[str, list[str]]:
    """Rules that a page breaks seriously, with the elements that do, in every look."""
    found = {}
    page.goto(path.as_uri())
    page.evaluate(UNFOLD)
    for look, (width, height, scheme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(50)  # what scrolls is made reachable when its size has been observed
        if broken := page.evaluate(VIOLATED, {}):
            found[look] = broken
    return found


def test_the_report_breaks_no_rule_and_what_breaks_one_is_found(page, full):
    assert violations(page, full / "report.html") == {}
    page.evaluate("document.querySelector('main img').removeAttribute('alt')")
    (found,) = page.evaluate(VIOLATED, {"runOnly": ["image-alt"]})
    assert found.startswith("image-alt: ")


def test_the_pages_of_comparisons_and_cards_break_no_rule(page, tmp_path):
    keen, deaf = metric("keen", hearing(0.5, seed=1)), metric("deaf", hearing(0.0, seed=2))
    compared = compare([run(tmp_path / "a", keen), run(tmp_path / "b", deaf)], CompareOptions(resamples=100))
    (tmp_path / "compare.html").write_text(comparison_page(compared), encoding="utf-8")
    assert violations(page, tmp_path / "compare.html") == {}
    board = leaderboard_page(read_cards([written(tmp_path / "cards")]))
    (tmp_path / "board.html").write_text(board, encoding="utf-8")
    assert violations(page, tmp_path / "board.html") == {}

"""What the page's script does, in a real browser: players, filters, sorting, downloads, the kept choice."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.reports.page import CHROMIUM, SWITCHED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def address(finished) -> str:
    return Path(finished / "report.html").as_uri()


@pytest.fixture
def page(address):
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        yield page
        browser.close()
    assert said == []


def test_a_player_goes_on_at_the_same_place_when_it_switches(page):
    player = page.locator("#listen [data-player]").first
    player.get_by_role("button", name="play", exact=False).first.click()
    while float(player.get_attribute("data-at")) < 0.3:
        page.wait_for_timeout(50)
    switched = page.evaluate(SWITCHED)
    assert switched["version"].startswith("level")
    assert switched["moved"] == pytest.approx(switched["passed"], abs=0.05)
    player.press("1")
    assert player.get_attribute("data-version") == "clean"
    player.get_by_role("button", name="blind").click()
    assert player.get_attribute("data-version") == "", "nothing tells which is which"
    player.get_by_role("button", name="B", exact=True).click()
    player.get_by_role("button", name="say which is which").click()
    assert "A was " in player.get_by_role("status").inner_text()
    player.press(" ")
    page.wait_for_timeout(100)
    stopped = player.get_attribute("data-at")
    page.wait_for_timeout(100)
    assert player.get_attribute("data-at") == stopped


HEAD = """figure => {
  const strip = figure.querySelector('.strip').getBoundingClientRect(), head = figure.querySelector('.playhead');
  return head.hidden ? null : (head.getBoundingClientRect().x + 1 - strip.x) / strip.width;
}"""
"""Where in the picture the line is that says what is heard, from 0 to 1."""


def test_a_line_in_the_picture_is_where_the_player_is_and_a_click_goes_there(page):
    player = page.locator("#listen [data-player]").first
    spans = json.loads(player.locator(".panels").get_attribute("data-spans"))
    assert player.evaluate(HEAD) == pytest.approx(spans[0][0], abs=0.003)
    box = player.locator(".strip").bounding_box()
    begins, ends = spans[2]
    wanted = begins + 0.75 * (ends - begins)
    player.locator(".strip").click(position={"x": wanted * box["width"], "y": box["height"] / 2})
    assert player.get_attribute("data-version").startswith("level 3")
    assert player.evaluate(HEAD) == pytest.approx(wanted, abs=0.003)
    player.get_by_role("button", name="level 5").click()
    assert player.evaluate(HEAD) == pytest.approx(wanted + spans[3][0] - spans[2][0], abs=0.003)
    assert float(player.get_attribute("data-at")) == pytest.approx(0.75 * 4.0, abs=0.05)
    player.get_by_role("button", name="blind").click()
    assert player.evaluate(HEAD) is None, "nothing tells which is which"
    player.locator(".strip").click(position={"x": 5, "y": 5})
    assert player.get_attribute("data-version") == ""


def test_recordings_that_stand_out_are_heard_clean_and_damaged(page):
    player = page.locator("#recordings [data-player]").first
    assert player.get_attribute("data-version") == "clean"
    player.locator("[aria-pressed]").nth(1).click()
    name = player.get_attribute("data-version")
    assert name in page.locator("#recordings .standing h4").first.inner_text()
    player.get_by_role("button", name="play", exact=False).first.click()
    while float(player.get_attribute("data-at")) < 0.2:
        page.wait_for_timeout(50)
    page.get_by_role("checkbox", name="si-sdr").uncheck()
    assert not player.is_visible()


def test_damage_that_is_looked_for_is_shown_and_heard_alone(page):
    page.get_by_role("searchbox").fill("clipping")
    figures = page.locator("#listen figure[data-row]:visible")
    assert [figure.get_attribute("data-player") for figure in figures.all()] == ["hard_clipping"]


def test_rows_are_found_metrics_taken_away_and_the_address_keeps_it(page, address):
    verdicts = page.locator("tr[data-verdict]")
    assert verdicts.count() == 12
    page.get_by_role("searchbox").fill("clipping")
    assert page.locator("tr[data-verdict]:visible").count() == 3
    page.get_by_role("checkbox", name="log-mel").uncheck()
    assert page.locator("tr[data-verdict]:visible").count() == 2
    assert not page.locator("article[data-metric='m:log-mel']").is_visible()
    kept = page.url
    page.goto("about:blank")
    page.goto(kept)
    assert page.get_by_role("searchbox").input_value() == "clipping"
    assert page.locator("tr[data-verdict]:visible").count() == 2
    page.goto("about:blank")
    page.goto(f"{address}#listen")
    assert page.locator("article[data-metric='m:log-mel']").is_visible()


def test_a_table_sorts_by_any_column_and_is_downloaded_as_it_is_shown(page):
    metric = page.locator("details.metric").first
    metric.locator("summary").first.click()
    names = metric.locator("table.verdicts tbody th")
    head = metric.locator("table.verdicts thead").get_by_role("button", name="degradation")
    head.click()
    rising = names.all_inner_texts()
    head.click()
    assert rising == sorted(rising)
    assert names.all_inner_texts() == rising[::-1]
    with page.expect_download() as given:
        metric.get_by_role("button", name="CSV").first.click()
    rows = list(csv.reader(io.StringIO(Path(given.value.path()).read_text(encoding="utf-8"))))
    assert [row[0] for row in rows] == ["degradation", *rising[::-1]]
    with page.expect_download() as given:
        metric.get_by_role("button", name="LaTeX").first.click()
    text = Path(given.value.path()).read_text(encoding="utf-8")
    assert r"white\_noise &" in text
    assert text.startswith(r"\begin{tabular}{l")
    with page.expect_download() as given:
        page.get_by_role("button", name="PNG").first.click()
    assert Path(given.value.path()).read_bytes().startswith(b"\x89PNG")


def test_curves_say_their_values_under_a_pointer_and_by_arrow_keys(page, address, finished, tmp_path):
    hostile = "<img src=x>"
    text = (finished / "report.html").read_text(encoding="utf-8")
    changed = tmp_path / "report.html"
    changed.write_text(text.replace('"metrics":["si-sdr"', '"metrics":["\\u003cimg src=x>"'), encoding="utf-8")
    page.goto(changed.as_uri())
    figure = page.locator("#curves figure").first
    told = json.loads(figure.locator("script").text_content())
    said = []
    for metric, level, _, drop, placebo in told["points"]:
        damage, strength, _ = told["levels"][level]
        beside = f"; placebo {placebo}" if placebo else ""
        said.append(f"{damage}, {told['metrics'][metric]}, {strength}: drop {drop}{beside}")
    assert said[0].startswith(f"white_noise, {hostile}, level 1 (")
    value, keys = figure.get_by_role("status"), figure.get_by_role("application")
    figure.scroll_into_view_if_needed()
    box = figure.locator("img").bounding_box()
    for place, (_, level, y, *_) in enumerate(told["points"]):
        x = told["levels"][level][2]
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        assert value.inner_text() == said[place]
    page.keyboard.press("Escape")
    assert value.inner_text() == ""
    page.mouse.move(1, 1)
    keys.focus()
    for key, place in [
        ("Home", 0),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
        ("ArrowDown", 4),
        ("ArrowUp", 1),
        ("End", -1),
    ]:
        keys.press(key)
        assert value.inner_text() == said[place], key
    assert value.locator("img").count() == 0, "a name is text"
    keys.press("Escape")
    assert value.inner_text() == ""
    figure.get_by_role("button", name="PNG").focus()
    assert not figure.locator(".ring").is_visible()


def test_a_figure_opens_at_full_width_with_its_values_and_goes_back(page):
    figure = page.locator("#curves figure").first
    figure.get_by_role("button", name="Enlarge").scroll_into_view_if_needed()
    before = figure.bounding_box()
    small = figure.locator("img").bounding_box()["width"]
    figure.get_by_role("button", name="Enlarge").click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_attribute("aria-label") == figure.page.locator("dialog img").get_attribute("alt")
    assert dialog.locator("img").bounding_box()["width"] > 1.5 * small
    dialog.get_by_role("application").press("End")
    assert ": drop " in dialog.get_by_role("status").inner_text()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert figure.bounding_box() == before
    assert figure.get_by_role("button", name="Enlarge").evaluate("one => one === document.activeElement")


def test_without_scripts_everything_can_be_read_and_played(address):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(address)
        assert page.locator("audio:visible").count() == page.locator("audio").count()
        assert not page.locator(".choose").is_visible()
        browser.close()

"""Players on the site's pages: what they play is what the page shows, and they switch at one place."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.errors import NotApplicableError
from degrade_bench.sweep.pictures.version import Version
from tests.reports.page import CHROMIUM, SWITCHED

pytest.importorskip("matplotlib")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from pages import canvas, measure, players  # noqa: E402
from pages.page import PLAYERS  # noqa: E402

AUDIO = re.compile(r'src="data:audio/mpeg;base64,([^"]+)" (?:data-label="([^"]*)"|data-clean)')


@pytest.fixture(scope="module")
def heard():
    """A quick page's players; of the first built-in clip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "builtin_sources", lambda: builtin_sources()[:1])
        yield players.section("white_noise")


def test_clean_every_level_and_the_placebo_are_there_with_their_strengths(heard):
    found = AUDIO.findall(heard)
    assert [label for _, label in found] == [
        "", "level 1 (40 dB SNR)", "level 2 (30 dB SNR)", "level 3 (20 dB SNR)", "level 4 (10 dB SNR)",
        "level 5 (0 dB SNR)", "placebo",
    ]  # fmt: skip
    assert "<strong>piano_solo</strong>" in heard
    assert "jazz_trio, the first choice, cannot be damaged in this way at all levels." in heard
    assert "The placebo, at 90 dB SNR" in heard
    assert re.search(r"from [\d.]+ to [\d.]+ s, as MP3 of 112 kbps", heard)
    for stream, _ in found:
        audio, rate = soundfile.read(io.BytesIO(base64.b64decode(stream)))
        assert len(audio) / rate == pytest.approx(players.EXCERPT_SECONDS, abs=0.06)


def test_what_is_played_is_what_the_label_says(monkeypatch):
    monkeypatch.setattr(measure, "builtin_sources", lambda: builtin_sources()[:1])
    shown = canvas.subject(catalogue.get("white_noise"), "spectrogram")
    made, missing = players.excerpts(shown, players.first_second(shown))
    assert missing == []
    clean = made[0].version.excerpt.ravel()
    for one in made[3:6]:  # of the whole clip it is exact; an excerpt is louder or softer than the whole
        noisy = one.version.excerpt.ravel()
        signal = noisy @ clean / (clean @ clean) * clean
        excerpt_gain = 10 * np.log10((clean @ clean) / len(clean) / float(shown.clip.samples.square().mean()))
        snr = 10 * np.log10((signal @ signal) / np.square(noisy - signal).sum())
        assert snr - excerpt_gain == pytest.approx(one.degradation.ladder.strength(one.level), abs=0.5)


@pytest.mark.parametrize("name", ["dropouts", "reversed_bars"])
def test_each_level_is_heard_in_its_excerpt(name, monkeypatch):
    monkeypatch.setattr(measure, "builtin_sources", lambda: builtin_sources()[:1])
    shown = canvas.subject(catalogue.get(name), "waveform")
    made, _ = players.excerpts(shown, players.first_second(shown))
    clean = made[0].version.excerpt
    for one in made[1:6]:
        gain = float((clean * one.version.excerpt).sum() / np.square(one.version.excerpt).sum())
        assert np.square(clean - gain * one.version.excerpt).sum() > 1e-4 * np.square(clean).sum()


def test_a_level_that_a_clip_cannot_have_is_told(monkeypatch):
    class Fussy(type(catalogue.get("white_noise"))):
        def draw(self, clip, level, strength, rng):
            if level == 2:
                raise NotApplicableError("<too short>")
            return super().draw(clip, level, strength, rng)

    monkeypatch.setattr(measure, "builtin_sources", lambda: builtin_sources()[:1])
    monkeypatch.setattr(catalogue, "get", lambda name: Fussy())
    text = players.section("white_noise")
    assert "Level 2 cannot be had of this clip: &lt;too short&gt;." in text
    assert len(AUDIO.findall(text)) == 6
    monkeypatch.setattr(players, "subject", lambda degradation, kind: None)
    assert "there is nothing to hear" in players.section("white_noise")


def test_names_and_units_are_escaped():
    odd = dataclasses.make_dataclass("Odd", ["name", "ladder", "summary"])
    ladder = dataclasses.make_dataclass("Ladder", ["unit", "strength"])('"><b>', lambda level: 1.0)
    damage = odd("<i>", ladder, "<script>")
    excerpt = players.Excerpt(damage, 1, Version(np.zeros((1, 1), np.float32), 44100, 0.0, 1.0))
    clip = dataclasses.make_dataclass("Named", ["id"])("<img src=x>")
    example = players._as_played(excerpt, damage, clip, "data:,")
    text = players.as_html(damage, example, [example])
    assert "&lt;img src=x&gt;" in text
    for tag in ("<b>", "<i>", "<script>", "<img"):
        assert tag not in text


def built(folder: Path, text: str) -> Path:
    page = folder / "degradations" / "white_noise.html"
    page.parent.mkdir()
    page.write_text(f"<!doctype html><html lang=en><head><title>x</title></head><body>{text}</body></html>")
    return page


def test_players_stand_where_the_page_has_their_mark(tmp_path):
    page = built(tmp_path, f"before {PLAYERS} after")
    players.put_into(page, "<p>here</p>")
    text = page.read_text()
    assert "before <p>here</p> after" in text
    players.copy_assets(tmp_path / "assets")
    for link in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert (page.parent / link).is_file()
    with pytest.raises(ValueError, match="0 times"):
        players.put_into(page, "<p>here</p>")


def test_every_committed_page_has_the_mark():
    pages = [path for path in (ROOT / "docs" / "degradations").glob("*.md") if path.name != "README.md"]
    assert [path.name for path in pages if path.read_text(encoding="utf-8").count(PLAYERS) != 1] == []


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
def test_a_page_from_a_folder_switches_at_the_same_place_and_by_the_keyboard(tmp_path, heard):
    from playwright.sync_api import sync_playwright

    page_file = built(tmp_path, PLAYERS)
    players.put_into(page_file, heard)
    players.copy_assets(tmp_path / "assets")
    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
        page.goto(page_file.as_uri())
        player = page.locator("[data-player]")
        assert not page.locator("audio[data-clean]").is_visible()
        player.press(" ")
        while float(player.get_attribute("data-at")) < 0.3:
            page.wait_for_timeout(50)
        switched = page.evaluate(SWITCHED)
        assert switched["version"] == "level 1 (40 dB SNR)"
        assert switched["moved"] == pytest.approx(switched["passed"], abs=0.05)
        player.press("7")
        assert player.get_attribute("data-version") == "placebo"
        browser.close()
    assert said == []
    assert set(asked) <= {"file", "data", "blob"}

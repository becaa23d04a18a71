"""The pages of comparisons and of hearing cards: what they show, and that data are data in them."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import numpy as np
import pytest

from degrade_bench.compare import CompareOptions, compare, write
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.reports.comparison import comparison_page, write_comparison_page
from degrade_bench.reports.leaderboard import leaderboard_page, read_cards, tables
from tests.cli.conftest import call  # noqa: F401 - a fixture
from tests.cli.requests import assert_refused
from tests.compare.folders import hearing, metric, run
from tests.reports.cards import card
from tests.reports.page import Page

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """Three metrics of two runs; one has a hostile name and lacks a degradation."""
    base = tmp_path_factory.mktemp("runs")
    odd = metric(HOSTILE, hearing(0.5, seed=1), clips=12)
    odd.loc[odd["degradation"] == "hum", ["score", "status"]] = [np.nan, "not-applicable"]
    folders = [
        run(base / "a", metric("keen", hearing(0.5, seed=1), clips=12), odd),
        run(base / "b", metric("deaf", hearing(0.0, seed=2), clips=12)),
    ]
    return compare(folders, CompareOptions(resamples=200))


def held(text: str) -> Page:
    """A page that balances, asks nothing, and runs nothing but the script whose hash it names."""
    page = Page(text)
    assert "img" not in page.tags
    assert all(source.startswith("data:") for source in page.sources)
    (script,) = page.scripts
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert f"script-src 'sha256-{allowed}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert {anchor.removeprefix("#") for anchor in page.anchors} <= page.ids
    return page


def test_a_comparison_shows_ranks_profiles_and_differences(comparison):
    text = comparison_page(comparison)
    held(text)
    board = comparison.leaderboard[comparison.leaderboard["scope"] == "overall"]
    rows = re.findall(r'<td class="r">(\d)</td><th scope="row">([^<]*)</th><td class="r">([^<]*)</td>', text)
    names = [name.replace(HOSTILE, HOSTILE) for name in board["metric"]]
    assert [name.replace("&#34;", '"').replace("&gt;", ">").replace("&lt;", "<") for _, name, _ in rows] == names
    assert [shown for *_, shown in rows] == [f"{value:.2f}" for value in board["miss_rate"]]
    overall = comparison.differences[comparison.differences["scope"] == "overall"]
    largest = overall["difference"].abs().max()
    first = re.search(
        r'<h3>Overall</h3>.*?<td class="r">([\d.]+)</td><td class="r">([\d.]+) to ([\d.]+)<', text, re.S
    )
    assert first is not None
    assert first[1] == f"{largest:.2f}"
    assert float(first[2]) <= float(first[1]) <= float(first[3])
    assert "36 of 144" in text


def test_a_comparison_writes_its_page_beside_its_tables(comparison, tmp_path):
    write(comparison, tmp_path)
    write_comparison_page(comparison, tmp_path)
    first = (tmp_path / "comparison.html").read_bytes()
    write_comparison_page(comparison, tmp_path)
    assert (tmp_path / "comparison.html").read_bytes() == first
    other = tmp_path / "other"
    other.mkdir()
    (other / "comparison.html").write_text("mine")
    with pytest.raises(RunFolderError):
        write(comparison, other)
    assert (other / "comparison.html").read_text() == "mine"


def test_cards_are_sorted_and_what_cannot_be_compared_is_said(tmp_path):
    deaf = card(HOSTILE, verdicts={"blind": ["hiss", "hum", "shuffle", "wow"]})
    (tmp_path / "a.json").write_text(json.dumps([deaf, card(), card()]))
    (tmp_path / "b.json").write_text(json.dumps(card("elsewhere", music=["other"], degrade_bench="0.2.0")))
    cards = read_cards([tmp_path])
    text = leaderboard_page(cards)
    held(text)
    first, second = tables(cards)
    assert [(rank, one.metric, one.heard, one.judged) for rank, one in first.rows] == [
        (1, "keen", 2, 3),
        (2, HOSTILE, 0, 4),
    ], "the copy of a card is left out"
    assert list(second.differs) == ["music", "release"]
    assert "Differs from the first table in: music, release." in text
    assert leaderboard_page(cards[::-1]) == text


def test_two_versions_of_a_metric_are_pointed_out():
    from degrade_bench.reports.leaderboard import Card

    (table,) = tables(Card.model_validate(card(fingerprint=mark)) for mark in "ab")
    assert list(table.doubled) == ["keen"]
    assert [rank for rank, _ in table.rows] == [1, 1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read"),
        ("[1]", "its card 1 is no hearing card"),
        (json.dumps(card(format=2)), "it is of format 2, expected 1"),
        (json.dumps(card(clips="14")), "clips"),
        (json.dumps(card(verdicts={"superb": ["hiss"]})), "'superb' is no verdict"),
        (json.dumps(card(verdicts={"blind": ["hiss"], "sensitive": ["hiss"]})), "a damage has two"),
        ("[]", "there is no hearing card"),
        (json.dumps(card()).replace("0.5", "NaN"), "NaN"),
    ],
)
def test_what_is_no_card_is_refused_in_one_line(call, tmp_path, content, said):  # noqa: F811
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "one.json").write_text(content)
    assert_refused(call("leaderboard", tmp_path / "cards"), said)
    assert not (tmp_path / "leaderboard.html").exists()


def test_the_command_writes_the_page(call, tmp_path):  # noqa: F811
    (tmp_path / "one.json").write_text(json.dumps(card()))
    code, out, _ = call("leaderboard", tmp_path / "one.json", "--out", "page.html")
    assert (code, out) == (0, "wrote page.html: 1 card\n")
    assert "keen" in (tmp_path / "page.html").read_text()
    assert_refused(call("leaderboard", tmp_path / "nowhere"), "is not there")
    with pytest.raises(ConfigError):
        read_cards([])

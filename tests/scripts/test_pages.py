"""The pages of the degradations: built from the code, and found stale when the code moves on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from degrade_bench.clip import TimeMap
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.plan import Plan, Rendered
from tests.conftest import make_clip

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "degradations"

pytest.importorskip("matplotlib")
sys.path.insert(0, str(ROOT / "scripts"))

import build_pages  # noqa: E402
from pages import index, measure, note_changes, page, tempo  # noqa: E402


@pytest.fixture
def one_clip(monkeypatch):
    monkeypatch.setattr(measure, "builtin_sources", lambda: builtin_sources()[:1])


def test_committed_pages_are_as_the_code_has_it():
    assert index.problems(COMMITTED) == []


def test_a_page_is_built_and_checked(tmp_path, one_clip):
    threads = torch.get_num_threads()
    build_pages.build(["low_pass"], tmp_path, jobs=1)
    torch.set_num_threads(threads)
    text = (tmp_path / "low_pass.md").read_text()
    degradation = catalogue.get("low_pass")
    assert page.stated_facts(text) == page.facts(degradation)
    for level in degradation.ladder.levels:
        assert f"| {level} | {degradation.ladder.strength(level):g} Hz |" in text
    assert "falls strictly from level to level on every clip" in text
    assert "`low_pass_placebo`" in text
    assert "degrade-bench render low_pass --level 3" in text
    picture = tmp_path / "low_pass.png"
    assert picture.stat().st_size <= 90_000
    assert Image.open(picture).width == 1000
    assert not [line for line in index.problems(tmp_path) if "low_pass" in line]

    (tmp_path / "low_pass.md").write_text(text.replace('"version": "', '"version": "0.'))
    (tmp_path / "gone.md").write_text("# gone\n")
    picture.unlink()
    (tmp_path / "README.md").write_text("old")
    found = index.problems(tmp_path)
    assert "low_pass.md: states another version than the code" in found
    assert "low_pass.md: its picture is missing" in found
    assert "gone.md: no such degradation" in found
    assert "README.md: is not the index of what is registered" in found
    assert any(line.startswith("gain: has no page") for line in found)


def test_a_page_of_notes_shows_them_and_is_measured_on_pieces_played_from_their_notes(tmp_path, one_clip):
    threads = torch.get_num_threads()
    build_pages.build(["earlier_notes"], tmp_path, jobs=1)
    torch.set_num_threads(threads)
    text = (tmp_path / "earlier_notes.md").read_text()
    assert "on the clip of the built-in corpus, played from their notes" in text
    assert "| 3 | 8 ms | 8 / 8 / 8 |" in text
    assert "as high as it is played later there" in text
    assert "--level 3 IN.mid OUT.wav" in text
    assert Image.open(tmp_path / "earlier_notes.png").width == 1000
    shown = (tmp_path / "README.md").read_text().split("## Symbolic")[1]
    assert "[`earlier_notes`](earlier_notes.md)" in shown
    assert "[`gain`]" not in shown


def test_check_exits_1_where_pages_are_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build_pages.py", "--check", "--out", str(tmp_path)])
    assert build_pages.main() == 1
    assert "gain: has no page gain.md" in capsys.readouterr().out


def test_monotone_is_told_clip_by_clip():
    degradation = catalogue.get("white_noise")
    rows = [measure.Row("white_noise", "good", level, achieved=-level) for level in range(1, 6)]
    rows += [measure.Row("white_noise", "bad", level, achieved=-min(level, 4)) for level in range(1, 6)]
    assert page.not_monotone(degradation, rows) == ["bad"]


@pytest.mark.parametrize(("value", "text"), [(16021.3, "16021"), (0.5, "0.5"), (-0.0, "0"), (12.345678, "12.35")])
def test_numbers(value, text):
    assert page.number(value) == text


def rendered(params, time_map=None):
    clip = make_clip(4.0, 1000, 1)
    plan = Plan("x", "1", 1, 1.0, "%", clip.hash, clip.sample_rate, params=params, time_map=time_map)
    return clip, Rendered(clip, plan)


def test_tempo_from_a_time_map():
    _, output = rendered({}, TimeMap(((0.0, 0.0), (2.0, 1.0), (3.0, 3.0))))
    times, percent, shift = tempo.curves(output)
    assert times == pytest.approx([0, 1, 3, 4])
    assert percent[:3] == pytest.approx([200, 50, 50])
    assert shift == pytest.approx([0, -1, 0, 0.5])


def of_notes(name, level):
    degradation = catalogue.get(name)
    clip = next(one for one in measure.corpus(True) if one.id == "rock_band").load()
    return clip, measure.rendered(degradation, clip, level)


def test_notes_that_move_are_paired_and_players_that_change_are_named():
    clip, output = of_notes("earlier_notes", 3)
    found = note_changes.pairs(note_changes.notes_of(clip), output)
    assert [new.onset for _, new in found] == pytest.approx([max(0, old.onset - 0.008) for old, _ in found])
    clip, output = of_notes("missing_notes", 3)
    assert note_changes.pairs(note_changes.notes_of(clip), output) is None
    clip, output = of_notes("other_instruments", 1)
    clean = note_changes.notes_of(clip)
    assert f"bass guitar {clean.parts[1].program + 1} → " in note_changes.players_of(clean, output)
    assert "drums" not in note_changes.players_of(clean, output)

"""The table of MIDI files that were tried."""

from __future__ import annotations

import sys
from pathlib import Path

from degrade_bench.corpus.builtin_notes import builtin_notes

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import try_midi


def test_files_stand_beside_an_independent_count_and_refused_ones_with_the_reason(tmp_path, capsys):
    piece = builtin_notes()[3].file.path
    (tmp_path / "piece.mid").write_bytes(piece.read_bytes())
    (tmp_path / "broken.mid").write_bytes(b"")
    assert try_midi.main([str(tmp_path), "--play", "1"]) == 0
    out = capsys.readouterr().out.splitlines()
    broken, whole = (next(line for line in out if name in line) for name in ("broken.mid", "piece.mid"))
    assert "refused: the file is empty" in broken
    notes, counted = (cell.strip().replace(",", "") for cell in whole.split("|")[2:4])
    assert notes == counted
    assert "differs" not in whole
    assert out[-1] == "2 files: 1 refused, 0 unlike the independent count."


def test_a_folder_without_midi_files(tmp_path, capsys):
    assert try_midi.main([str(tmp_path)]) == 2
    assert "no MIDI files in" in capsys.readouterr().err

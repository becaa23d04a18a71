"""Notes played: in tune, in time, as loud as they are struck, and the same bits in every process."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.clip.notes.rendering import BUILT_IN, played, voices_of
from degrade_bench.clip.notes.soundfont import FAMILY, SoundFont, chunks_of
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.errors import AudioError

RATE = 44100
FLUTE, PIANO, STRINGS = 73, 0, 48


def one(program: int, seconds: float = 3.0, drums: bool = False, **changes: float) -> np.ndarray:
    note = Note(0.5, 1.5, 69, 100, 0)._replace(**changes)
    return played(Notes((note,), (Part("p", program, drums),)), seconds).numpy()


def cents_off(samples: np.ndarray, pitch: int) -> float:
    """How far from its pitch a tone is, by the sum of its harmonics' magnitudes."""
    heard = samples.sum(0)[round(0.8 * RATE) :][: RATE // 2]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 1 << 19))
    cents = np.arange(-300, 301, 2)
    base = 440 * 2 ** ((pitch - 69 + cents / 100) / 12) * (1 << 19) / RATE
    sums = sum(np.sqrt(spectrum[np.round(base * k).astype(int)]) for k in range(1, 7))
    return float(cents[int(np.argmax(sums))])


@pytest.mark.parametrize("program", [PIANO, FLUTE, 11, 33, 56, 71, 80])
@pytest.mark.parametrize("pitch", [60, 72])
def test_instruments_are_in_tune(program, pitch):
    assert abs(cents_off(one(program, pitch=pitch), pitch)) <= 12


def test_a_note_begins_where_it_is_written_and_ends_where_it_is_let_go():
    samples = np.abs(one(FLUTE)).max(0)
    assert samples[: round(0.5 * RATE)].max() == 0
    first = np.argmax(samples > 0.02 * samples.max()) / RATE
    assert first == pytest.approx(0.5, abs=0.02)
    assert samples[round(1.9 * RATE) : round(1.99 * RATE)].max() > 20 * samples[round(2.8 * RATE) :].max()


def test_velocity_is_loudness_by_forty_decibels_a_factor_of_ten():
    """Within one layer of velocities, where the sample is the same."""
    loud, soft = (one(FLUTE, velocity=velocity) for velocity in (100, 50))
    assert np.abs(loud).max() / np.abs(soft).max() == pytest.approx(4.0, rel=1e-3)


def test_panning_and_volume():
    note = (Note(0.1, 0.5, 60, 100, 0),)
    left, right = (played(Notes(note, (Part("p", PIANO, pan=pan),)), 1.5).numpy() for pan in (0, 127))
    assert np.abs(left[0]).max() > 8 * np.abs(left[1]).max()
    assert np.abs(right[1]).max() > 8 * np.abs(right[0]).max()
    half = played(Notes(note, (Part("p", PIANO, pan=0, volume=50),)), 1.5).numpy()
    assert half * 4 == pytest.approx(left, abs=1e-6)


def test_notes_add_up_whatever_their_order():
    notes = [Note(0.1 * k, 0.4, 60 + k, 90, 0) for k in range(6)]
    parts = (Part("p", STRINGS),)
    together = played(Notes(tuple(notes), parts), 2.0)
    assert np.array_equal(together, played(Notes(tuple(notes[::-1]), parts), 2.0))
    alone = sum(played(Notes((note,), parts), 2.0) for note in notes)
    assert together.numpy() == pytest.approx(alone.numpy(), abs=1e-6)


def test_a_held_note_goes_on_in_its_loop():
    samples = np.abs(one(STRINGS, seconds=9.0, length=8.0)).max(0)
    assert samples[7 * RATE : 8 * RATE].max() > 0.3 * samples.max()


def test_the_same_bits_in_another_process_whatever_was_played_before():
    code = """
import hashlib
from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.clip.notes.rendering import played
notes = Notes((Note(0.1, 2.0, 70, 90, 0), Note(0.4, 0.3, 63, 50, 1), Note(0.5, 0.2, 38, 70, 2)),
              (Part("flute", 73), Part("strings", 48, pan=20), Part("drums", 0, True)))
print(hashlib.sha256(played(notes, 3.0).numpy().tobytes()).hexdigest())
"""
    names: dict[str, object] = {}
    one(FLUTE, pitch=70, length=0.1)
    one(STRINGS, pitch=63, length=2.0)
    exec(code.replace("print(", "digest = ("), names)
    here = names["digest"]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == here


def test_every_built_in_note_is_heard():
    font = voices_of(None).font
    for source in builtin_notes():
        from degrade_bench.clip.notes.midi import read_midi

        notes = read_midi(source.file.path).notes
        programs = [font.nearest(part.program, part.drums) for part in notes.parts]
        for note in notes.notes:
            part = notes.parts[note.part]
            assert font.playing(programs[note.part], part.drums, note.pitch, note.velocity), (source.id, note)


def test_a_program_that_is_not_there_is_played_by_its_family():
    font = voices_of(None).font
    assert font.nearest(30, False) // FAMILY == 30 // FAMILY
    assert font.nearest(FLUTE, False) == FLUTE
    assert font.nearest(127, False) in font.programs(False)
    assert font.nearest(99, True) in font.programs(True)


def test_what_is_shipped_is_small_and_has_its_licence():
    assert BUILT_IN.stat().st_size <= 10_000_000
    assert "Permission is hereby granted" in (BUILT_IN.parent / "LICENSE").read_text(encoding="utf-8")


def as_sf2() -> bytes:
    """The flute of the built-in sound font with 16-bit samples, which need no decoding."""
    font = voices_of(None).font
    chunks = dict(font.chunks)
    headers, data = font.tables[b"shdr"].copy(), []
    place = 0
    for row, header in enumerate(headers[:-1]):
        if row not in {zone.sample for zone in font.zones(FLUTE, False)}:
            continue
        decoded = np.round(font.sample(row) * 32768).clip(-32768, 32767).astype("<i2")
        header["start"], header["end"] = place, place + len(decoded)
        header["loop_start"] += place
        header["loop_end"] += place
        header["type"] = 1
        data.append(decoded.tobytes())
        place += len(decoded)
    chunks[b"smpl"], chunks[b"shdr"] = b"".join(data), headers.tobytes()

    def written(name: bytes, body: bytes) -> bytes:
        return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)

    tables = b"".join(written(name, chunks[name]) for name in chunks if name not in (b"smpl", b"ICMT", b"ICOP"))
    return written(b"RIFF", b"sfbk" + written(b"LIST", b"sdta" + written(b"smpl", chunks[b"smpl"])) + tables)


def test_sixteen_bit_sound_fonts_sound_the_same(tmp_path):
    (tmp_path / "flute.sf2").write_bytes(as_sf2())
    notes = (Note(0.1, 1.0, 70, 90, 0),)
    parts = (Part("p", FLUTE),)
    ours, theirs = (played(Notes(notes, parts, font), 1.5).numpy() for font in (None, tmp_path / "flute.sf2"))
    assert theirs == pytest.approx(ours, abs=1e-4)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0sfbk", b"MThd" * 20, bytes(range(256)) * 8])
def test_what_is_no_sound_font_is_refused_in_one_line(content, tmp_path):
    (tmp_path / "a.sf2").write_bytes(content)
    with pytest.raises(AudioError, match="not SF2 or SF3"):
        SoundFont(tmp_path / "a.sf2")
    with pytest.raises(AudioError, match="No such file"):
        SoundFont(tmp_path / "absent.sf2")
    with pytest.raises(ValueError, match="no RIFF"):
        chunks_of(content[:4])

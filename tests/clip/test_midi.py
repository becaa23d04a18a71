"""MIDI files of several kinds: what is read of them, and one line where they cannot be used."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from degrade_bench.clip.notes.midi import LEAD_IN_SECONDS, read_midi
from degrade_bench.clip.notes.midi_writing import write_midi
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.errors import AudioError, CorpusError

TEMPO = b"\x00\xff\x51\x03\x07\xa1\x20"  # 120 beats a minute
END = b"\x00\xff\x2f\x00"
A, B = b"\x00\x90\x3c\x40\x60\x80\x3c\x40", b"\x00\x90\x40\x40\x60\x80\x40\x40"


def chunk(body: bytes, size: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(body) if size is None else size) + body


def midi(*tracks: bytes, form: int = 0, division: int = 96) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, form, len(tracks), division) + b"".join(tracks)


def far(ticks: int) -> bytes:
    """A variable-length quantity."""
    out = [ticks & 0x7F]
    while ticks := ticks >> 7:
        out.append(ticks & 0x7F | 0x80)
    return bytes(reversed(out))


READ = {
    "format 0": (midi(chunk(TEMPO + A + B + END)), 2),
    "format 1": (midi(chunk(TEMPO + END), chunk(A + B + END), form=1), 2),
    "running status": (midi(chunk(TEMPO + b"\x00\x90\x3c\x40\x60\x3c\x00\x00\x40\x40\x60\x40\x00" + END)), 2),
    "no end of track": (midi(chunk(TEMPO + A + B)), 2),
    "a note that is never let go": (midi(chunk(TEMPO + A + b"\x00\x90\x40\x40" + b"\x60" + END[1:])), 2),
    "200 notes at once": (
        midi(
            chunk(
                TEMPO + b"\x00\xc0\x00" + b"".join(b"\x00\x90" + bytes((k % 88 + 21, 64)) for k in range(200)) + END
            )
        ),
        200,
    ),
    "system exclusive and a bend": (midi(chunk(TEMPO + b"\x00\xf0\x03\x01\x02\xf7\x00\xe0\x00\x50" + A + END)), 1),
    "an unknown chunk before": (midi(chunk(TEMPO + A + END)).replace(b"MTrk", b"XFIH\0\0\0\0MTrk", 1), 1),
    "30 minutes": (midi(chunk(TEMPO + A + far(2 * 1800 * 96) + B[1:] + END)), 2),
    "a data byte over 127": (midi(chunk(TEMPO + b"\x00\x90\x3c\xff\x60\x80\x3c\x40" + END)), 1),
}


@pytest.mark.parametrize("kind", READ)
def test_odd_files_are_read(kind, tmp_path):
    content, count = READ[kind]
    (tmp_path / "a.mid").write_bytes(content)
    piece = read_midi(tmp_path / "a.mid")
    assert len(piece.notes.notes) == count
    assert all(note.length > 0 for note in piece.notes.notes)
    assert len(piece.annotations.downbeats) >= 2
    assert piece.notes.notes[0].onset == pytest.approx(LEAD_IN_SECONDS)


REFUSED = {
    "the file is empty": b"",
    "does not begin with MThd": b"ID3 something else",
    "cannot be read as a standard MIDI file": midi(chunk(TEMPO + A, size=4000)),
    "holds no notes": midi(chunk(TEMPO + END)),
    "holds drums alone": midi(chunk(TEMPO + b"\x00\x99\x24\x40\x60\x89\x24\x40" + END)),
    "says no tempo": midi(chunk(A + B + END)),
    "goes on for 2.8 hours": midi(chunk(TEMPO + A + far(2 * 10_000 * 96) + B[1:] + END)),
    "of format 2": midi(chunk(TEMPO + A + END), form=2),
    "frames of video": midi(chunk(TEMPO + A + END), division=0xE728),
    "cannot be read as": b"MThd" + bytes(range(200)),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_line(reason, tmp_path):
    (tmp_path / "a.mid").write_bytes(REFUSED[reason])
    with pytest.raises(AudioError, match=reason) as error:
        read_midi(tmp_path / "a.mid")
    assert "\n" not in str(error.value)


def test_tempo_changes_metre_and_pedal(tmp_path):
    """5/8 at 120 quarters a minute for a bar, then at 60; the pedal holds the first note to the second bar."""
    slow = b"\xff\x51\x03\x0f\x42\x40"
    body = TEMPO + b"\x00\xff\x58\x04\x05\x03\x18\x08" + b"\x00\xff\x59\x02\xfd\x01" + b"\x00\xb0\x40\x7f" + A
    body += far(240 - 96) + slow + b"\x00\xb0\x40\x00" + far(240) + b"\x90\x40\x40\x60\x80\x40\x40" + END
    (tmp_path / "a.mid").write_bytes(midi(chunk(body)))
    piece = read_midi(tmp_path / "a.mid")
    first, second = piece.notes.notes
    assert first.length == pytest.approx(1.25)
    assert second.onset == pytest.approx(LEAD_IN_SECONDS + 1.25 + 2.5)
    assert np.diff(piece.annotations.downbeats) == pytest.approx([1.25, 2.5])
    assert np.diff(piece.annotations.beats)[:5] == pytest.approx(0.25)
    assert (piece.annotations.time_signature, piece.annotations.key) == ("5/8", "C minor")


def test_a_pickup_is_not_the_metre(tmp_path):
    metre = b"\xff\x58\x04%c\x02\x18\x08"
    body = TEMPO + b"\x00" + metre % 1 + A + b"\x00" + metre % 3 + 4 * A + END
    (tmp_path / "a.mid").write_bytes(midi(chunk(body)))
    known = read_midi(tmp_path / "a.mid").annotations
    assert known.time_signature == "3/4"
    assert np.diff(known.downbeats)[:2] == pytest.approx([0.5, 1.5])


def test_a_track_may_set_up_the_channels_of_others(tmp_path):
    """Flute, soft and on the left, says the first track; a program of the playing track's own comes after it."""
    setup = TEMPO + b"\x00\xc0\x49\x00\xb0\x07\x40\x00\xb0\x0a\x00\x00\xc1\x28" + END
    own = b"\x00\x91\x3c\x40\x60\x81\x3c\x40"
    (tmp_path / "a.mid").write_bytes(midi(chunk(setup), chunk(A + END), chunk(b"\x00\xc1\x47" + own + END), form=1))
    flute, clarinet = read_midi(tmp_path / "a.mid").notes.parts
    assert (flute.program, flute.volume, flute.pan) == (73, 64, 0)
    assert (clarinet.program, clarinet.volume) == (71, 100)


def test_built_in_pieces_say_what_their_recordings_say_and_are_written_as_they_are_read(tmp_path):
    """Times are those of the recording less the latency of what rendered that."""
    for source, notes in zip(builtin_sources(), builtin_notes(), strict=True):
        piece = read_midi(notes.file.path)
        known, stored = piece.annotations, source.annotations
        assert np.subtract(stored.beats, known.beats) == pytest.approx(0.0051, abs=1e-4)
        assert np.subtract(stored.downbeats, known.downbeats) == pytest.approx(0.0051, abs=1e-4)
        for name in ("chords", "sections"):
            assert [label for _, label in getattr(known, name)] == [label for _, label in getattr(stored, name)]
        assert (known.key, known.time_signature) == (stored.key, stored.time_signature)
        assert known.tempo_bpm == pytest.approx(stored.tempo_bpm, rel=1e-3)
    write_midi(tmp_path / "again.mid", piece)
    again = read_midi(tmp_path / "again.mid")
    assert again.notes.parts == piece.notes.parts
    assert np.array(again.notes.notes) == pytest.approx(np.array(piece.notes.notes), abs=2e-4)


def test_midi_files_are_found_beside_audio_cut_and_named_where_they_are_broken(tmp_path):
    piece = read_midi(builtin_notes()[1].file.path)
    write_midi(tmp_path / "piece.mid", piece)
    write_midi(tmp_path / "again.MIDI", piece)
    (tmp_path / "broken.mid").write_bytes(b"")
    sources, _ = sources_from([tmp_path])
    assert [source.id for source in sources] == ["broken", "again", "piece"] or len(sources) >= 2
    with pytest.raises(AudioError, match="the file is empty"):
        next(source for source in sources if source.id == "broken").load()
    whole = next(source for source in sources if source.id in ("piece", "again"))
    assert whole.seconds_hint == pytest.approx(piece.seconds, abs=0.01)
    part = type(whole)("part", path=whole.path, start=4.0, duration=5.0).load()
    assert part.duration == 5.0
    inside = [note for note in piece.notes.notes if 4.0 <= note.onset < 9.0]
    assert [note.pitch for note in part.notes.notes] == [note.pitch for note in inside]
    assert part.annotations.beats == pytest.approx(
        [b - 4 for b in piece.annotations.beats if 4 <= b <= 9], abs=1e-3
    )
    (tmp_path / "long.mid").write_bytes(READ["30 minutes"][0])
    with pytest.raises(
        AudioError, match=r"too long: 30[.]0 minutes, at most 13 are played at once; give --max-seconds"
    ):
        type(whole)("long", path=tmp_path / "long.mid").load()
    assert type(whole)("long", path=tmp_path / "long.mid", start=0.0, duration=2.0).load().duration == 2.0
    with pytest.raises(CorpusError, match="no such file"):
        sources_from([tmp_path / "absent.mid"])

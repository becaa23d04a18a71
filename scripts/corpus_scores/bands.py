"""Bands, written for this corpus, all of them with stems: rock, jazz, funk, electronic."""

from __future__ import annotations

from corpus_scores.score import (
    Note,
    Part,
    Score,
    Voicer,
    chord_hits,
    chord_steps,
    grid,
    line,
    pitch,
    shift,
    swing,
)

KICK, SNARE, CLAP, CLOSED, PEDAL, OPEN, CRASH, RIDE = 36, 38, 39, 42, 44, 46, 49, 51
TOM_HIGH, TOM_MID, TOM_LOW, SHAKER = 50, 47, 43, 70


def rock_band() -> Score:
    """A minor-key riff and its chorus, eighths throughout, fills before the joins."""
    chords = "Em | C | Em | D | Am | C | Em | B"
    drums = grid(
        "x...x...x.x.....|x..x..x.x.x.....|x...x...x.x.....|x..x..x.x..x...."
        "|x.x...x.x.x..x..|x.x...x.x.x.....|x.x...x.x.x..x..|x.x...x.x...x.x.|X",
        KICK,
        velocity=100,
    )
    drums += grid(
        "....X.......X...|....X.......X..o|....X.......X...|....X.......X.xx"
        "|....X.......X...|....X..o....X...|....X.......X...|....X...x.x.xxxX|",
        SNARE,
        velocity=98,
    )
    drums += grid("X.x.X.x.X.x.X.x." * 3 + "X.x.X.x.X.......", CLOSED, velocity=72)
    drums += grid("X.x.X.x.X.x.X.x." * 3 + "X.x.X.x.", RIDE, start=16, velocity=74)
    drums += grid("....x...........", OPEN, start=10, velocity=70) + grid("..........xx....", TOM_MID, 12)
    drums += [Note(beat, 1, CRASH, 96) for beat in (0, 16, 24, 32)]
    bass = chord_steps(chords, 4, "11111181|111111 5l", pitch("D1") + 2, 0.5, 98)
    bass.append(Note(32, 1.6, pitch("E1"), 104))
    power = [
        Note(hit.start, 0.42 if hit.start < 16 else 0.48, hit.pitch + step, hit.velocity)
        for hit in chord_steps(chords, 4, "1.11.11.|1.11.111", pitch("E2"), 0.5, 86)
        for step in (0, 7, 12)
    ]
    power += [Note(32, 1.6, pitch("E2") + step, 96) for step in (0, 7, 12)]
    open_chords = chord_hits(chords, 4, "X..x..x.", Voicer(pitch("B3"), pitch("B4")), 0.5, 76, 1.2)
    lead = line(
        """E5:1.5! G5:.5 F#5 E5 D5 B4 | C5:1.5 E5:.5 G5:1 E5 | E5:1.5! B4:.5 G4 A4 B4 E5 | A4:3 R:1
        | A5:1! G5:.5 E5 C5:1 E5 | G5:1.5 E5:.5 C5:1 E5:.5 G5 | G5:1! B5 G5:.5 F#5 E5 G5
        | D#5:1 F#5 B5:1.5! A5:.5 | E5+B5:1.6!""",
        velocity=90,
    )
    return Score(
        id="rock_band",
        title="Riff and chorus",
        style="rock",
        origin="original",
        key="E minor",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=140,
        chords=chords,
        sections=((0, "verse"), (4, "chorus")),
        parts=(
            Part("drums", "drums", 0, tuple(drums), drums=True, volume=112, reverb=20),
            Part("bass guitar", "bass", 34, tuple(bass), volume=104, reverb=0),
            Part("rhythm guitar", "harmony", 30, tuple(power), pan=44, volume=72, reverb=20),
            Part("second guitar", "harmony", 29, tuple(open_chords), pan=84, volume=66, reverb=20),
            Part("lead guitar", "melody", 29, tuple(lead), volume=92, reverb=30),
        ),
        lufs=-18,
        with_stems=True,
        tail_seconds=0.7,
        final_chord="Em",
    )


def jazz_trio() -> Score:
    """Twelve bars of blues in F, swung: walking bass, ride, left-hand comping, right-hand lines."""
    chords = "F7 | Bb7 | F7 | F7 | Bb7 | Bdim7 | F7 | Am7b5 D7 | Gm7 | C7 | F7 D7 | Gm7 C7"
    walking = line(
        """F2:1! A2 C3 Eb3 | Bb2! D3 F3 E3 | F3! Eb3 C3 A2 | C3! A2 F2 A2 | Bb2! D3 F3 Ab3 | B2! D3 F3 Ab3
        | C3! A2 F2 G2 | A2! C3 D3! F#2 | G2! Bb2 D3 F3 | E3! C3 Bb2 G2 | F2! A2 D3! F#2 | G2! D3 C3! E3
        | F2:1.2!""",
        velocity=84,
    )
    left = chord_hits(
        chords,
        4,
        "x..x....|...x..x.|x.....x.|x..x...x",
        Voicer(pitch("C3") + 1, pitch("Bb4")),
        0.5,
        62,
        0.7,
    )
    right = line(
        """A4:.5 C5 D5! F5 Eb5:1 C5 | D5:.5! Bb4 Ab4 F4 D5:1 R | C5:.5 A4_ G#4 A4 C5:1! F5:.5 Eb5
        | Eb5:.5 D5 C5_ B4 C5:1 R | Bb4:.5 D5 F5 Ab5 G5:1! F5 | Ab5:.5! F5 D5 B4 Ab4:1 R
        | A4:.5 C5 F5 G5 A5:1! F5:.5 Eb5 | G5:.5 Eb5 C5 A4_ F#4 A4 C5 Eb5 | D5:.5! Bb4 A4_ Bb4 D5 F5 D5 Bb4
        | E5:.5! C5 Bb4 G4_ E4 G4 Bb4 Db5 | C5:1! A4:.5 F4 F#4_ A4 C5 D5 | Bb4:.5 D5 C5 E5 F5:1! R
        | A4+Eb5+G5:1.2""",
        velocity=84,
    )
    drums = grid("x.xxx.xx|" * 12 + "X", RIDE, step=0.5, velocity=80)
    drums += grid("..x...x.|" * 12, PEDAL, step=0.5, velocity=74)
    drums += grid("x.x.x.x.|" * 12 + "X", KICK, step=0.5, velocity=42)
    drums += grid(
        "......o.|...o....|.o......|...x.x.X|....o..o|...o....|.....o..|..x.xx.X|.......o|...o...o|..x..x..|x.xx.xxX",
        SNARE,
        step=0.5,
        velocity=74,
    )
    drums += [*grid("......xx", TOM_MID, start=28, step=0.5, velocity=70), Note(48, 1, CRASH, 70)]
    return Score(
        id="jazz_trio",
        title="Blues in F",
        style="jazz",
        origin="original",
        key="F major",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=192,
        chords=chords,
        sections=((0, "call"), (4, "second call"), (8, "answer")),
        parts=(
            Part("drums", "drums", 32, tuple(swing(drums)), drums=True, volume=127, reverb=24),
            Part("double bass", "bass", 32, tuple(walking), volume=86, reverb=0),
            Part("piano, left hand", "harmony", 0, tuple(swing(left)), pan=54, volume=104, reverb=24),
            Part("piano, right hand", "melody", 0, tuple(swing(right)), pan=72, volume=120, reverb=24),
        ),
        lufs=-19,
        with_stems=True,
        tail_seconds=0.7,
        final_chord="F7",
    )


def funk_band() -> Score:
    """A Dorian groove in sixteenths with a turn-around: slap bass, clavinet, muted guitar, horns."""
    chords = "Dm9 | Dm9 | G9 | G9 | Dm9 | Dm9 | Bbmaj9 | A7"
    drums = grid(
        "X..x..x...x..x..|X.x....x..x.....|X..x..x...x..x..|X.x....x..x..x.."
        "|X..x..x...x..x..|X.x....x..x.....|X.....x..x....x.|X..x..x.x.......|X",
        KICK,
        velocity=98,
    )
    drums += grid(
        "....X..o.o..X..o|....X..o.o..X.oo|....X..o.o..X..o|....X..o.o..X.xx"
        "|....X..o.o..X..o|....X..o.oo.X..o|....X..o.o..X..o|....X.o.....xxxX|",
        SNARE,
        velocity=94,
    )
    drums += grid("x.xxx.x.x.xxx.x.|x.xxx.x.x.xxx..." * 4, CLOSED, velocity=70)
    drums += grid("..............x.", OPEN, start=4, velocity=76) + grid("..............x.", OPEN, 20, velocity=76)
    drums += grid("........xx......", TOM_HIGH, start=28) + grid("..........xx....", TOM_LOW, start=28)
    drums += [Note(beat, 1, CRASH, 84) for beat in (0, 16, 32)]
    bass = chord_steps(
        chords,
        4,
        "1..8..1...7.8..5|1.1..8...5.7.8.l|1..8..1...5.7..8|1.8..1..5.5.7.l.",
        pitch("E1") + 5,
        0.25,
        100,
    )
    bass.append(Note(32, 0.8, pitch("D2"), 108))
    clav = chord_hits(
        chords, 4, "x..xo.x..xo..x.o|..xo.x..x.oxx..o", Voicer(pitch("A3"), pitch("B4")), 0.25, 78, 0.18
    )
    guitar = chord_hits(chords, 4, "oo.xoo.xoooxoo.x", Voicer(pitch("D4"), pitch("F5")), 0.25, 70, 0.15)
    horns = line(
        """R:4 | R:2.5 A4+C5+F5:.5 A4+C5+F5:.25! R:.75 | B4+D5+F5:1.5! A4+C5+E5:.25 B4+D5+F5 R:2
        | R:1 D5:.25 F5 G5:.5! A5 G5 F5 D5 | F5:.5! D5:.25 C5 A4:.5 C5:.25 D5:2.25
        | R:1 F5:.25 G5 A5:.5! C6:.5 A5 G5 F5 | D5+F5+A5:1.5! C5+E5+G5:.5 D5+F5+A5:2
        | C#5+E5+G5:.25! R:.75 E5:.25 G5 A5:.5! G5:.25 E5 C#5:.5 A4:1 | D5+F5+A5:.8!""",
        velocity=90,
    )
    return Score(
        id="funk_band",
        title="Sixteenths",
        style="funk",
        origin="original",
        key="D minor",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=120,
        chords=chords,
        sections=((0, "A"), (4, "A'"), (6, "turn-around")),
        parts=(
            Part("drums", "drums", 16, tuple(drums), drums=True, volume=92, reverb=10),
            Part("slap bass", "bass", 37, tuple(bass), volume=108, reverb=0),
            Part("clavinet", "harmony", 7, tuple(clav), pan=48, volume=108, reverb=10),
            Part("muted guitar", "harmony", 28, tuple(guitar), pan=84, volume=104, reverb=10),
            Part("horns", "melody", 61, tuple(horns), pan=60, volume=84, reverb=24),
        ),
        lufs=-18,
        with_stems=True,
        tail_seconds=0.6,
        final_chord="Dm9",
    )


def electronic() -> Score:
    """Four on the floor: a breakdown with a roll, then the drop."""
    chords = "Fm | Db | Ab | Eb | Fm | Db | Ab | Bbm C"
    drums = grid("X...X...X...X..." * 3 + "X...X..." + "." * 8 + "X...X...X...X..." * 4 + "X", KICK, velocity=104)
    drums += grid("....x.......x..." * 2, CLAP, velocity=84) + grid("....X.......X..." * 4, CLAP, 16, velocity=90)
    drums += grid("x.x.x.x.x.xxxxxx", SNARE, start=12, velocity=80) + grid("xxxx", SNARE, start=31, velocity=76)
    drums += grid("..x...x...x...x." * 2, CLOSED, 0, velocity=82)
    drums += grid("..X...X...X...X." * 4, OPEN, 16, velocity=72) + grid("xoxx" * 16, SHAKER, 16, velocity=76)
    drums += [Note(beat, 2, CRASH, 92) for beat in (16, 32)]
    held = chord_steps(" | ".join(chords.split("|")[:4]), 4, "1-1-", pitch("F1"), 1.0, 84)
    pumped = chord_steps(" | ".join(chords.split("|")[4:]), 4, "..1...1...18..11", pitch("F1"), 0.25, 104, hold=1.6)
    bass = held + shift(pumped, beats=16) + [Note(32, 0.8, pitch("F1"), 108)]
    saws = chord_hits(
        chords,
        4,
        4 * "x..x..x.........|" + 4 * "..x...x...x..xx.|",
        Voicer(pitch("C4"), pitch("C5") + 3),
        0.25,
        80,
        0.4,
    )
    pad = chord_hits(chords, 4, "x...", Voicer(pitch("F3"), pitch("Eb4") + 2), 1.0, 60, 3.9)
    tune = line(
        """F5:.75 C5 Ab4:.5 C5:.75 F5 Eb5:.5 | F5:.75 Db5 Ab4:.5 Db5:.75 F5 Ab5:.5
        | Ab5:.75! Eb5 C5:.5 Eb5:.75 Ab5 G5:.5 | G5:.75! Eb5 Bb4:.5 G4:.25 Bb4 Eb5 G5 Bb5 G5 Bb5 Eb6
        | F5:.5! C6:.25 Ab5 F5:.5 C5:.25 F5 Ab5:.5 F5:.25 G5 Ab5:.5 C6 | Db6:.5! Ab5:.25 F5 Db5:.5 F5 Ab5:1 F5
        | Eb6:.5! C6:.25 Ab5 Eb5:.5 Ab5 C6:.75 Bb5 Ab5:.5 | Bb5:.5 F5 Db5:.25 F5 Bb5:.5 G5 E5 C5:.25 E5 G5 C6
        | F5:.8!""",
        velocity=86,
        hold=0.8,
    )
    return Score(
        id="electronic",
        title="Break and drop",
        style="electronic",
        origin="original",
        key="F minor",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=128,
        chords=chords,
        sections=((0, "break"), (4, "drop")),
        parts=(
            Part("drum machine", "drums", 25, tuple(drums), drums=True, volume=70, reverb=10, jitter_ms=1.0),
            Part("synth bass", "bass", 38, tuple(bass), volume=120, reverb=0, jitter_ms=1.0),
            Part("saws", "harmony", 81, tuple(saws), pan=52, volume=116, reverb=30, jitter_ms=1.0),
            Part("pad", "harmony", 89, tuple(pad), pan=76, volume=120, reverb=30, jitter_ms=1.0),
            Part("lead", "melody", 80, tuple(tune), volume=112, reverb=40, jitter_ms=1.0),
        ),
        lufs=-18,
        with_stems=True,
        tail_seconds=0.6,
        final_chord="Fm",
    )

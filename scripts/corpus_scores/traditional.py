"""Arrangements of music in the public domain: Strauss, a jig, Pachelbel, Old Hundredth."""

from __future__ import annotations

from corpus_scores.score import Note, Part, Score, Voicer, chord_hits, chord_steps, grid, line, pitch, shift


def waltz() -> Score:
    """Johann Strauss II, An der schönen blauen Donau (1866), first waltz theme."""
    chords = "D | D | D | D | D | D | A7/E | A7 | A7 | A7/E | A7/C# | A7 | A7 | A7/E | D | D"
    theme = line(
        """D4:1 F#4 A4 | A4:2.5 R:.5 | R:3 | R:2 D4:1 | D4 F#4 A4 | A4:2.5 R:.5 | R:3 | R:2 C#4:1
        | C#4 E4 B4 | B4:2.5 R:.5 | R:3 | R:2 C#4:1 | C#4 E4 B4 | B4:2.5 R:.5 | R:3 | R:2 D4:1_""",
        velocity=90,
    )
    echo = line(
        """R:3 | R:1 A5 A5 | R F#5 F#5 | R:3 | R:3 | R:1 A5 A5 | R G5 G5 | R:3
        | R:3 | R:1 B5 B5 | R G5 G5 | R:3 | R:3 | R:1 B5 B5 | R F#5 F#5 | R:3""",
        velocity=78,
        hold=0.5,
    )
    pah = chord_hits(chords, 3, ".xx", Voicer(pitch("A3"), pitch("G4")), 1.0, 62, 0.45)
    low = chord_steps(chords, 3, "1..|5..|3..|5..", pitch("E2") - 2, 1.0, 92, hold=0.8)
    harp = [n for n in chord_steps(chords, 3, "135826", pitch("D3"), 0.5, 64) if (n.start // 3) % 4 == 0]
    return Score(
        id="waltz",
        title="An der schönen blauen Donau (excerpt)",
        style="waltz",
        origin="Johann Strauss II, 1866, public domain; arranged for this corpus",
        key="D major",
        time_signature="3/4",
        beats_per_bar=3,
        bpm=180,
        chords=chords,
        sections=((0, "A"), (8, "A'")),
        parts=(
            Part("horn", "melody", 60, tuple(theme), pan=60, volume=110, attack_ms=6),
            Part("cellos", "melody", 42, tuple(theme), pan=76, volume=90, attack_ms=9),
            Part("flute", "melody", 73, tuple(echo), pan=50, volume=100),
            Part("violins", "melody", 45, tuple(shift(echo, -12)), pan=40, volume=100),
            Part("accompaniment", "harmony", 48, tuple(pah), pan=48, volume=76, attack_ms=9),
            Part("second violins", "harmony", 45, tuple(pah), pan=30, volume=116),
            Part("harp", "harmony", 46, tuple(harp), pan=30, volume=92),
            Part("basses", "bass", 45, tuple(low), pan=84, volume=120),
        ),
        lufs=-20,
    )


def jig() -> Score:
    """The Irish Washerwoman, traditional: both strains, once each."""
    chords = "G | G | Am | D | G | G | C D | G | G | G/B | D | D/F# | Em Bm | C G/B | Am D | G"
    tune = """B4 G4 G4 D4 G4 G4 | B4 G4 B4 D5 C5 B4 | C5 A4 A4 E4 A4 A4 | C5 A4 C5 E5 D5 C5
        | B4 G4 G4 D4 G4 G4 | B4 G4 B4 D5 C5 B4 | C5 B4 C5 A4 D5 C5 | B4 G4 G4 G4:2 D5:1
        | G5! D5 G5 G5 D5 G5 | G5 D5 G5 B5 A5 G5 | F#5! D5 F#5 F#5 D5 F#5 | F#5 D5 F#5 A5 G5 F#5
        | E5 G5 G5 D5 G5 G5 | C5 G5 G5 B4 G5 G5 | C5 B4 C5 A4 D5 C5 | B4 G4 G4 G4:3"""
    melody = [
        Note(n.start, n.length, n.pitch, n.velocity + (14 if n.start % 1 < 0.01 else 0))
        for n in line(tune, velocity=78, unit=1 / 3, hold=0.85)
    ]
    strum = chord_hits(chords, 2, "X.xx.x", Voicer(pitch("D3"), pitch("B4")), 1 / 3, 66, 0.3)
    bass = chord_steps(chords, 2, "1.. 5..", pitch("E2") - 2, 1 / 3, 84, hold=2.4)
    drum = grid(7 * "X.oxoo" + "X.xxxx" + 7 * "XooxoX" + "X.xX..", 47, step=1 / 3, velocity=84)
    shaker = grid(8 * "......" + 8 * "xoxxox", 70, step=1 / 3, velocity=84)
    second = [n for n in melody if n.start >= 16]
    return Score(
        id="folk_jig",
        title="The Irish Washerwoman",
        style="folk",
        origin="traditional, public domain; arranged for this corpus",
        key="G major",
        time_signature="6/8",
        beats_per_bar=2,
        bpm=120,
        chords=chords,
        sections=((0, "A"), (8, "B")),
        parts=(
            Part("fiddle", "melody", 110, tuple(melody), pan=54),
            Part("tin whistle", "melody", 72, tuple(shift(second, 12, velocity=-8)), pan=80, volume=70),
            Part("guitar", "harmony", 25, tuple(strum), pan=40, volume=96),
            Part("bass", "bass", 32, tuple(bass), volume=104),
            Part("frame drum", "drums", 0, tuple(drum + shaker), drums=True, volume=96),
        ),
        lufs=-18,
        beat_unit="dotted quarter",
    )


def baroque_canon() -> Score:
    """Johann Pachelbel, Canon (about 1690), first variations, brought from D major to C major."""
    chords = " | ".join(["C G Am Em | F C F G"] * 4)
    subject = line(
        """F#5:1 E5 D5 C#5 B4 A4 B4 C#5 | D5 C#5 B4 A4 G4 F#4 G4 E4
        | D4:.5 F#4 A4 G4 F#4 D4 F#4 E4 D4 B3 D4 A4 G4 B4 A4 G4
        | F#4 D4 E4 C#5 D5 F#5 A5 A4 B4 G4 A4 F#4 D4 D5 D5 C#5""",
        velocity=86,
        hold=0.92,
    )
    voices = [[n for n in shift(subject, -2, beats=entry) if n.start < 32] for entry in (0, 8, 16)]
    low = chord_steps(chords, 4, "1", pitch("E2"), 1.0, 86, hold=0.9)
    right = chord_hits(chords, 4, "xx", Voicer(pitch("G3"), pitch("E5")), 1.0, 58, 0.8)
    right += [n for n in chord_steps(chords, 4, ".6", pitch("C3"), 0.5, 52) if n.start >= 16]
    return Score(
        id="baroque_canon",
        title="Canon (excerpt)",
        style="baroque",
        origin="Johann Pachelbel, about 1690, public domain; arranged for this corpus",
        key="C major",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=114,
        chords=chords,
        sections=((0, "one voice"), (2, "two voices"), (4, "three voices")),
        parts=(
            Part("violin 1", "melody", 40, tuple(voices[0]), pan=34, attack_ms=6),
            Part("violin 2", "melody", 40, tuple(voices[1]), pan=64, volume=92, attack_ms=6),
            Part("recorder", "melody", 74, tuple(voices[2]), pan=94, volume=86),
            Part("harpsichord", "harmony", 6, tuple(right), pan=54, volume=92),
            Part("cello", "bass", 42, tuple(low), pan=70, volume=104, attack_ms=6),
        ),
        lufs=-19,
    )


def choir() -> Score:
    """Old Hundredth, from the Genevan Psalter (1551), four voices and piano, harmonised for this corpus."""
    voices = {
        "soprano": """G4:1 G4 F#4 E4 D4 G4 A4 B4:.9 | R:.1 B4:1 B4 B4 A4 G4 C5 B4 A4:.9
            | R:.1 G4:1 A4 B4 A4 G4 E4 F#4 G4:.9 | R:.1 D5:1 B4 G4 A4 C5 B4 A4 G4""",
        "alto": """D4:1 D4 D4 B3 B3 E4 F#4 G4:.9 | R:.1 G4:1 G4 G4 F#4 E4 A4 G4 F#4:.9
            | R:.1 D4:1 F#4 G4 F#4 E4 C4 D4 D4:.9 | R:.1 G4:1 D4 E4 D4 E4 D4 C4 B3""",
        "tenor": """B3:1 B3 A3 G3 G3 B3 D4 D4:.9 | R:.1 D4:1 B3 D4 D4 B3 E4 D4 D4:.9
            | R:.1 B3:1 D4 D4 D4 B3 G3 A3 B3:.9 | R:.1 D4:1 G3 B3 A3 A3 G3 F#3 G3""",
        "bass": """G3:1 G2 D3 E3 B2 E3 D3 G2:.9 | R:.1 G3:1 E3 B2 D3 E3 C3 B2 D3:.9
            | R:.1 G3:1 D3 G3 D3 E3 C3 D3 G2:.9 | R:.1 G3:1 D3 E3 D3 C3 D3 D3 G2""",
    }
    chords = (
        "A A E F#m | A/C# F#m E A | A F#m A/C# E | F#m Bm/D A/C# E "
        "| A E A E | F#m D E A | A A/E F#m E | Bm/D A/E E7 A"
    )
    # written in G, sung in A
    sung = {
        name: shift(line(text, velocity=velocity, hold=0.86), 2)
        for (name, text), velocity in zip(voices.items(), (96, 84, 86, 92), strict=True)
    }
    piano = [n for part in sung.values() for n in shift(part, velocity=-2)]
    piano += shift(sung["bass"], -12, velocity=-6)
    # the second half is played fuller: the tune doubled above, passing quavers under it
    piano += [n for n in shift(sung["soprano"], 12, velocity=-12) if n.start >= 16]
    piano += [n for n in chord_steps(chords, 4, ".6", pitch("A2"), 0.5, 66) if n.start >= 16]
    pans = {"soprano": 44, "alto": 54, "tenor": 74, "bass": 84}
    return Score(
        id="choir",
        title="Old Hundredth",
        style="choir",
        origin="Genevan Psalter, 1551, public domain; harmonised for this corpus",
        key="A major",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=116,
        chords=chords,
        sections=((0, "line 1"), (2, "line 2"), (4, "line 3"), (6, "line 4")),
        parts=(
            *(
                Part(
                    name,
                    _stem_of(name),
                    52,
                    tuple(notes),
                    pan=pans[name],
                    volume=92,
                    reverb=64,
                    jitter_ms=4,
                    attack_ms=16,
                )
                for name, notes in sung.items()
            ),
            Part("piano", "harmony", 0, tuple(piano), volume=112, reverb=50),
        ),
        lufs=-19,
    )


def _stem_of(voice: str) -> str:
    """The stem that a voice of a choir belongs to."""
    return {"soprano": "melody", "bass": "bass"}.get(voice, "harmony")

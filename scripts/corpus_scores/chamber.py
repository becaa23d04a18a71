"""Chamber music, written for this corpus: a piano piece, a string quartet, a brass quintet."""

from __future__ import annotations

from corpus_scores.score import Note, Part, Score, Voicer, chord_hits, chord_steps, line, pitch, shift, swell


def piano_solo() -> Score:
    """A song without words, with rubato and a ritardando."""
    chords = "Eb | Cm | Ab | Bb7 | Eb/G Ab | Cm F7 | Fm7 Bb7 | Eb"
    melody = line(
        """G4:1.5 Ab4:.5 Bb4:1 Eb5 | D5:1.5 C5:.5 C5:1 G4 | Ab4:1 C5 Eb5:1.5 D5:.5 | D5:1 C5:.5 Bb4 Ab4:1 F4
        | G4+Eb5:1 Bb4+G5 C5+Eb5 Eb5+Ab5 | Eb5+G5:1.5! F5:.5 Eb5:1 A4+C5 | C5:1! Ab5 F5:.5 D5 Bb4:1
        | G4+Eb5:1.5 D5:.5_ Eb5:2_""",
        velocity=82,
    )
    left = chord_steps(chords, 4, "1526 8625", pitch("Eb2"), 0.5, 56, hold=1.6)
    shape = ((0.0, -6), (11.0, 4), (16.0, -2), (21.0, 14), (28.0, 0), (32.0, -16))
    rubato = [1.0 + 0.02 * (1 if beat % 4 == 3 else 0) for beat in range(32)]
    rubato[16:22] = [0.97] * 6
    rubato[26:] = [1.02, 1.03, 1.05, 1.07, 1.10, 1.12]
    return Score(
        id="piano_solo",
        title="Song without words",
        style="solo piano",
        origin="original",
        key="Eb major",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=116,
        chords=chords,
        sections=((0, "A"), (4, "B")),
        parts=(
            Part("right hand", "melody", 0, tuple(swell(melody, shape)), pan=70, jitter_ms=4),
            Part("left hand", "harmony", 0, tuple(swell(left, shape)), pan=58, jitter_ms=4),
        ),
        rubato=tuple(rubato),
        lufs=-20,
        tail_seconds=0.6,
    )


def string_quartet() -> Score:
    """An agitated minor period and its relative-major answer."""
    chords = "Gm | D7/F# | Gm | Cm D | Bb | F7/A | Gm Cm | D7 Gm"
    first = line(
        """D5:1! D5:.5 C5 Bb4:1 G4 | F#4:1 A4 C5:1.5! Bb4:.5 | Bb4:1 D5 G5:1.5! F5:.5 | Eb5:1 C5 D5:2
        | F5:1! F5:.5 Eb5 D5:1 Bb4 | A4:1 C5 Eb5:1.5! D5:.5 | D5:.5 Bb4 G4 Bb4 Eb5:1! C5
        | A4:.5 Bb4 C5 A4 G4:2!""",
        velocity=92,
        hold=0.88,
    )
    second = line(
        """Bb4:1! Bb4:.5 A4 G4:1 D4 | D4:1 F#4 A4:1.5 G4:.5 | G4:1 Bb4 D5:1.5 D5:.5 | G4:1 G4 F#4:2
        | D5:1! D5:.5 C5 Bb4:1 F4 | F4:1 A4 C5:1.5 Bb4:.5 | Bb4:.5 G4 D4 G4 G4:1 Eb4 | F#4:1 F#4 D4:2""",
        velocity=74,
        hold=0.86,
    )
    viola = [
        Note(n.start, 0.4, n.pitch, n.velocity + (12 if n.start % 1 == 0 else 0))
        for n in chord_steps(chords, 4, "35353535", pitch("C3"), 0.5, 70)
    ]
    bowed = chord_steps(chords, 4, "1.1.5.8.|1.5.1.3.", pitch("D2"), 0.5, 88, hold=1.6)
    plucked = chord_steps(chords, 4, "1.8.5.8.|1.5.8.5.", pitch("D2"), 0.5, 112)

    def first_half(notes: list[Note]) -> list[Note]:
        return [n for n in notes if n.start < 16]

    def second_half(notes: list[Note]) -> list[Note]:
        return [n for n in notes if n.start >= 16]

    return Score(
        id="string_quartet",
        title="Allegro agitato",
        style="string quartet",
        origin="original",
        key="G minor",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=132,
        chords=chords,
        sections=((0, "A"), (4, "B")),
        parts=(
            Part("violin 1", "melody", 40, tuple(first), pan=44, jitter_ms=4, attack_ms=13),
            Part("violin 2", "harmony", 40, tuple(second), pan=56, volume=88, jitter_ms=4, attack_ms=13),
            *(
                Part(
                    name,
                    "harmony",
                    program,
                    tuple(notes),
                    pan=74,
                    volume=volume,
                    jitter_ms=4,
                    attack_ms=attack,
                )
                for name, program, notes, volume, attack in (
                    ("viola", 41, first_half(viola), 96, 13),
                    ("viola pizzicato", 45, second_half(shift(viola, velocity=16)), 127, 0),
                )
            ),
            Part("cello pizzicato", "bass", 45, tuple(first_half(plucked)), pan=84, volume=127),
            Part("cello", "bass", 42, tuple(second_half(bowed)), pan=84, attack_ms=13),
        ),
        lufs=-19,
    )


def brass_quintet() -> Score:
    """A fanfare for two trumpets, horn, trombone and tuba, with timpani."""
    chords = "Bb F/A | Gm Eb | Bb F7 | Bb | Eb Bb/D | Cm F | Gm Eb | F7 Bb"
    trumpet = line(
        """Bb4:.75! Bb4:.25 D5:1 C5 A4 | Bb4:1 D5 Eb5:1.5! D5:.5 | D5:.75! D5:.25 F5:1 Eb5 C5
        | D5:1 F5:.5 D5 Bb4:2 | G5:1! Eb5 F5 D5 | Eb5:1! C5 A4:.5 C5 F5:1 | D5:1 G5:.5 D5 Eb5 G5 Bb5:1!
        | A5:1 C5 Bb4:2!""",
        velocity=96,
        hold=0.85,
    )
    fanfare, march = "x..xx.x.x.x.x...", "x...x...x.x.x..."
    inner = chord_hits(chords, 4, 4 * fanfare + 4 * march, Voicer(pitch("D3"), pitch("Bb4")), 0.25, 80, 0.5)
    by_start: dict[float, list[Note]] = {}
    for note in inner:
        by_start.setdefault(note.start, []).append(note)
    voices = [[sorted(c, key=lambda n: n.pitch)[i] for c in by_start.values()] for i in range(3)]
    tuba = chord_steps(chords, 4, "1-1-5-1-|1-1-1-5-", pitch("F1") + 5, 0.5, 92, hold=0.85)
    timpani = line("Bb2:1! R:2 F2:.5 F2 | R:4", velocity=84)
    timpani += shift(timpani, beats=8) + line("Bb2:.25 Bb2 Bb2 Bb2 Bb2:1! R:2 | R:3 F2:.5 F2", 16, 80)
    timpani += line("R:3 F2:.25 F2 F2 F2 | F2:1! F2:.5 F2 Bb2:2!", 24, 86)
    return Score(
        id="brass_quintet",
        title="Fanfare",
        style="brass",
        origin="original",
        key="Bb major",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=124,
        chords=chords,
        sections=((0, "A"), (4, "B")),
        parts=(
            Part("trumpet 1", "melody", 56, tuple(trumpet), pan=50),
            Part("trumpet 2", "harmony", 56, tuple(voices[2]), pan=40, volume=86),
            Part("horn", "harmony", 60, tuple(voices[1]), pan=72, volume=92),
            Part("trombone", "harmony", 57, tuple(voices[0]), pan=86, volume=92),
            Part("tuba", "bass", 58, tuple(tuba), pan=76, volume=108),
            Part("timpani", "drums", 47, tuple(timpani), pan=56, volume=110),
        ),
        lufs=-19,
    )

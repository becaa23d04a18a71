"""Pieces that live by their texture, written for this corpus: ambient, reggae, a minimal piece in five."""

from __future__ import annotations

from corpus_scores.score import Part, Score, Voicer, chord_hits, chord_steps, grid, line, pitch, shift


def ambient() -> Score:
    """Long pads, a harp that never repeats itself, a few notes of celesta and cello."""
    chords = "Emaj9 | Emaj9 | C#m9 | C#m9 | Amaj9 | Amaj9 | F#m9 | B13"
    pad = chord_hits(chords, 4, "x...|....", Voicer(pitch("E3"), pitch("D#5")), 1.0, 74, 7.8)
    pad += chord_hits("F#m9 | B13", 4, "x...", Voicer(pitch("E3"), pitch("D#5")), 1.0, 60, 3.9)
    pad = [n for n in pad if n.start >= 8] + chord_hits(
        "Emaj9 | Emaj9", 4, "x...|....", Voicer(pitch("E3"), pitch("D#5")), 1.0, 74, 7.8
    )
    low = chord_steps(chords, 4, "1---|--5-|1---|1---|1---|--5-|1---|1---", pitch("C2") + 1, 1.0, 78)
    harp = chord_steps(
        chords,
        4,
        "1.5.8.2.|6.2.9.6.|1.5.2.6.|9.6.2.8.|1.5.8.6.|7.2.6.9.|1.3.5.8.|1.5.2.9.",
        pitch("C3") + 1,
        0.5,
        76,
        hold=3.0,
    )
    celesta = line(
        """R:2 B5:1 G#5 | F#5:3 R:1 | R:1 E5 G#5 D#6 | C#6:2 R:2 | R:2 C#6:1 B5 | G#5:1.5 E5:.5 R:2
        | R:1 A5 C#6 E6 | D#6:1 B5:3""",
        velocity=72,
    )
    return Score(
        id="ambient",
        title="Slow light",
        style="ambient",
        origin="original",
        key="E major",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=116,
        chords=chords,
        sections=((0, "A"), (4, "B")),
        parts=(
            Part("pad", "harmony", 89, tuple(pad), volume=88, reverb=80),
            Part("harp", "harmony", 46, tuple(harp), pan=50, volume=112, reverb=70),
            Part("celesta", "melody", 8, tuple(celesta), pan=82, volume=112, reverb=80),
            Part("contrabass", "bass", 43, tuple(low), volume=84, reverb=50),
        ),
        lufs=-20,
        tail_seconds=0.8,
    )


def reggae() -> Score:
    """One drop in A minor: the bass sings, the guitar and the organ answer, a harmonica on top."""
    chords = "Am | G | F | G | Am | Em | F | Dm E7"
    drums = grid("....X...|" * 3 + "....X.xx|" + "....X...|" * 3 + "..x.X.x.", 36, step=0.5, velocity=102)
    drums += grid("....x...|....x..o|....x...|....x...|....x...|....x..o|....x...", 37, step=0.5, velocity=104)
    drums += grid("Xoxoxoxo|xoxoxoxx" * 4, 42, step=0.5, velocity=72)
    drums += grid("....X.xx", 38, start=12, step=0.5, velocity=90)
    drums += grid("xx.xX.xxX...", 38, start=28, step=0.25, velocity=88) + grid("....xx.x", 45, 30, 0.25)
    drums += grid("X", 49, start=16, velocity=80) + grid("......x.", 46, start=4, step=0.5, velocity=70)
    bass = chord_steps(
        chords,
        4,
        "1..15.8.|1.1..35.|1..15.3.|..135.l.|1..15.8.|5.3.1..l|1.5.8.5.|1.3.1.5.",
        pitch("E1"),
        0.5,
        104,
    )
    skank = chord_hits(chords, 4, ".x.x", Voicer(pitch("E4"), pitch("E5")), 1.0, 86, 0.22)
    bubble = chord_hits(chords, 4, ".x.x.xox", Voicer(pitch("A3"), pitch("A4")), 0.5, 66, 0.3)
    tune = line(
        """E5:1.5! D5:.5 C5:1 A4 | B4:1 D5:.5 B4 G4:2 | A4:.5 C5 F5:1! E5 C5 | D5:2.5 R:1.5
        | E5:1! A5 G5:.5 E5 C5:1 | B4:.5 D5 E5:1.5 G5:1.5 | F5:1! E5:.5 C5 A4:1 C5
        | D5:1 F5 E5:.5 G#4 B4:1""",
        velocity=88,
    )
    return Score(
        id="reggae",
        title="One drop",
        style="reggae",
        origin="original",
        key="A minor",
        time_signature="4/4",
        beats_per_bar=4,
        bpm=144,
        chords=chords,
        sections=((0, "A"), (4, "B")),
        parts=(
            Part("drums", "drums", 0, tuple(drums), drums=True, volume=100, reverb=24),
            Part("bass guitar", "bass", 33, tuple(bass), volume=120, reverb=0),
            Part("guitar", "harmony", 27, tuple(skank), pan=88, volume=92, reverb=30),
            Part("organ", "harmony", 16, tuple(bubble), pan=40, volume=68, reverb=30),
            Part("harmonica", "melody", 22, tuple(tune), pan=60, volume=88, reverb=50),
        ),
        lufs=-18,
        tail_seconds=0.6,
    )


def minimal_five() -> Score:
    """Five beats grouped three and two: marimba patterns that drift, vibraphone, a clarinet over them."""
    chords = "Bm | Bm | G | A | Bm | F#m | G | Em | F#7 | F#7"
    marimba = chord_steps(
        chords,
        5,
        "1581525851|1523585152|8515825152|1585251585|1525815825",
        pitch("F#3"),
        0.5,
        80,
        hold=0.9,
    )
    marimba = [n if n.start % 5 not in (0, 3) else shift([n], velocity=18)[0] for n in marimba]
    vibraphone = chord_hits(chords, 5, "x..x.|x..xx", Voicer(pitch("B3"), pitch("C5") + 1), 1.0, 72, 1.8)
    low = chord_steps(chords, 5, "1--1-|1--5-|1--1-|1-35-", pitch("E2"), 1.0, 92)
    clarinet = line(
        """R:5 | R:5 | B4:1.5! D5:.5 G5:1 F#5 D5 | E5:1! C#5 A4 C#5 E5 | D5:2! F#5:1 B5 A5 | A5:2 F#5:1 C#5:2
        | D5:1! B4 G4 B4 D5 | E5:1.5 G5:.5 B5:1 A5 G5 | F#5:3! E5:1 C#5 | A#4:1.5 C#5:.5 F#5:3""",
        velocity=82,
    )
    shaker = grid(10 * "XoxoxoXoxo", 70, start=0, step=0.5, velocity=72)
    shaker = [n for n in shaker if n.start >= 20]
    return Score(
        id="minimal_five",
        title="Three and two",
        style="minimal",
        origin="original",
        key="B minor",
        time_signature="5/4",
        beats_per_bar=5,
        bpm=192,
        chords=chords,
        sections=((0, "pattern"), (2, "song"), (6, "return")),
        parts=(
            Part("marimba", "harmony", 12, tuple(marimba), pan=44, volume=110),
            Part("vibraphone", "harmony", 11, tuple(vibraphone), pan=84, volume=80),
            Part("double bass", "bass", 32, tuple(low), volume=108),
            Part("clarinet", "melody", 71, tuple(clarinet), pan=60, volume=84),
            Part("shaker", "drums", 0, tuple(shaker), drums=True, volume=90, attack_ms=8),
        ),
        lufs=-19,
    )

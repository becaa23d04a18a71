"""The corpus's README: its table is written from the scores, so that it cannot go stale."""

from __future__ import annotations

from corpus_scores.render import SPARED_BITS
from corpus_scores.score import Score

HEAD = """# The built-in corpus

{count} clips of 12 to 20 seconds, 44.1 kHz stereo FLAC, rendered from scores, with exact annotations.
Written by `python scripts/build_corpus.py`, this file too.

| id | style | key | metre | tempo | bars | seconds | LUFS | stems | music |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

## Files

`ID.json` holds a clip's annotations and `ID.flac` its audio. Clips with stems are stored as
`stems/ID/{{drums,bass,harmony,melody}}.flac` only: **the mix is the sum of the stems' 16-bit samples,
exactly**, without rounding, and never clips. Their drums and bass are in the middle. The lowest {spared}
of the 16 bits are zero (rounding noise at −89 dBFS a stem): that keeps the corpus under 20 MB.
`index.json` lists the clips in order, with a digest of their files.

## Annotations

Times are seconds from the first sample. They are where the score has the beat; players are up to 8 ms
early or late (seeded, normal, 3 ms in most parts), and slow attacks start early so as to be heard on the
beat.

- `beats`, `downbeats`: downbeats are beats. The last of both closes the last bar, so that bars are the
  spans between downbeats; in some clips a last chord is struck on it, in the others the last one rings
  out.
- The beat of 6/8 is the dotted quarter: two beats a bar. `tempo_bpm` counts beats, as `beat_unit` says.
  The piano piece has rubato and ends in a ritardando; its beats follow, and its tempo is the mean.
- `sections`, `chords`: start and label. Chord symbols name the bass after a slash.
- `key`: of the clip as a whole. D minor of the funk clip is Dorian (with B natural until its
  turn-around).

## How it was made

Rendered with fluidsynth {version} and the sound font {soundfont} (from Debian), its reverb on, its
chorus off, one render per stem, one gain per clip. The renderer sounds a note {latency_ms:.1f} ms after
its written time (measured on dry side sticks, median); the annotations include it. Velocities and timing
vary from a generator that is seeded by the clip's and the player's name: the same script and renderer
give the same files, and no bar is repeated sample for sample.

## Licence

The music is dedicated to the public domain: CC0 1.0, see `LICENSE`. The sampled instruments are FluidR3
GM's, by Frank Wen, MIT: see `LICENSE-FluidR3.txt`.
"""


def readme(rows: list[tuple[Score, float, float]], version: str, soundfont: str, latency_seconds: float) -> str:
    """The README's text.

    Args:
        rows: a clip's score, its length in seconds and its loudness in LUFS, clip by clip.
        version: fluidsynth's.
        soundfont: the soundfont's file name.
        latency_seconds: from a note's written time to its sound.
    """
    table = [
        f"| `{s.id}` | {s.style} | {s.key} | {s.time_signature} | {s.bpm:g} | {s.bars} | {seconds:.1f} | "
        f"{lufs:.1f} | {'yes' if s.with_stems else ''} | {s.title}: {s.origin} |"
        for s, seconds, lufs in rows
    ]
    return HEAD.format(
        count=len(rows),
        rows="\n".join(table),
        spared=("zero", "one", "two", "three")[SPARED_BITS],
        version=version,
        soundfont=soundfont,
        latency_ms=1000 * latency_seconds,
    )

"""Build the built-in corpus: write the scores, render them, store FLAC, stems and annotations.

    python scripts/build_corpus.py [--out DIR] [--soundfont FILE]

Needs fluidsynth and the FluidR3 sound font (Debian: ``fluidsynth``, ``fluid-soundfont-gm``). The package
itself needs neither: it ships what this script made.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pyloudnorm
import soundfile
from corpus_scores import all_scores
from corpus_scores.readme import readme
from corpus_scores.render import SAMPLE_RATE, Rendered, measure_latency, render
from corpus_scores.score import Part, Score, grid

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "degrade_bench" / "corpus" / "data"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  # where Debian's package puts it
SIDE_STICK = 37


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DATA)
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    options = parser.parse_args()
    latency = measure_latency(options.soundfont, click_score())
    print(f"fluidsynth {fluidsynth_version()}, latency {1000 * latency:.2f} ms")
    rows = []
    for score in all_scores():
        rendered = render(score, options.soundfont, latency)
        store(score, rendered, options.out)
        loudness = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(rendered.mix / 32768)
        rows.append((score, len(rendered.mix) / SAMPLE_RATE, loudness))
        print(f"{score.id}: {score.bars} bars of {score.time_signature}, {score.key}, {loudness:.1f} LUFS")
    write_index(options.out)
    text = readme(rows, fluidsynth_version(), options.soundfont.name, latency)
    (options.out / "README.md").write_text(text)


def click_score() -> Score:
    """Sixteen dry side sticks, to measure the renderer's latency on."""
    clicks = Part(
        "clicks", "drums", 0, tuple(grid(16 * "x", SIDE_STICK, step=1)), drums=True, jitter_ms=0, reverb=0
    )
    return Score("clicks", "", "", "", "C major", "4/4", 4, 130, "C | C | C | C", (), (clicks,))


def store(score: Score, rendered: Rendered, out: Path) -> None:
    """Write one clip, its stems and its annotations.

    Args:
        score: the clip's score: its name, and whether its stems are kept.
        rendered: what was rendered from it: mix, stems, where its first beat is.
        out: the corpus's folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    stems = {}
    # the mix is the sum of the stems, bit for bit: it is not stored a second time
    if not score.with_stems:
        _write(out / f"{score.id}.flac", rendered.mix)
    for name, samples in rendered.stems.items() if score.with_stems else ():
        target = out / "stems" / score.id / f"{name}.flac"
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, samples)
        stems[name] = target.relative_to(out).as_posix()
    text = json.dumps(annotations(score, rendered) | {"stems": stems}, indent=1)
    # one line per list of numbers and per pair: files that a person can read
    text = re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    (out / f"{score.id}.json").write_text(text + "\n")


def annotations(score: Score, rendered: Rendered) -> dict:
    """What the score says of the clip; times in seconds from the first sample."""

    def at(beat: float) -> float:
        return round(rendered.first_beat_seconds + score.seconds(beat), 5)

    beats = range(score.num_beats + 1)  # the last one closes the last bar
    return {
        "id": score.id,
        "title": score.title,
        "style": score.style,
        "origin": score.origin,
        "key": score.key,
        "time_signature": score.time_signature,
        "beat_unit": score.beat_unit,
        "tempo_bpm": score.bpm,
        "bars": score.bars,
        "seconds": len(rendered.mix) / SAMPLE_RATE,
        "beats": [at(b) for b in beats],
        "downbeats": [at(b) for b in beats if b % score.beats_per_bar == 0],
        "sections": [[at(bar * score.beats_per_bar), label] for bar, label in score.sections],
        "chords": [[at(beat), label] for beat, label in score.chord_starts()],
    }


def write_index(out: Path) -> None:
    """Write ``index.json``: the clips in their order, with what is needed before any of them is read."""
    rows = []
    for score in all_scores():
        stored = json.loads((out / f"{score.id}.json").read_text())
        files = list(stored["stems"].values()) or [f"{score.id}.flac"]
        digest = hashlib.sha256(b"".join((out / name).read_bytes() for name in [f"{score.id}.json", *files]))
        row = {"id": score.id, "style": score.style, "seconds": stored["seconds"]}
        rows.append(row | {"sha256": digest.hexdigest()})
    (out / "index.json").write_text(json.dumps(rows, indent=1) + "\n")


def fluidsynth_version() -> str:
    """Version of the fluidsynth that is on the path."""
    text = subprocess.run(["fluidsynth", "--version"], check=True, capture_output=True, text=True).stdout
    match = re.search(r"version (\S+)", text)
    return match[1] if match else "unknown"


def _write(path: Path, samples) -> None:  # noqa: ANN001 - int16 array, (time, channels)
    """Write 16-bit FLAC at the strongest compression."""
    soundfile.write(path, samples, SAMPLE_RATE, subtype="PCM_16", format="FLAC", compression_level=1.0)


if __name__ == "__main__":
    main()

"""Read every MIDI file of a folder and print, as Markdown, what was made of it beside an independent count.

    python scripts/try_midi.py DIR [--play SECONDS]

Notes are counted once more in the file's messages, and its length is what mido makes of its messages up to the last
end of a track; ``differs`` stands where the notes are not as many, or sound longer. A file that is refused has the
reason in place of the numbers. With ``--play`` so much of the beginning is played, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import mido

from degrade_bench._support.numbers import counted, fixed, number
from degrade_bench.clip.notes.midi import LEAD_IN_SECONDS, is_midi, read_midi
from degrade_bench.corpus.files import FileSource
from degrade_bench.errors import AudioError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the MIDI files are")
    parser.add_argument("--play", type=float, default=None, metavar="SECONDS", help="play so much of each")
    options = parser.parse_args(arguments)
    files = sorted(path for path in options.folder.rglob("*") if path.is_file() and is_midi(path))
    if not files:
        print(f"{parser.prog}: no MIDI files in {options.folder}", file=sys.stderr)
        return 2
    print("\n".join(lines(files, options.play)))
    return 0


def lines(files: Sequence[Path], play: float | None = None) -> Iterator[str]:
    """The table.

    Args:
        files: MIDI files.
        play: how much of each is played, in seconds; None for nothing.
    """
    refused = unlike = 0
    yield "| file | notes | counted | seconds | counted | parts | bars | metre | |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for file in files:
        notes, seconds = counts(file)
        try:
            piece = read_midi(file)
            if play is not None:
                FileSource("tried", path=file, duration=play).load()
        except AudioError as error:
            refused += 1
            reason = " ".join(str(error).split()).removeprefix(f"{file}: ")
            yield f"| {file.name} | | {fixed(notes, 0)} | | {fixed(seconds, 1)} | | | | refused: {reason} |"
            continue
        known, end = piece.annotations, piece.notes.end - LEAD_IN_SECONDS
        differs = notes != len(piece.notes.notes) or (seconds or 0) < end - 0.01
        unlike += differs
        yield (
            f"| {file.name} | {number(len(piece.notes.notes))} | {fixed(notes, 0)} | {fixed(end, 1)} "
            f"| {fixed(seconds, 1)} | {len(piece.notes.parts)} | {len(known.downbeats)} | {known.time_signature} "
            f"| {'differs' if differs else ''} |"
        )
    yield ""
    yield f"{counted(len(files), 'file')}: {refused} refused, {unlike} unlike the independent count."


def counts(file: Path) -> tuple[int | None, float | None]:
    """How many notes a file's messages begin, and how many seconds they last; None where mido cannot read them."""
    try:
        parsed = mido.MidiFile(file, clip=True)
        struck = (one for track in parsed.tracks for one in track if one.type == "note_on" and one.velocity > 0)
        return sum(1 for _ in struck), float(parsed.length)
    except Exception:  # whatever a broken file makes of it: what the bench says of it is what is tried here
        return None, None


if __name__ == "__main__":
    sys.exit(main())

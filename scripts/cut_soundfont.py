"""Cut a sound font to what the built-in corpus plays: ``degrade_bench/clip/notes/data/FluidR3Mono.sf3``.

``python scripts/cut_soundfont.py FluidR3Mono_GM.sf3``, with the file of Debian's `fluidr3mono-gm-soundfont`.
Presets, instruments and samples are kept whole, samples as they are compressed; all others are left out.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from corpus_scores import all_scores

from degrade_bench.clip.notes.soundfont import COMPRESSED, DRUM_BANK, INSTRUMENT, RECORDS, SAMPLE, SoundFont

TARGET = Path(__file__).resolve().parent.parent / "degrade_bench" / "clip" / "notes" / "data" / "FluidR3Mono.sf3"
MOST_BYTES = 10_000_000
LEFT_OUT = {(0, 30), (0, 34), (0, 41), (DRUM_BANK, 16)}
"""Distortion guitar, picked bass, viola, power kit: what is nearest in their families plays in their place."""
LIMITS = {b"pmod": 10, b"imod": 10}
"""Bytes of a row of the tables that the renderer does not read; they are left empty but for the last row."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    wanted = {(DRUM_BANK if part.drums else 0, part.program) for score in all_scores() for part in score.parts}
    wanted -= LEFT_OUT
    content = cut(SoundFont(options.source), wanted)
    if len(content) > MOST_BYTES:
        raise SystemExit(f"{len(content)} bytes, expected at most {MOST_BYTES}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(content)
    print(f"{options.out}: {len(wanted)} programs, {len(content)} bytes")


def cut(font: SoundFont, wanted: Iterable[tuple[int, int]]) -> bytes:
    """The bytes of a sound font with some of the presets of another.

    Args:
        font: the whole one, an SF3.
        wanted: (bank, program) of the presets to keep.
    """
    tables = font.tables
    presets = [font.presets[one] for one in sorted(wanted)]
    instruments = sorted(set(_named(tables, b"phdr", b"pbag", b"pgen", presets, INSTRUMENT)))
    samples = sorted(set(_named(tables, b"inst", b"ibag", b"igen", instruments, SAMPLE)))
    kept = {
        **_kept(tables, b"phdr", b"pbag", b"pgen", presets, {INSTRUMENT: instruments}),
        **_kept(tables, b"inst", b"ibag", b"igen", instruments, {SAMPLE: samples}),
    }
    headers, data = tables[b"shdr"][[*samples, len(tables[b"shdr"]) - 1]].copy(), b""
    for place, row in enumerate(samples):
        header = tables[b"shdr"][row]
        if not int(header["type"]) & COMPRESSED:
            raise SystemExit("expected an SF3 file, with compressed samples")
        piece = font.chunks[b"smpl"][int(header["start"]) : int(header["end"])]
        headers[place]["start"], headers[place]["end"] = len(data), len(data) + len(piece)
        headers[place]["link"] = 0
        data += piece
    kept[b"shdr"] = headers.tobytes()
    kept |= {name: b"\0" * size for name, size in LIMITS.items()}
    order = (b"phdr", b"pbag", b"pmod", b"pgen", b"inst", b"ibag", b"imod", b"igen", b"shdr")
    information = {name: font.chunks[name] for name in (b"ifil", b"isng", b"INAM", b"ICOP", b"ICMT")}
    lists = (
        _list(b"INFO", information),
        _list(b"sdta", {b"smpl": data}),
        _list(b"pdta", {name: kept[name] for name in order}),
    )
    return _chunk(b"RIFF", b"sfbk" + b"".join(lists))


def _named(
    tables: dict[bytes, np.ndarray], head: bytes, bag: bytes, gen: bytes, rows: list[int], what: int
) -> list[int]:
    """The instruments of presets, or the samples of instruments."""
    named = []
    for row in rows:
        first, end = (int(tables[bag][int(tables[head][k]["bag"])]["gen"]) for k in (row, row + 1))
        span = tables[gen][first:end]
        named += span["amount"][span["oper"] == what].astype(int).tolist()
    return named


def _kept(
    tables: dict[bytes, np.ndarray],
    head: bytes,
    bag: bytes,
    gen: bytes,
    rows: list[int],
    renamed: dict[int, list[int]],
) -> dict[bytes, bytes]:
    """The three tables of presets or of instruments: the rows that stay, and what they name under new numbers."""
    heads, bags, generators = [], [], []
    for row in rows:
        new = tables[head][row].copy()
        new["bag"] = len(bags)
        heads.append(new)
        for number in range(int(tables[head][row]["bag"]), int(tables[head][row + 1]["bag"])):
            span = tables[gen][int(tables[bag][number]["gen"]) : int(tables[bag][number + 1]["gen"])].copy()
            bags.append((len(generators), 0))
            for one in span:
                if int(one["oper"]) in renamed:
                    one["amount"] = renamed[int(one["oper"])].index(int(one["amount"]))
                generators.append(one)
    last = tables[head][-1].copy()
    last["bag"] = len(bags)
    bags.append((len(generators), 0))
    generators.append(np.zeros((), np.dtype(RECORDS[gen]))[()])
    return {
        head: np.array([*heads, last]).tobytes(),
        bag: np.array(bags, np.dtype(RECORDS[bag])).tobytes(),
        gen: np.array(generators, np.dtype(RECORDS[gen])).tobytes(),
    }


def _list(form: bytes, chunks: dict[bytes, bytes]) -> bytes:
    return _chunk(b"LIST", form + b"".join(_chunk(name, body) for name, body in chunks.items()))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


if __name__ == "__main__":
    main()

"""Bytes that were changed, lost or added anywhere: samples or one line, soon, and never another error."""

from __future__ import annotations

import numpy as np
import pytest

from degrade_bench.clip.audio import duration_hint, read_part
from degrade_bench.errors import AudioError
from tests.clip.decode.files import KINDS, encoded, suffix_of

TRIES = 12
MARKS = (b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\x00\x00\x00")


def altered(content: bytes, rng: np.random.Generator) -> bytes:
    """A file in which a few places are others, mostly in its head."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 8))):
        place = int(rng.integers(min(len(changed), 600 if rng.integers(2) else len(changed))))
        kind = rng.integers(4)
        if kind == 0:
            changed[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            changed[place : place + 4] = MARKS[int(rng.integers(len(MARKS)))]
        elif kind == 2 and len(changed) > 2000:
            del changed[place : place + int(rng.integers(1, 300))]
        else:
            changed[place:place] = rng.bytes(int(rng.integers(1, 300)))
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_altered_files(tmp_path, kind):
    rng = np.random.default_rng(list(KINDS).index(kind))
    path = tmp_path / f"a{suffix_of(kind)}"
    for _ in range(TRIES):
        path.write_bytes(altered(encoded(kind), rng))
        hint = duration_hint(path)
        assert hint is None or hint > 0
        try:
            part = read_part(path, 0.5, 1.5, most_bytes=1 << 24)
        except AudioError as error:
            said = str(error)
        else:
            said = f"{path}: {part.damage}"
            assert part.samples.dtype == np.float32
            assert 0 < part.samples.size <= 1 << 22
        assert said.startswith(f"{path}: ")
        assert "\n" not in said

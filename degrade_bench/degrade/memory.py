"""How much of what degradations remember is kept from one to the next."""

from __future__ import annotations

from typing import Any

from degrade_bench._support.caching import forget
from degrade_bench.clip import Clip

MOST_REMEMBERED_BYTES = 32 << 20
"""Of a clip with more samples than this, some 90 s of 44.1 kHz stereo, nothing is kept: its spectra, its layers and
the like are as large, one by one."""


def forget_damage() -> None:
    """Let go of what degradations remember: noise, layers and passes, as long as the clip.

    Levels and placebo of one degradation share it; the next degradation has no use for it. What is known of a clip
    itself, such as its loudness, serves all of them and stays, unless the clip is large.
    """
    forget(_is_kept)


def _is_kept(owner: Any) -> bool:
    return isinstance(owner, Clip) and owner.samples.nbytes <= MOST_REMEMBERED_BYTES

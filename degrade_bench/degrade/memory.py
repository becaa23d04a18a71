"""How much of what degradations remember is kept from one to the next."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Any

from degrade_bench._support.caching import forget
from degrade_bench.clip import Clip

LARGE_BYTES = 32 << 20
"""A clip with more samples than this, some 90 s of 44.1 kHz stereo, is large, and so are its spectra and layers."""


def forget_damage(clip: Clip) -> None:
    """Let go of what degradations remember: noise, layers and passes, as long as the clip.

    Levels and placebo of one degradation share it; the next degradation has no use for it. What is known of a clip
    itself, such as its loudness, serves all of them and stays, unless the clip is large.

    Args:
        clip: that was damaged.
    """
    if clip.samples.nbytes <= LARGE_BYTES:
        forget(_is_clip)
        return
    forget(_is_nothing)
    gc.collect()
    give_back(clip)


def give_back(clip: Clip) -> None:
    """Give the system back what was freed while a large clip was worked on: glibc keeps it, in pieces of no use.

    Args:
        clip: that was worked on.
    """
    if clip.samples.nbytes > LARGE_BYTES:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _is_clip(owner: Any) -> bool:
    return isinstance(owner, Clip)


def _is_nothing(owner: Any) -> bool:
    return False

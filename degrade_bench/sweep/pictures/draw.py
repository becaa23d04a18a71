"""One picture of a degradation: the kind that it asks for, of the excerpts that are played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.symbolic.base import NotesDamage
from degrade_bench.sweep.pictures import bands, moves, rolls, waves
from degrade_bench.sweep.pictures.raster import COLUMNS, GAP, image
from degrade_bench.sweep.pictures.version import Version


@dataclass(frozen=True)
class Picture:
    """Panels side by side.

    Attributes:
        png: the image.
        caption: what the panels show.
        spans: where in the image the excerpt of each version begins and ends, from 0 to 1.
    """

    png: bytes
    caption: str
    spans: tuple[tuple[float, float], ...]


def drawn(degradation: Degradation, clip: Clip, versions: Sequence[Version]) -> Picture:
    """Draw a degradation.

    Args:
        degradation: what was done.
        clip: the clean clip.
        versions: the clean clip, then renderings of the degradation and of its placebo.
    """
    kind = kind_of(degradation)
    if kind == "notes" and not rolls.told_by(versions):
        kind = degradation.picture
    whole = None
    if kind == "order":
        whole = moves.orders(clip, versions)
    elif kind == "tempo":
        whole = moves.tempi(versions)
    if whole is not None:
        longest = max(version.seconds for version in versions)
        return _picture(*whole, [moves.span(version, longest) for version in versions])
    longest = max(version.ends - version.begins for version in versions)
    spans = [(0.0, (version.ends - version.begins) / longest) for version in versions]
    if kind == "notes":
        return _picture(*rolls.rolls(clip, versions), spans)
    if kind == "stereo" and all(version.excerpt.shape[0] == 2 for version in versions):
        return _picture(*waves.lanes(versions), spans)
    if kind == "waveform":
        return _picture(*waves.waveforms(versions), spans)
    if kind == "pitch":
        return _picture(*bands.pitches(versions), spans)
    return _picture(*bands.spectrograms(versions), spans)


def kind_of(degradation: Degradation) -> str:
    """What shows a degradation best: its notes, its channels where it needs two, or what it asks for."""
    if isinstance(degradation, NotesDamage):
        return "notes"
    return "stereo" if "stereo" in degradation.needs else degradation.picture


def _picture(panels: Sequence[np.ndarray], caption: str, spans: Sequence[tuple[float, float]]) -> Picture:
    """Put panels side by side.

    Args:
        panels: ink.
        caption: what they show.
        spans: where the excerpt lies in each, from 0 to 1.
    """
    wide = len(panels) * (COLUMNS + GAP) - GAP

    def placed(panel: int, share: float) -> float:
        return min(1.0, (panel * (COLUMNS + GAP) + share * COLUMNS) / wide)

    in_image = tuple((placed(k, begins), placed(k, ends)) for k, (begins, ends) in enumerate(spans))
    return Picture(image(panels), caption, in_image)

"""What all pictures share: the clip, the levels, a figure in the house's style, a small PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Rendered
from degrade_bench.errors import NotApplicableError
from degrade_bench.reports.style import INK, RC
from pages.measure import corpus, is_symbolic, rendered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PREFERENCE = {
    "waveform": ("rock_band", "piano_solo"),
    "spectrogram": ("jazz_trio", "rock_band"),
    "order": ("rock_band", "piano_solo"),
    "tempo": ("rock_band", "piano_solo"),
    "pitch": ("piano_solo", "string_quartet"),
    "stereo": ("jazz_trio", "piano_solo"),
    "notes": ("rock_band", "string_quartet"),
}
"""Which clip a kind of picture is drawn of: the first of these, and then of the corpus, that can be damaged."""

WIDTH_PIXELS, DPI = 1000, 100
MOST_BYTES = 90_000
LEVEL_COLOURS = ("#5aa9e6", "#c2571a", "#4b1d6b")
"""The lowest, the middle and the highest level: apart in lightness, so also without colour."""
LINE_WIDTHS = (3.4, 2.0, 0.9)
"""Wider beneath, so that lines that coincide are all seen."""


@dataclass(frozen=True, eq=False)
class Subject:
    """What is drawn.

    Attributes:
        degradation: the damage.
        clip: the clean clip.
        outputs: the renderings that are shown, by level, from the lowest.
    """

    degradation: Degradation
    clip: Clip
    outputs: dict[int, Rendered]

    def heading(self, level: int) -> str:
        """Level and strength, to stand over a panel."""
        ladder = self.degradation.ladder
        return f"level {level}: {ladder.strength(level):g} {ladder.unit}"

    @property
    def panels(self) -> list[tuple[str, np.ndarray]]:
        """Headings and samples ``(channels, time)``: the clean clip, then each level."""
        shown = [("clean", self.clip.samples.numpy())]
        return shown + [
            (self.heading(level), output.clip.samples.numpy()) for level, output in self.outputs.items()
        ]

    @property
    def lines(self) -> list[tuple[str, Rendered, dict[str, Any]]]:
        """Heading, rendering, and colour and width of the line of each level."""
        styled = zip(self.outputs.items(), LEVEL_COLOURS, LINE_WIDTHS, strict=False)
        return [
            (self.heading(level), output, {"color": colour, "linewidth": width})
            for (level, output), colour, width in styled
        ]

    @property
    def colours(self) -> list[str]:
        """The colour of each level."""
        return list(LEVEL_COLOURS[: len(self.outputs)])

    def unmatched(self, level: int) -> np.ndarray:
        """The samples with the loudness-matching gain taken out, cut or zero-filled to the clean clip's length."""
        output = self.outputs[level]
        samples = output.clip.samples.numpy() * np.float32(10 ** (-output.plan.gain_db / 20))
        missing = self.clip.num_samples - samples.shape[1]
        return np.pad(samples, ((0, 0), (0, max(0, missing))))[:, : self.clip.num_samples]


def shown_levels(degradation: Degradation) -> list[int]:
    """The lowest, the middle and the highest level, once each."""
    levels = degradation.ladder.levels
    return sorted({levels[0], levels[len(levels) // 2], levels[-1]})


def subject(degradation: Degradation, kind: str) -> Subject | None:
    """The first clip of the preference that has all the shown levels; None where no clip has."""
    sources = {source.id: source for source in corpus(is_symbolic(degradation.name))}
    preferred = [clip_id for clip_id in PREFERENCE[kind] if clip_id in sources]
    for clip_id in dict.fromkeys([*preferred, *sources]):
        clip = sources[clip_id].load()
        try:
            outputs = {level: rendered(degradation, clip, level) for level in shown_levels(degradation)}
        except NotApplicableError:
            continue
        return Subject(degradation, clip, outputs)
    return None


def legend_above(axis) -> None:  # noqa: ANN001 - matplotlib's
    """A legend in one row over the right end of a wide panel."""
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=5, fontsize=7.5, borderaxespad=0.2)


@contextmanager
def house_style() -> Iterator[None]:
    """The reports' style, with none of the user's matplotlib settings mixed in."""
    import matplotlib

    matplotlib.use("Agg")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, RC) | {"axes.titlesize": 8.5, "font.size": 8})
        yield


def new_figure(shown: Subject, height: float, what: str) -> Figure:
    """An empty figure, titled with what it shows of which damage on which clip.

    Args:
        shown: the damage, its clip and its renderings.
        height: in inches; the width is the page's.
        what: what the figure shows, for its title.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_PIXELS / DPI, height), dpi=DPI, layout="constrained")
    figure.suptitle(
        f"{shown.degradation.name} on {shown.clip.id}: {what}", fontsize=10, fontweight="bold", color=INK, x=0.5
    )
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a PNG with as many palette colours as keep it under 90 kB."""
    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    picture = Image.open(buffer).convert("RGB")
    for colours in (128, 64, 40, 24, 16):
        packed = io.BytesIO()
        palette = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        palette.save(packed, format="png", optimize=True)
        if packed.tell() <= MOST_BYTES:
            break
    path.write_bytes(packed.getvalue())

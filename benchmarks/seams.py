"""What is heard at the bar lines of damage to notes, beside that of the clean rendering and of cut audio.

    python benchmarks/seams.py

Every symbolic damage at its top level, on the 14 built-in pieces played from their notes, seed 0; measured at the
bar lines of the result or, where pieces of music change places, wherever two of them meet. The measures are those
of :mod:`joining.lines`, which read the audio alone and are told the places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from joining.lines import at_lines
from joining.ranks import Told, told

from degrade_bench._support.numbers import fixed, p_value, percent
from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.joins import played
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural.rearrangement import Rearrangement
from degrade_bench.degrade.structural.segments import unit_bounds
from degrade_bench.degrade.symbolic.twins import Twin
from degrade_bench.errors import NotApplicableError

SEED = 0
HARD_CUTS = "`bar_shuffle`, joined without a crossfade"
UNLIKE, STEP, CARRIED = range(3)
"""The columns of what is measured at a line."""
Pair = tuple[np.ndarray, np.ndarray]
"""The lines of damage to a piece, and those of its clean rendering: ``(lines, 3)`` each."""
Lines = Mapping[str, Sequence[Pair]]
"""By damage, the lines of every piece."""


@lru_cache(maxsize=1)
def clips() -> list[Clip]:
    """The built-in pieces, played."""
    return [source.load() for source in builtin_notes()]


def seed_of(degradation: Degradation, clip: Clip) -> np.random.Generator:
    """As a run with seed 0 draws."""
    return generator(cell_seed(SEED, clip.hash, *degradation.seed_key))


def rendered(degradation: Degradation, clip: Clip) -> Rendered:
    """Its top level, as in a run."""
    return degradation.render(clip, degradation.ladder.levels[-1], seed_of(degradation, clip))


def places(degradation: Degradation, clip: Clip, result: Rendered) -> tuple[np.ndarray, np.ndarray]:
    """Where to measure, in samples of the result and of the clean rendering.

    Where pieces of music change places, these are the joins, and the clean rendering's moments at which the same
    music goes on as it was written; elsewhere the bar lines of both.

    Args:
        degradation: in the notes, in audio, or a placebo in audio.
        clip: the clean rendering.
        result: what the degradation made of it.
    """
    params = result.plan.params
    if isinstance(degradation, Twin) and isinstance(degradation.audio, Rearrangement):
        level = degradation.audio.ladder.levels[-1]
        strength = degradation.audio.ladder.strength(level)
        params = degradation.audio.draw(clip, level, strength, seed_of(degradation, clip)).params
    if "joins" in params:
        return np.asarray(params["joins"]), np.asarray([end for _, end in params["pieces"][:-1]])
    return unit_bounds(result.clip, "bar")[1:-1], unit_bounds(clip, "bar")[1:-1]


def lines_of(degradation: Degradation, clip: Clip) -> Pair:
    """The lines of damage and those of the clean rendering; none where it does not apply."""
    try:
        result = rendered(degradation, clip)
    except NotApplicableError:
        return np.zeros((0, 3)), np.zeros((0, 3))
    there, before = places(degradation, clip, result)
    return at_lines(result.clip.samples, clip.sample_rate, there), at_lines(clip.samples, clip.sample_rate, before)


def hard_cuts(clip: Clip) -> Pair:
    """What is measured where the bars of audio are put behind each other as they are."""
    shuffle = catalogue.get("bar_shuffle")
    result = rendered(shuffle, clip)
    there, before = places(shuffle, clip, result)
    pieces = [played(clip.samples, start, end) for start, end in result.plan.params["pieces"]]
    joined = torch.cat(pieces, dim=1)
    return at_lines(joined, clip.sample_rate, there), at_lines(clip.samples, clip.sample_rate, before)


def measured() -> Lines:
    """The lines of every symbolic damage, and of the twins in audio that cut, with their placebos."""
    symbolic = [catalogue.get(name) for name in catalogue.SYMBOLIC.names()]
    damages = [one for one in symbolic if one.group != "control"]
    cutting = [one.audio for one in damages if isinstance(one, Twin) and isinstance(one.audio, Rearrangement)]
    audio = [each for one in cutting for each in (one, one.placebo) if each is not None]
    found = {HARD_CUTS: [hard_cuts(clip) for clip in clips()]}
    for one in (*damages, *audio):
        found.setdefault(one.name, [lines_of(one, clip) for clip in clips()])
    return found


def compared(found: Lines, name: str, column: int) -> Told:
    """How well a measure tells damage from the clean rendering; less that is carried on is more of a seam."""
    sign = -1 if column == CARRIED else 1
    return told(*([sign * pair[side][:, column] for pair in found[name]] for side in (0, 1)))


def together(found: Lines, name: str) -> Pair:
    """The lines of all pieces."""
    damaged, clean = (np.concatenate(lines) for lines in zip(*found[name], strict=True))
    return damaged, clean


def symbolic(found: Lines) -> list[str]:
    """The damages to notes, in the catalogue's order."""
    return [name for name in catalogue.SYMBOLIC.names() if name in found]


def seams_table(found: Lines) -> Iterator[str]:
    """What is measured at the lines of every damage to notes, and how far it is from the clean rendering's."""
    yield "| damage | lines | sides unlike | clean | told from clean | step | clean | above 95 % of clean |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name in (*symbolic(found), "bar_shuffle", HARD_CUTS):
        damaged, clean = together(found, name)
        unlike = [fixed(float(lines[:, UNLIKE].mean())) for lines in (damaged, clean)]
        unlike[1] += f" ± {fixed(float(clean[:, UNLIKE].std()))}"
        step = [fixed(float(np.median(lines[:, STEP])), 1) for lines in (damaged, clean)]
        above = percent(float((damaged[:, STEP] > np.quantile(clean[:, STEP], 0.95)).mean()), 0)
        cells = [*unlike, area(compared(found, name, UNLIKE)), *step, above]
        yield f"| {shown(name)} | {len(damaged)} | {' | '.join(cells)} |"


def joins_table(found: Lines) -> Iterator[str]:
    """What a detector of joins makes of damage in the notes, of its twin in audio, and of that one's placebo."""
    yield "| damage | joins | carried on | clean | told from clean | pieces | p |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name in symbolic(found):
        twin = catalogue.get(name)
        if isinstance(twin, Twin) and twin.audio.name in found:
            for each in (name, twin.audio.name, f"{twin.audio.name}_placebo"):
                yield joins_row(found, each)


def joins_row(found: Lines, name: str) -> str:
    """A row of :func:`joins_table`."""
    result = compared(found, name, CARRIED)
    medians = [fixed(float(np.median(lines[:, CARRIED]))) for lines in together(found, name)]
    cells = [*medians, area(result), f"{result.pieces} of {result.of}", p_value(result.p_value).removeprefix("= ")]
    return f"| {shown(name)} | {len(together(found, name)[0])} | {' | '.join(cells)} |"


def shown(name: str) -> str:
    """A name in Markdown."""
    return name if name == HARD_CUTS else f"`{name}`"


def area(result: Told) -> str:
    """An area under the ROC curve with its interval."""
    return f"{fixed(result.area)} ({fixed(result.low)} to {fixed(result.high)})"


def page(found: Lines) -> str:
    """The page, from what :func:`measured` gave."""
    return TEXT.format(seams="\n".join(seams_table(found)), joins="\n".join(joins_table(found)))


TEXT = """\
# Seams: what is heard at bar lines

On the 14 built-in pieces played from their notes, every damage at its top level, seed 0. Made by `python
benchmarks/seams.py`, which measures in the audio alone, at places that it is told: the bar lines or, where pieces
of music change places, every moment at which two of them meet. *Clean* is the clean rendering at the same moments
of the music, where it goes on as it was written. *Told from clean* is the area under the ROC curve between the
two, with a 95 % interval over the pieces: 0.5 is as the clean rendering, 1 is told every time.

## Damage to notes has no seam

*Sides unlike* is the measure that the tests of joins use, 0 where both sides are alike and 1 where they have
nothing to do with each other; how the music before a line would go on is predicted (linear prediction of order
256). Means over the lines, for the clean rendering with their standard deviation. *Step* is the largest second
difference of samples at the line over the RMS of those of the 45 ms before; medians, and the share of lines that
are above 95 % of the clean ones. Notes begin at bar lines, which nobody can foresee and which is a step as well:
so the clean rendering's sides are unlike, too, and damage that moves notes away from the line, or leaves them
out, is told by less of it. One bar in place of all others, as `symbolic_monotony` plays it, begins as sharply as
that bar does. The last two rows are cut audio, with crossfades and without.

{seams}

## A detector of joins finds the cuts in audio and none in the notes

*Carried on* is how much of the sound before a join is heard behind it, from 5 to 35 ms after it and thus past a
crossfade: what is heard there, projected on how the music before it would go on; medians over the joins. Notes
that begin there have nothing to do with it; a cut leaves nothing of it. *Pieces* says in how many the damage's
joins are told from the clean ones by less that is carried on (an area of the piece's own above 0.5), *p* how
likely so much is by chance: one-sided, by all changes of sign of the pieces' areas.

{joins}

That order-free chroma is blind to the order of bars stands in [the tables of twins](twins.md).
"""


def main() -> None:
    """Measure, and write the page."""
    torch.set_num_threads(1)
    text = page(measured())
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

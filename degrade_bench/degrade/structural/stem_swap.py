"""Stem swap: for some bars, one part is played from another piece.

One stem gives way to the stem of the same name of another built-in clip, at the clip's tempo and as loud as the
stem that it replaces: the drummer, the bass player or the singer reads from the wrong sheet. Bars, donor and
placebo are those of :mod:`degrade_bench.degrade.structural.foreign_bars`, for one stem in place of the mix.

Source: mispaired stems are the negative examples of COCOLA and APA, where they are all or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.stems import audible_stems, is_pitched
from degrade_bench.degrade.dsp.amplitude import active_rms
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural import donors
from degrade_bench.degrade.structural.foreign_bars import Substitution
from degrade_bench.degrade.structural.layers import layers, stem_params
from degrade_bench.errors import NotApplicableError


class StemSwap(Substitution):
    """Plays one stem from another piece for a share of the bars; the stem is drawn once for all levels."""

    name = "stem_swap"
    family = "layers"
    default_ladder = Ladder((12.0, 25.0, 50.0, 75.0, 100.0), "% of bars")
    source = "stem mispairing of COCOLA and APA, graded; placebo of equal joins"
    summary = "lets one part play from another piece: from one wrong bar to a player with the wrong sheet"
    needs = frozenset({"downbeats", "stems"})
    picture = "pitch"

    def chosen_layer(self, clip: Clip, rng: np.random.Generator) -> tuple[dict[str, Any], donors.Donor]:
        """A stem that a built-in clip has too, and that clip's, brought to its level."""
        names = sorted(audible_stems(clip))
        if len(names) < 2:
            raise NotApplicableError(f"needs two audible stems; audible are: {', '.join(names) or 'none'}")
        for k in rng.permutation(len(names)):
            name = names[k]
            try:
                donor = donors.drawn_donor(clip, rng, name)
            except NotApplicableError:
                continue
            params = stem_params(clip, [name])
            stem = clip.with_samples(layers(clip, params)[0])
            gain = active_rms(stem) / active_rms(
                donors.conformed(donor.source.id, name, clip.sample_rate, clip.channels)
            )
            return params | {"donor": donors.donor_params(donor, name, gain)}, donor
        raise NotApplicableError(f"no other built-in clip of a near tempo has one of the stems {', '.join(names)}")

    def annotations_after(self, annotations: Annotations, params: Mapping[str, Any]) -> Annotations:
        """A part with notes brings another key and other chords; drums do not. The other parts carry the rest."""
        return annotations.without("key", "chords") if is_pitched(params["donor"]["stem"]) else annotations

    def layer(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The stem whose bars are replaced."""
        return layers(clip, params)[0]

    def put_back(self, clip: Clip, params: Mapping[str, Any], changed: torch.Tensor) -> torch.Tensor:
        """The sum of the other stems and the changed one."""
        return layers(clip, params)[1] + changed

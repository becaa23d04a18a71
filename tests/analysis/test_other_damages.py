"""What other damages are in a run does not change a verdict, the correction for their number aside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.judge import judged
from tests.analysis.made import FEW, generator, made

LARGEST = 6
NAMES = tuple(f"damage{index}" for index in range(LARGEST))


def run_of(names: tuple[str, ...], seed: int):
    """The same scores for every subset: damages that cost from nothing to several margins, with placebos."""
    rng = generator(seed)
    clips = 20
    own = 0.2 * rng.standard_normal((clips, 1))
    clean = 3 + 0.5 * rng.standard_normal((clips, 1)) + own
    costs = np.append(rng.uniform(-1, 3, LARGEST - 2), [0.0, 1.0])
    damages, placebos = {}, {}
    for name, cost in zip(NAMES, costs, strict=True):
        damages[name] = own - 0.2 * rng.standard_normal((clips, 5)) + cost * np.arange(1, 6) / 5
        placebos[name] = own - 0.2 * rng.standard_normal((clips, 5)) + rng.uniform(0, 0.5)
    controls = {f"control{index}": own - 0.2 * rng.standard_normal((clips, 1)) for index in range(4)}
    return made(
        clean[:, 0],
        {name: damages[name] for name in names},
        controls,
        {name: placebos[name] for name in names},
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.sets(st.sampled_from(NAMES), min_size=1))
def test_margin_and_uncorrected_tests_are_those_of_the_damage_alone(seed, chosen):
    names = tuple(sorted(chosen))
    options = AnalysisOptions(resamples=FEW, positive_control=False)
    together = judged(run_of(NAMES, seed), options)
    some = judged(run_of(names, seed), options)
    assert some.floor.margin == together.floor.margin
    assert some.floor.effect == together.floor.effect
    whole = together.effects.set_index(["degradation", "level"])
    part = some.effects.set_index(["degradation", "level"])
    columns = [name for name in part.columns if name.startswith("p_")]
    np.testing.assert_allclose(part[columns], whole.loc[part.index, columns], rtol=1e-9)
    for name in names:
        assert some.claims[name].p_alike == pytest.approx(together.claims[name].p_alike, rel=1e-9)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.sets(st.sampled_from(NAMES), min_size=1))
def test_fewer_damages_make_no_verdict_less_definite(seed, chosen):
    """With fewer damages the correction is milder: what was concluded stays, what was not may be."""
    names = tuple(sorted(chosen))
    options = AnalysisOptions(resamples=FEW, positive_control=False)
    together, some = judged(run_of(NAMES, seed), options), judged(run_of(names, seed), options)
    for name in names:
        before, after = together.rulings[name].verdict, some.rulings[name].verdict
        assert after == before or before == "inconclusive" or (before, after) == ("blind", "faint")

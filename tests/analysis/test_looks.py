"""Looking more than once: what each look may use up of α, and that no more of it is used than there is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.judge import judged
from degrade_bench.analysis.looks import (
    LOOKS,
    ONCE,
    EarlierLook,
    Looks,
    over_looks,
    planned_recordings,
    spent,
    told,
)
from tests.analysis.made import made

OPTIONS = AnalysisOptions(resamples=200, positive_control=False)
THIRDS = (1 / 3, 2 / 3, 1.0)


def of(*sizes: int) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(f"clip{place}" for place in range(size)) for size in sizes)


def test_what_is_used_up_is_what_lan_and_demets_say():
    """Two-sided 5 %, five looks (Lan and DeMets 1983): the spending function at 1/5 to 1, to four places."""
    used = [
        2 * (1 - scipy.stats.norm.cdf(scipy.stats.norm.ppf(0.975) / math.sqrt(share / 5))) for share in range(1, 6)
    ]
    assert [spent(share / 5, 0.05) for share in range(1, 6)] == pytest.approx(used)
    assert used == pytest.approx([0.0000117, 0.00194, 0.0114, 0.0284, 0.05], rel=0.02)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("shares", [(1.0,), THIRDS, (0.2, 0.25, 0.9, 1.0)])
def test_the_looks_share_the_level_and_the_last_has_most(shares, alpha):
    weights = Looks(shares).weights(alpha)
    assert sum(weights) == pytest.approx(1)
    assert all(weight > 0 for weight in weights)
    assert Looks(shares, of(*range(1, len(shares) + 1))).share(alpha) == weights[-1]
    assert ONCE.share(alpha) == 1


def test_looks_at_a_random_walk_err_as_rarely_as_stated_and_unplanned_ones_do_not():
    rng = np.random.Generator(np.random.Philox(key=1))
    looks, runs = 9, 20_000
    walks = np.cumsum(rng.standard_normal((runs, looks)), axis=1) / np.sqrt(np.arange(1, looks + 1))
    p = scipy.stats.norm.sf(walks)
    weights = np.array(Looks(tuple((number + 1) / looks for number in range(looks))).weights(0.05))
    planned, naive = ((values < 0.05).any(axis=1).mean() for values in (p / weights, p))
    assert 0.02 < planned < 0.03  # the levels sum to 5 %, and the looks hang together
    assert naive > 0.12


@pytest.mark.parametrize(
    ("most", "looks", "expected"),
    [(60, 3, (20, 40, 60)), (24, 3, (14, 19, 24)), (10, 3, (10,)), (1, 5, (1,)), (14, 2, (14,)), (100, 1, (100,))],
)
def test_looks_are_evenly_spread_and_the_first_can_conclude(most, looks, expected):
    assert planned_recordings(most, looks) == expected


def test_what_a_look_has_shown_stays_shown():
    last = {"a": Claims(p_sensitive=0.9, p_alike=0.5, p_alike_family=0.6, first_level=None, passed_over="level 5")}
    before = Claims(p_sensitive=0.01, p_alike=0.001, p_alike_family=0.002, first_level=4)
    (claims,) = over_looks(last, [EarlierLook({"a": before}, {"a": 20})], OPTIONS).values()
    assert (claims.p_sensitive, claims.p_alike, claims.p_alike_family) == (0.01, 0.001, 0.002)
    assert (claims.first_level, claims.passed_over) == (4, "level 5")
    (few,) = over_looks(last, [EarlierLook({"a": before}, {"a": 13})], OPTIONS).values()
    assert (few.p_sensitive, few.p_alike, few.p_alike_family) == (0.01, 0.5, 0.6)
    assert math.isnan(claims.p_inverted)


def test_a_claim_of_several_looks_is_its_best_over_its_share():
    rng = np.random.Generator(np.random.Philox(key=2))
    noise = 0.3 * rng.standard_normal((60, 2, 5))
    drops = made(
        3 + rng.standard_normal(60),
        {"heard": 0.9 + noise[:, 0], "deaf": noise[:, 1]},
        {"control": 0.3 * rng.standard_normal(60)},
    )
    clips = tuple(frozenset(drops.clips[drops.track < count]) for count in (20, 40, 60))
    looks = Looks(THIRDS, clips)
    alone = [judged(drops.of_clips(drops.track < count), OPTIONS).claims for count in (20, 40, 60)]
    together = judged(drops, OPTIONS, looks=looks).claims
    weights = looks.weights(OPTIONS.alpha)
    for name in ("heard", "deaf"):
        for claim in ("p_sensitive", "p_alike", "p_real"):
            values = [getattr(claims[name], claim) / weight for claims, weight in zip(alone, weights, strict=True)]
            assert getattr(together[name], claim) == pytest.approx(min(1, *values))
    first = judged(drops.of_clips(drops.track < 20), OPTIONS, looks=replace(looks, clips=clips[:1])).claims
    assert first["heard"].p_sensitive == pytest.approx(min(1, alone[0]["heard"].p_sensitive / weights[0]))
    assert judged(drops, OPTIONS, looks=Looks((1.0,), clips[2:])).claims == judged(drops, OPTIONS).claims


def test_a_look_at_too_few_recordings_has_shown_nothing():
    rng = np.random.Generator(np.random.Philox(key=3))
    drops = made(rng.standard_normal(20), {"heard": 5 + rng.standard_normal((20, 5))}, {"control": np.zeros(20)})
    for clips in (frozenset(), frozenset({"unknown"}), frozenset(drops.clips[:5])):
        claims = judged(drops, OPTIONS, looks=Looks((0.5, 1.0), (clips, frozenset(drops.clips)))).claims["heard"]
        alone = judged(drops, OPTIONS).claims["heard"]
        weight = Looks((0.5, 1.0)).weights(OPTIONS.alpha)[1]
        assert claims.p_real == pytest.approx(min(1, alone.p_real / weight))


def test_a_look_at_next_to_nothing_has_next_to_no_level():
    looks = Looks((1e-9, 1.0), of(1, 2))
    assert 0 < looks.share(0.05, 0) < 1e-300
    assert looks.share(0.05) == 1


def test_what_has_to_stand_beside_a_verdict():
    assert ONCE.words(OPTIONS) == Looks((1.0,), of(20)).words(OPTIONS) == ""
    assert Looks(THIRDS, of(20, 40)).words(OPTIONS) == "look 2 of 3 planned"
    assert "rules 1 correct nothing" in Looks(THIRDS, of(20)).words(replace(OPTIONS, rules=1))
    assert "without a plan, at 8 and 16 clips" in Looks(unplanned=(8, 16)).words(OPTIONS)


def test_the_looks_are_told():
    frame = LOOKS.rows(Looks(THIRDS, of(20, 40)).rows(OPTIONS, 40))
    assert frame["taken"].tolist() == [True, True, False]
    assert frame["clips"].tolist() == [20, 40, 0]
    assert frame["alpha"].sum() == pytest.approx(OPTIONS.alpha)
    assert told(frame) == [
        "The scores were looked at 2 of 3 planned times: at 20 clips (α = 0.00069) and 40 clips (α = 0.016)."
    ]
    (text,) = told(LOOKS.rows(Looks(unplanned=(8,)).rows(OPTIONS, 16)))
    assert "at 8 clips: they err more often" in text
    assert told(LOOKS.rows(ONCE.rows(OPTIONS, 16))) == []
